"""The right to spend once: who presses is admitted, and the claim written, before anything is sent."""

from dataclasses import dataclass, replace

from bot.clock import Now
from bot.entities import CLAIM_BLOCKING_TIME, DUPLICATE_PRESS_WINDOW, Claim, ClaimState, Person, Place, Usage
from bot.errors import AlreadyClaimed, AlreadyPressed, AnswerLost, MjbotError, ModalNotSent
from bot.policy.rules import Spender, SpendingPolicy
from bot.ports import Store

MAX_SUBMITS_PER_INTERACTION = 4
"""How many submits one interaction, or one message, has ids of claims for."""

_LINE_BIT = 62


@dataclass(frozen=True, kw_only=True)
class Press:
    """One click of one of the API's buttons, or its form: by whom, on which message, of which task.

    `interaction_id` makes it unique; `parent` is where the pressed message is.
    """

    interaction_id: int
    person: Person
    asker: Spender
    place: Place
    task_id: str
    button_key: str


class _Admitted(Exception):
    """One more submit may be sent: it ends a transaction in which nothing is to be written."""


class ClaimWriter:
    """Asks the operator's rules, and writes claims."""

    def __init__(self, store: Store, admission: SpendingPolicy, *, now: Now) -> None:
        self._store = store
        self._admission = admission
        self._now = now

    async def check_permission(self, press: Press) -> None:
        """Ask who may spend; whose message it is the store knows first, Discord where the store has lost it."""
        job = await self._store.find_job(press.place.message_id)
        asker = replace(press.asker, requester_id=job.requester.id) if job else press.asker
        self._admission.check_permission(asker)

    async def write_claim(self, press: Press, button: str, *, line: int = 0) -> Claim:
        """Write the claim, unless the same press, by whomever, is on its way to the relay at this moment.

        `line` counts further submits of one click, for which no cooldown is asked in between.
        """
        claim = Claim(
            id=derive_claim_id(press.interaction_id, line),
            person_id=press.person.id,
            guild_id=press.asker.guild_id,
            message_id=press.place.message_id,
            task_id=press.task_id,
            button=button,
            made_at=self._now(),
        )
        try:
            await self._store.create_claim(claim, self._judge_more if line else self._admission.check_limits)
        except AlreadyClaimed as rival:
            if lost := await find_lost_answer(self._store, rival, press.person.id, press.place):
                raise lost from None
            if rival.person_id == press.person.id:
                raise
            job = await self._store.find_job_of_claim(rival.claim_id)
            seen = job is not None and job.place.is_visible_from(press.place.guild_id, press.place.channel_id)
            raise AlreadyPressed(job.place.link if job and seen else "", finished=False) from None
        return claim

    async def check_modal_limits(self, claim: Claim) -> None:
        """Judge the second submit of a press: a form that was typed before, whose window the relay has billed.

        The claim counts both already, so that whatever is claimed meanwhile counts them too. It is judged where claims
        are, one at a time, and nothing is written.

        Raises:
            FormUnsent: The form may not be sent.
        """
        further = replace(claim, id=0, task_id="", button=f"{claim.button}:form")

        def judge(usage: Usage) -> None:
            before = replace(
                usage,
                person_submits_today=usage.person_submits_today - 1,
                all_submits_today=usage.all_submits_today - 1,
            )
            self._judge_more(before)
            raise _Admitted

        try:
            await self._store.create_claim(further, judge)
        except _Admitted:
            return
        except MjbotError as refused:
            raise ModalNotSent(refused) from refused

    def _judge_more(self, usage: Usage) -> None:
        self._admission.check_limits(replace(usage, last_claim_at=None))


async def find_lost_answer(
    store: Store, rival: AlreadyClaimed, person_id: int, here: Place | None = None
) -> AnswerLost | None:
    """Return what to tell `person_id` where the claim in the way has lost its answer; None where it has not.

    `here` is where they are: another person's message is linked only where it is seen from there.
    """
    claim = await store.find_claim(rival.claim_id)
    if claim is None or claim.state is not ClaimState.UNKNOWN:
        return None
    job, own = await store.find_job_of_claim(claim.id), claim.person_id == person_id
    seen = job is not None and not job.place.ephemeral
    if job is not None and not own:
        seen = here is not None and job.place.is_visible_from(here.guild_id, here.channel_id)
    # A command stands only in the way of its twin; a button is free again once no submit of it can be on its way.
    again_at = claim.made_at + (CLAIM_BLOCKING_TIME if claim.task_id else DUPLICATE_PRESS_WINDOW)
    return AnswerLost(job.place.link if job and seen else "", again_at, own=own)


def derive_claim_id(interaction_id: int, line: int) -> int:
    """Return the id of the claim for one of up to four submits of one interaction; the first has the interaction's.

    The others differ in the two highest of 64 bits, which Discord's own ids leave empty until 2049.
    """
    wide = (interaction_id + (line << _LINE_BIT)) % (1 << 64)
    return wide - (1 << 64) if wide >> 63 else wide
