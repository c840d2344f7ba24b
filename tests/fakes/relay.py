"""A relay in memory: tasks that a test sets, submits that it counts, failures that it plans."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from bot.errors import ActionUnsupported, RelayError, RelayUnreachable, SubmitOutcomeUnknown, TaskUnknown
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status, Task
from bot.relay.billing_log import BillingPage, BillingRow
from bot.relay.requests import PressButton, SubmitModal, SubmitRequest
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class Request:
    """One request as it came: `at` in virtual seconds, `what` was asked, and for which ids."""

    at: float
    what: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Sent:
    """One submit as it came: its kind, what identifies it, and the `state` that it carried."""

    kind: str
    words: tuple[str, ...]
    state: str


ACCEPTED = SubmitResponse(code=1, description="Submit success", result="9001")


@dataclass
class FakeRelay:
    """The relay as the poller, presses, commands and cancelling know it.

    `failure` fails every read, `broken` the fetch of an id; `seconds` is how long one takes, for some ids `slow`;
    `hidden` ids are missing in lists; a list of an id in `spoiled` cannot be read.
    `outcomes` says, submit by submit, what is answered; a lost answer still counts as accepted.
    """

    clock: FakeClock
    tasks: dict[str, Task] = field(default_factory=dict)
    failure: BaseException | None = None
    has_lists: bool = True
    seconds: float = 0.0
    slow: dict[str, float] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    spoiled: set[str] = field(default_factory=set)
    broken: dict[str, BaseException] = field(default_factory=dict)
    outcomes: list[SubmitResponse | RelayError] = field(default_factory=list)
    submit_seconds: float = 0.0
    requests: list[Request] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    orders: list[SubmitRequest] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    cancels: bool = True
    has_tasks: bool = False
    billed: list[BillingRow] | RelayError = field(
        default_factory=lambda: ActionUnsupported("no such path", lasting=True)
    )
    seed: str | RelayError = "636646138"
    on_modal: Callable[[], object] = lambda: None
    accepted: list[Sent] = field(default_factory=list)
    """The submits that were accepted, told or not: what the operator pays."""

    def set(self, task: Task) -> None:
        """Let the relay know a task, or tell it anew."""
        self.tasks[task.id] = task

    def asked(self, what: str = "") -> list[float]:
        """Return when it was asked."""
        return [request.at for request in self.requests if not what or request.what == what]

    async def fetch_task(self, task_id: str) -> Task:
        """Fetch one task."""
        await self._read("fetch", [task_id])
        if task_id not in self.tasks:
            raise TaskUnknown("task_no_found", task_id=task_id)
        return self.tasks[task_id]

    async def fetch_tasks(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Fetch many tasks."""
        await self._read("list", task_ids)
        if not self.has_lists:
            raise ActionUnsupported("no such path", lasting=True)
        if self.spoiled & set(task_ids):
            raise RelayUnreachable("half an answer", spoiled=True)
        known = set(task_ids) & self.tasks.keys() - self.hidden
        return {task_id: self.tasks[task_id] for task_id in known}

    async def cancel_task(self, task_id: str) -> None:
        """Give a task up, where `cancels` says that this relay can."""
        await self._read("cancel", [task_id])
        if not self.cancels:
            raise ActionUnsupported("a page", lasting=True)
        self.set((await self.fetch_task(task_id)).model_copy(update={"status": Status.CANCEL}))

    async def fetch_billing_log(self) -> BillingPage:
        """Tell what was billed, where `billed` says that this relay has a log; a whole one, sent newest first."""
        await self._read("log", [])
        if isinstance(self.billed, RelayError):
            raise self.billed
        rows = sorted(self.billed, key=lambda row: row.billed_at, reverse=True)
        return BillingPage(rows=tuple(rows), sent_rows=len(rows), is_newest_first=True)

    async def find_task_by_state(self, state: str) -> Task | None:
        """Find a task by its state, where `has_tasks` says that this relay lists all of them."""
        await self._read("tasks", [])
        if not self.has_tasks:
            raise ActionUnsupported("no such path", lasting=True)
        return next((task for task in self.tasks.values() if task.state == state), None)

    async def fetch_seed(self, task_id: str) -> str:
        """Return `seed`, or raise it."""
        await self._read("seed", [task_id])
        if isinstance(self.seed, RelayError):
            raise self.seed
        return self.seed

    async def submit(self, request: SubmitRequest, *, state: str, speed: Speed | None = None) -> SubmitResponse:
        """Take a submit: its words are its fields, a picture being told by its length, and its speed."""
        further = (speed,) if speed else ()
        match request:
            case PressButton(task_id=task_id, custom_id=custom_id, remix=remix):
                words = (task_id, custom_id, *(["remix"] if remix else []))
                return await self._submit(Sent("action", (*words, *further), state))
            case SubmitModal(task_id=task_id, prompt=prompt, mask=mask):
                self.on_modal()
                words = (task_id, prompt, *([mask.decode()] if mask else []))
                return await self._submit(Sent("modal", (*words, *further), state))
        self.orders.append(request)
        words = tuple(str(len(value)) if isinstance(value, bytes) else str(value) for value in request.body.values())
        return await self._submit(Sent(request.path.rpartition("/")[2], (*words, *further), state))

    async def _read(self, what: str, ids: Collection[str]) -> None:
        self.requests.append(Request(self.clock.time, what, tuple(ids)))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.clock.sleep(max([self.seconds, *(self.slow.get(one, 0.0) for one in ids)]))
        finally:
            self.under_way -= 1
        broken = [self.broken[one] for one in ids if one in self.broken and what == "fetch"]
        if failure := self.failure or next(iter(broken), None):
            raise failure

    async def _submit(self, sent: Sent) -> SubmitResponse:
        self.sent.append(sent)
        outcome = self.outcomes.pop(0) if self.outcomes else ACCEPTED
        if isinstance(outcome, SubmitResponse | SubmitOutcomeUnknown):
            self.accepted.append(sent)
        await self.clock.sleep(self.submit_seconds)
        if isinstance(outcome, RelayError):
            raise outcome
        return outcome
