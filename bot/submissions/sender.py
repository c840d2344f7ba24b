"""Send one claimed request and return how that ended; write that end into the claim.

Presses and commands share this road: a claim is written, its request is sent at most once, and the claim is settled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job, SentCost
from bot.errors import (
    ClaimLost,
    MjbotError,
    ParentBusy,
    PolicyRefused,
    QueueFull,
    RelayError,
    RelayUnreachable,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
)
from bot.metrics import PRESSES, count_spent
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.policy.costs import correct_cost
from bot.policy.prices import PriceList
from bot.ports import ChannelLog, InteractionFollowups, Relay, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.relay.requests import SubmitModal, SubmitRequest, find_action
from bot.retry import retry_until_store_answers
from bot.scene import JobEnding
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION, derive_claim_id
from bot.submissions.limit_warnings import LimitWarnings
from bot.submissions.queue_retry import QueueRetry
from bot.submissions.speed_modes import SpeedModes, get_path_speed
from bot.timeouts import raise_if_canceled
from bot.tracking.task_supervisor import TaskSupervisor, Work, WorkKey
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Accepted:
    """The relay accepted the request; `action` is the API's, empty where the pressed button says it."""

    response: SubmitResponse
    action: str = ""


@dataclass(frozen=True)
class NeedsModal:
    """The relay accepted a press and draws nothing before it gets the modal, which goes out at the same `speed`."""

    response: SubmitResponse
    speed: Speed | None = None
    action: str = ""


@dataclass(frozen=True)
class Refused:
    """Nothing was accepted, and nothing is billed."""

    error: MjbotError


@dataclass(frozen=True)
class Unknown:
    """The answer was lost: the relay may have accepted the request and billed it."""

    error: SubmitOutcomeUnknown


@dataclass(frozen=True)
class ShownInstead:
    """No request needs to be sent, because the bot can show for free what the button leads to."""


SendResult = Accepted | NeedsModal | Refused | Unknown


class Sender:
    """Sends requests whose claims are written, and settles the claims. Ports: `relay`, `store`, `channel_log`."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        lost_answers: LostAnswerSearch,
        supervisor: TaskSupervisor,
        channel_log: ChannelLog,
        prices: PriceList,
        *,
        clock: Clock,
    ) -> None:
        self._prices = prices
        self._store = store
        self.channel_log = channel_log
        self.limit_warnings = LimitWarnings(supervisor)
        self._jobs = jobs
        self._lost_answers = lost_answers
        self._supervisor = supervisor
        self._clock = clock
        self._speed_modes = SpeedModes(relay, store, clock.now)

    async def send(
        self,
        request: SubmitRequest,
        claim: Claim,
        job: Job,
        *,
        waiting_task: Task,
        prompt: str,
        check_rules: Callable[[], Awaitable[None]],
    ) -> SendResult:
        """Send a request; send it again only after the relay answered that its queue is full or the parent is busy.

        It goes out at the speed that its claim was judged by, unless `prompt` names one. The job's message shows
        `waiting_task` meanwhile. After each wait `check_rules` raises PolicyRefused if a rule that was set since then
        forbids the request. A process that stops while no request is on its way gives it up.
        """
        retry = QueueRetry(claim, job, waiting_task, jobs=self._jobs, supervisor=self._supervisor, clock=self._clock)
        speed = get_path_speed(claim.cost.speed, prompt)
        try:
            with raise_if_canceled(ClaimLost()):
                await self._store.verify_claim(claim.id)
            while True:
                try:
                    response = await self._speed_modes.submit(request, state=claim.tag, speed=speed, prompt=prompt)
                except (QueueFull, ParentBusy) as error:
                    with raise_if_canceled(error):
                        await retry.wait(error)
                        await check_rules()
                        await self._store.verify_claim(claim.id)
                else:
                    action = find_action(request)
                    return NeedsModal(response, speed, action) if response.needs_modal else Accepted(response, action)
        except SubmitOutcomeUnknown as error:
            return Unknown(error)
        except (RelayError, ClaimLost, PolicyRefused, StoreUnavailable) as error:
            return Refused(error)

    async def send_modal(self, request: SubmitModal, claim: Claim, *, press: NeedsModal | None = None) -> SendResult:
        """Send a modal, without waiting for a full queue.

        `press` is the result of the press that opened the modal, where both belong to one claim: that claim is settled
        already, and the modal goes out at the speed of the press.
        """
        try:
            if press is None:
                with raise_if_canceled(RelayUnreachable("stopped before it was sent")):
                    await self._store.verify_claim(claim.id)
            speed = press.speed if press else get_path_speed(claim.cost.speed, request.prompt)
            return Accepted(
                await self._speed_modes.submit(request, state=claim.tag, speed=speed, prompt=request.prompt)
            )
        except SubmitOutcomeUnknown as error:
            return Unknown(error)
        except (RelayError, ClaimLost, StoreUnavailable) as error:
            return Refused(error)

    def start(self, claim: Claim, work: Work) -> None:
        """Run the work that submits a claim; a process that stops gives it time to end."""
        self._supervisor.start(WorkKey("submit", claim.id), lambda: self._run(claim, work), critical=True)

    async def _run(self, claim: Claim, work: Work) -> None:
        try:
            await work()
        except Exception:
            log.exception("The submit of claim %d ended by a programming error.", claim.id)
            await retry_until_store_answers(
                lambda: self._end_abandoned_claims(claim), sleep=self._clock.sleep, subject=f"Claim {claim.id}"
            )

    async def _end_abandoned_claims(self, first: Claim) -> None:
        """Mark the claims of a press as unknown that no work submits any more, and search for their tasks."""
        for line in range(MAX_SUBMITS_PER_INTERACTION):
            claim = await self._store.find_claim(derive_claim_id(first.id, line))
            if claim is None or claim.state is not ClaimState.SUBMITTING:
                continue
            await self._store.settle_claim(claim.id, ClaimState.UNKNOWN)
            job = await self._store.find_job_of_claim(claim.id)
            if job is not None and not job.task_id:
                self._lost_answers.search_task(claim, job)

    @contextmanager
    def release_on_error(self, claim: Claim) -> Generator[None]:
        """Release a claim, unbilled, if the block raises: it prepares the submit and nothing was sent."""
        try:
            yield
        except BaseException:
            self.release(claim)
            raise

    def release(self, claim: Claim) -> None:
        """Settle a claim as refused, in the background, because the store may be away at the moment."""
        self._supervisor.start(
            WorkKey("settle", claim.id), lambda: self.write_state(claim, ClaimState.REFUSED), critical=True
        )

    def withdraw(self, claim_id: int) -> None:
        """Release a claim, in the background, that may have been written although the store gave an error."""
        self._supervisor.start(WorkKey("settle", claim_id), lambda: self._withdraw(claim_id), critical=True)

    async def _withdraw(self, claim_id: int) -> None:
        await retry_until_store_answers(
            lambda: self._store.withdraw_claim(claim_id), sleep=self._clock.sleep, subject=f"Claim {claim_id}"
        )

    def discard_job(self, message_id: int) -> None:
        """Delete the row of a message that was not sent, in the background; it may not have been written."""
        self._supervisor.start(
            WorkKey("discard", message_id),
            lambda: retry_until_store_answers(
                lambda: self._store.delete_job(message_id), sleep=self._clock.sleep, subject=f"Job {message_id}"
            ),
            critical=True,
        )

    async def settle(
        self,
        claim: Claim,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        """Count how a submit ended, and write it; `submits` is how many requests the relay bills, where known."""
        PRESSES.labels(state).inc()
        if state in {ClaimState.ACCEPTED, ClaimState.UNKNOWN}:
            cost = sent.cost if sent else claim.cost
            count_spent(cost.expected, cost.currency, confirmed=False)
        await self.write_state(claim, state, child_id, submits=submits, sent=sent)

    async def settle_accepted(self, claim: Claim, accepted: Accepted | NeedsModal, *, forms: int = 0) -> None:
        """Count and write that the relay accepted a claim's request, and what it bills with so many forms after it."""
        sent, submits = self._describe_accepted(claim, accepted, forms)
        await self.settle(claim, ClaimState.ACCEPTED, accepted.response.result, submits=submits, sent=sent)

    async def write_accepted(
        self, claim: Claim, accepted: Accepted | NeedsModal, *, forms: int = 0, form_id: str = ""
    ) -> None:
        """Write what the relay bills for an accepted request, and what it calls it and its form."""
        sent, submits = self._describe_accepted(claim, accepted, forms)
        sent = replace(sent, request_id=f"{sent.request_id} {form_id}".strip())
        await self.write_state(claim, ClaimState.ACCEPTED, accepted.response.result, submits=submits, sent=sent)

    def _describe_accepted(self, claim: Claim, accepted: Accepted | NeedsModal, forms: int) -> tuple[SentCost, int]:
        """Return what the relay bills for an accepted request with so many forms, and for how many submits."""
        response, tasks = accepted.response, accepted.response.billed_tasks
        cost = correct_cost(
            self._prices, claim.cost, action=accepted.action, speed=response.speed, tasks=tasks, forms=forms
        )
        return SentCost(cost=cost, request_id=response.request_id), tasks + forms

    def describe_sent(self, claim: Claim, *, request_id: str, speed: str | None) -> SentCost:
        """Describe what was sent for a claim whose action is the one that it was written for."""
        cost = correct_cost(self._prices, claim.cost, speed=speed, tasks=claim.submits or 1)
        return SentCost(cost=cost, request_id=request_id)

    async def write_state(
        self,
        claim: Claim,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        """Write how a submit ended, however long the store is away: the submit may have been paid."""
        await retry_until_store_answers(
            lambda: self._store.settle_claim(claim.id, state, child_id, submits=submits, sent=sent),
            sleep=self._clock.sleep,
            subject=f"Claim {claim.id} ({state})",
        )

    async def mark_unknown(self, claim: Claim, job: Job, error: SubmitOutcomeUnknown) -> None:
        """Mark the claim as unknown, because the relay's answer was lost, and search for its task."""
        log.warning("Claim %d: the answer to its submit was lost (%s); it is not sent again.", claim.id, error.reason)
        # A submit that is known to be billed must never be given back, whichever process searches for its task.
        billed = (claim.submits or 1) if error.accepted else None
        sent = self.describe_sent(claim, request_id=error.request_id, speed=error.speed)
        await self.settle(claim, ClaimState.UNKNOWN, submits=billed, sent=sent)
        self.channel_log.announce_request(claim, job, "", is_answer_lost=not error.accepted)
        self._lost_answers.search_task(
            claim,
            job,
            answered=error.answered,
            named_task=error.named_task,
            is_billed=error.accepted,
            ending=_choose_ending(error),
        )

    def handle_lost_modal(self, claim: Claim, job: Job, error: SubmitOutcomeUnknown) -> ClaimState:
        """Return the state of a claim whose modal was not answered, and search for what became of the modal."""
        log.warning("Claim %d: the answer to its modal was lost (%s); it is not sent again.", claim.id, error.reason)
        if error.accepted:
            return ClaimState.ACCEPTED
        # The child exists and is watched: it will show how it went, unless the modal never arrived.
        self._lost_answers.search_form(claim, job, answered=error.answered)
        return ClaimState.UNKNOWN

    @asynccontextmanager
    async def retract(
        self, claim: Claim, job: Job, followups: InteractionFollowups, refused: MjbotError | None = None
    ) -> AsyncGenerator[None]:
        """Release the claim, delete the child's message, let the block tell the person why, and close the job.

        `refused` is the relay's refusal, if there is one.

        The person does not wait for the claim, because a store that is away may take long; but it is written at once,
        so that a process that takes the job over knows of the refusal. A message that is not known to be deleted ends
        instead, and its job stays open until then: in this process, or in the one that takes the job over.
        """
        is_gone = False
        request_id = refused.request_id if isinstance(refused, RelayError) else ""
        sent = SentCost(cost=claim.cost, request_id=request_id) if request_id else None
        settling = asyncio.create_task(self.settle(claim, ClaimState.REFUSED, sent=sent))
        try:
            is_gone = await followups.delete_child_message(job.place)
            yield
        finally:
            await settling
            if is_gone:
                await self._jobs.close_job(job)
            else:
                self._jobs.start_ending(job, JobEnding.NOT_ACCEPTED)


def _choose_ending(error: SubmitOutcomeUnknown) -> JobEnding:
    """Return what the message of a submit says if the search for its task finds nothing."""
    if isinstance(error, SubmitRedirected):
        return JobEnding.ANSWER_NOT_FOLLOWED if error.processed else JobEnding.RELAY_UNDER_MAINTENANCE
    return JobEnding.ANSWER_LOST
