"""Check who may spend, and write the claim that lets a request be sent once, before anything is sent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.clock import Now
from bot.entities import (
    DUPLICATE_PRESS_WINDOW,
    FORM_BUTTON,
    REPEAT_CONFIRMATION_AGE,
    Claim,
    ClaimState,
    CostKind,
    Person,
    Place,
    Spending,
    Usage,
)
from bot.errors import (
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    ConfirmationNeeded,
    MjbotError,
    ModalExpired,
    ModalNotSent,
    PressUnrecorded,
    RepeatUnconfirmed,
    StoreUnavailable,
)
from bot.metrics import count_limit_refusals
from bot.policy.claim_judge import ClaimJudge
from bot.policy.costs import PaidRequest, estimate_cost
from bot.policy.rules import Spender, SpendingPolicy
from bot.policy.server_rules import check_rules
from bot.policy.task_privacy import Viewer
from bot.ports import Store
from bot.submissions.limit_warnings import LimitWarnings
from bot.submissions.speed_modes import choose_speed

MAX_SUBMITS_PER_INTERACTION = 4
"""How many claim ids one interaction, or one preview message, has."""

_LINE_BIT = 62


@dataclass(frozen=True, kw_only=True)
class Press:
    """One click on one of the API's buttons, or its modal: by whom, on which message, of which task.

    `interaction_id` makes it unique; `place` is the message that was pressed, `viewer` what the person may see.
    `is_confirmed`: the person knows that an earlier press of the button may have been billed. `is_price_confirmed`: the
    person has seen the price, or how many tasks it makes; `confirmed_price` is that price, None where it is not known.
    `is_marked`: the message shows the button as pressed before. `shown_at` is when Discord got the message, None where
    that is not known.
    """

    interaction_id: int
    person: Person
    spender: Spender
    viewer: Viewer
    place: Place
    task_id: str
    button_key: str
    is_confirmed: bool = False
    is_price_confirmed: bool = False
    confirmed_price: Decimal | None = None
    is_marked: bool = False
    shown_at: datetime | None = None

    def require(self, command: str) -> "Press":
        """Return the press of something for which a command must be allowed."""
        return replace(self, spender=self.spender.require(command))


class _WithinLimits(Exception):
    """The limits allow one more submit: raised to leave a transaction in which nothing is to be written."""


class ClaimWriter:
    """Checks the rules, and writes claims. Port: `store`.

    `withdraw` releases a claim in the background that may have been written although the store gave an error.
    """

    def __init__(
        self,
        store: Store,
        policy: SpendingPolicy,
        withdraw: Callable[[int], None],
        *,
        now: Now,
        warnings: LimitWarnings,
    ) -> None:
        self._warnings = warnings
        self._store = store
        self._policy = policy
        self._withdraw = withdraw
        self._now = now

    async def check_permission(self, spender: Spender) -> None:
        """Raise PolicyRefused unless this person may draw here, by the operator's rules and the server's."""
        rules = await self._store.find_rules(spender.guild_id, spender.person_id)
        self._policy.check_permission(spender, rules.grant.access)
        check_rules(rules, spender, self._now())

    async def check_press_permission(self, press: Press) -> None:
        """Raise PolicyRefused unless this person may press here; the store knows best who requested the message."""
        job = await self._store.find_job(press.place.message_id)
        await self.check_permission(replace(press.spender, requester_id=job.requester.id) if job else press.spender)

    async def check_rules_again(self, spender: Spender, prompt: str) -> None:
        """Raise PolicyRefused if a rule that was set since a request was claimed forbids it; limits count it already.

        `prompt` is the one that blocked words are looked for in.
        """
        judge = self._build_judge(spender, PaidRequest(prompt=prompt))
        judge.plan(await self._store.find_rules(spender.guild_id, spender.person_id), self._now())

    async def check_limits(self, spender: Spender, *, prompt: str = "", has_cooldown: bool = False) -> None:
        """Raise PolicyRefused unless this person may submit once more; a cooldown may end before that."""
        judge = self._build_judge(spender, PaidRequest(prompt=prompt), has_cooldown=has_cooldown)
        with count_limit_refusals():
            judge.check(await self._store.find_usage(spender.person_id, spender.guild_id, judge.plan))

    async def prepare_judge(
        self,
        spender: Spender,
        request: PaidRequest,
        *,
        chosen_speed: str | None = None,
        has_cooldown: bool = True,
        is_confirmed: bool = False,
        confirmed_price: Decimal | None = None,
    ) -> ClaimJudge:
        """Return the judge of a request at the speed at which it will be sent, with its expected cost.

        `chosen_speed` is what the person chose, None to read it from their settings; see choose_speed.
        """
        speed = await choose_speed(self._store, self._now, spender.person_id, request.prompt, chosen=chosen_speed)
        judge = self._build_judge(spender, request, speed=speed, has_cooldown=has_cooldown, is_confirmed=is_confirmed)
        return replace(judge, confirmed_price=confirmed_price)

    def _build_judge(
        self,
        spender: Spender,
        request: PaidRequest,
        *,
        speed: str = "",
        has_cooldown: bool = True,
        is_confirmed: bool = False,
    ) -> ClaimJudge:
        return ClaimJudge(
            policy=self._policy,
            spender=spender,
            cost=estimate_cost(self._policy.prices, request, spender=spender, speed=speed),
            tasks=request.tasks,
            prompt=request.prompt if request.checked_prompt is None else request.checked_prompt,
            has_cooldown=has_cooldown,
            is_confirmed=is_confirmed,
        )

    async def check_confirmation(self, judge: ClaimJudge, earlier: RepeatUnconfirmed | PressUnrecorded) -> None:
        """Ask for the price too, where a person is asked about an earlier press, so that one answer is enough.

        Raises:
            PolicyRefused: The rules or limits forbid the request.
            ConfirmationNeeded: The request must be confirmed for its price as well.
        """
        if not judge.needs_confirmation:
            return
        usage = await self._store.find_usage(judge.spender.person_id, judge.spender.guild_id, judge.plan)
        try:
            judge.check(usage)
        except ConfirmationNeeded as needed:
            needed.earlier = earlier
            raise

    async def estimate_price(self, judge: ClaimJudge) -> ConfirmationNeeded:
        """Return what a request would cost and what is left; raise PolicyRefused if it may not be made."""
        usage = await self._store.find_usage(judge.spender.person_id, judge.spender.guild_id, judge.plan)
        replace(judge, is_confirmed=True).check(usage)
        return judge.build_confirmation(usage)

    async def choose_claim_id(self, question_id: int, person_id: int, viewer: Viewer) -> int:
        """Choose the id of the claim for what the message `question_id` asked about, so that it is sent once.

        However often and in whichever process it is confirmed: the claim's id is derived from the message's. After a
        refusal, which was not billed, it may be confirmed again under the next id; a second confirmation finds the
        earlier claim and how it ended.

        Raises:
            AnswerLost: The relay's answer to the confirmed request was lost.
            AlreadyPressed: It was confirmed before.
            ModalExpired: It was refused too often.
        """
        for number in range(MAX_SUBMITS_PER_INTERACTION):
            claim_id = derive_claim_id(question_id, number)
            earlier = await self._store.find_claim(claim_id)
            if earlier is None:
                return claim_id
            if earlier.state is not ClaimState.REFUSED:
                rival = AlreadyClaimed(earlier.id, earlier.person_id)
                if lost := await find_lost_answer(self._store, rival, person_id, self._now(), viewer):
                    # This question is never sent again, though a new one may be.
                    raise AnswerLost(lost.link, own=lost.own)
                job = await self._store.find_job_of_claim(earlier.id)
                is_visible = job is not None and viewer.can_see(job.place)
                raise AlreadyPressed(job.place.link if job and is_visible else "", finished=False)
        raise ModalExpired

    async def prepare_press_judge(
        self, press: Press, request: PaidRequest, *, line: int = 0, chosen_speed: str | None = None
    ) -> ClaimJudge:
        """Return the judge of a press; see prepare_judge and write_claim."""
        return await self.prepare_judge(
            press.spender,
            request,
            chosen_speed=chosen_speed,
            has_cooldown=not line,
            is_confirmed=press.is_price_confirmed or line > 0,
            confirmed_price=None if line else press.confirmed_price,
        )

    async def write_claim(
        self,
        press: Press,
        button: str,
        request: PaidRequest,
        *,
        line: int = 0,
        chosen_speed: str | None = None,
    ) -> Claim:
        """Write the claim, unless the same press of any person is on its way to the relay, or may have been billed.

        `line` numbers the further submits of one press, between which no cooldown applies. All tasks of the request
        count against the limits until it is known how many it made. The claim's cost names the speed to send it at.

        Raises:
            PolicyRefused: The rules or limits forbid it.
            AnswerLost: The relay's answer to the same press was lost.
            RepeatUnconfirmed: It was lost a while ago: the person may confirm a further press.
            AlreadyClaimed: The same person pressed the button a moment ago.
            AlreadyPressed: Another person did.
            ConfirmationNeeded: The person has to confirm the price first.
            StoreUnavailable: The claim could not be written.
        """
        judge = await self.prepare_press_judge(press, request, line=line, chosen_speed=chosen_speed)
        claim = Claim(
            id=derive_claim_id(press.interaction_id, line),
            person_id=press.person.id,
            guild_id=press.spender.guild_id,
            message_id=press.place.message_id,
            task_id=press.task_id,
            button=button,
            made_at=self._now(),
            submits=request.tasks if request.tasks > 1 else None,
            cost=judge.cost,
        )
        try:
            await self.write(claim, judge, confirmed=press.is_confirmed)
        except AlreadyClaimed as rival:
            if lost := await find_lost_answer(self._store, rival, press.person.id, self._now(), press.viewer):
                if isinstance(lost, RepeatUnconfirmed):
                    await self.check_confirmation(judge, lost)
                raise lost from None
            if rival.person_id == press.person.id:
                raise
            job = await self._store.find_job_of_claim(rival.claim_id)
            is_visible = job is not None and press.viewer.can_see(job.place)
            raise AlreadyPressed(job.place.link if job and is_visible else "", finished=False) from None
        return claim

    async def write(self, claim: Claim, judge: ClaimJudge, *, confirmed: bool = False) -> None:
        """Write a claim into the store, and withdraw it later if the store does not tell whether it has it.

        Raises:
            PolicyRefused: The rules or limits forbid it.
            AlreadyClaimed: Another claim conflicts.
            StoreUnavailable: The claim could not be written.
        """
        read: list[Usage] = []

        def check(usage: Usage) -> None:
            judge.check(usage)
            read[:] = [usage]

        try:
            with count_limit_refusals():
                await self._store.create_claim(claim, check, confirmed=confirmed, plan=judge.plan)
        except StoreUnavailable:
            self._withdraw(claim.id)
            raise
        if read and (used_up := judge.find_used_up(read[0])):
            self._warnings.note(claim, used_up)

    async def check_modal_limits(self, claim: Claim, spender: Spender) -> None:
        """Check the limits for the second submit of a press: its modal, after the relay billed the modal's window.

        The claim counts both submits and their prices already, so that claims which are written meanwhile count them
        too. The check runs like the writing of a claim, one at a time, but writes nothing.

        Raises:
            ModalNotSent: The limits forbid the modal.
        """
        further = replace(claim, id=0, task_id="", button=f"{claim.button}:form")
        request = PaidRequest(action="MODAL", is_video=CostKind.VIDEO in claim.cost.kinds)
        judge = self._build_judge(spender, request, speed=claim.cost.speed, has_cooldown=False, is_confirmed=True)
        price = judge.cost.expected or Decimal(0)

        def check(usage: Usage) -> None:
            spending = {
                count: Spending(max(used.tasks - 1, 0), max(used.amount - price, Decimal(0)))
                for count, used in usage.spending.items()
            }
            judge.check(
                replace(
                    usage,
                    person_submits_today=usage.person_submits_today - 1,
                    all_submits_today=usage.all_submits_today - 1,
                    spending=spending,
                )
            )
            raise _WithinLimits

        try:
            with count_limit_refusals():
                await self._store.create_claim(further, check, plan=judge.plan)
        except _WithinLimits:
            return
        except MjbotError as refused:
            raise ModalNotSent(refused) from refused


async def find_lost_answer(
    store: Store, rival: AlreadyClaimed, person_id: int, now: datetime, viewer: Viewer | None = None
) -> AnswerLost | RepeatUnconfirmed | None:
    """Return the error for `person_id` if the claim in the way is unknown, as its answer was lost; None if it is not.

    Another person's message is linked only if `viewer` can see it.
    """
    claim = await store.find_claim(rival.claim_id)
    if claim is None or claim.state is not ClaimState.UNKNOWN:
        return None
    job, is_own = await store.find_job_of_claim(claim.id), store.is_person(claim.person_id, person_id)
    is_visible = job is not None and not job.place.ephemeral
    if job is not None and not is_own:
        is_visible = viewer is not None and viewer.can_see(job.place)
    link = job.place.link if job and is_visible else ""
    if claim.button == FORM_BUTTON:  # a form is never sent twice; it is open again once it is known not to be billed
        return AnswerLost(link, own=is_own)
    # A command blocks only an equal command.
    wait = REPEAT_CONFIRMATION_AGE if claim.task_id else DUPLICATE_PRESS_WINDOW
    wait -= await store.find_claim_age(claim.id)
    if claim.task_id and wait <= timedelta():
        return RepeatUnconfirmed(link, own=is_own)
    return AnswerLost(link, now + wait, own=is_own)


def derive_claim_id(interaction_id: int, line: int) -> int:
    """Return the claim id for one of up to four submits of one interaction; the first has the interaction's id.

    The others differ in the two highest of 64 bits, which Discord's ids do not use until 2049.
    """
    wide = (interaction_id + (line << _LINE_BIT)) % (1 << 64)
    return wide - (1 << 64) if wide >> 63 else wide
