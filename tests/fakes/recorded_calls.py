"""Record the calls that change what a store's ledger says, to repeat them on another kind of store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from bot.clock import Now
from bot.entities import Job, Usage
from bot.midjourney.task import Task
from bot.store import SqlStore
from tests.fakes.crash_points import Steps
from tests.fakes.ledger import FakeLedger
from tests.fakes.store import FakeStore

_P = TypeVar("_P")
_CHANGES = frozenset(
    {
        "open_job",
        "delete_job",
        "save_snapshot",
        "create_claim",
        "withdraw_claim",
        "settle_claim",
        "mark_claim_unbilled",
        "verify_claim",
        "confirm",
        "save_outcomes",
        "repair_outcomes",
    }
)


@dataclass(frozen=True)
class RecordedCall:
    """One call that succeeded, of the store or of its ledger; `usage` is what a claim was judged by."""

    at: datetime
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    usage: Usage | None = None

    async def repeat(self, store: SqlStore) -> Usage | None:
        """Make the call on another store; return what a claim was judged by there."""
        target = store.ledger if hasattr(store.ledger, self.name) else store
        if self.name != "create_claim":
            await getattr(target, self.name)(*self.args, **self.kwargs)
            return None
        judged: list[Usage] = []
        claim, judge = self.args
        await store.create_claim(claim, _tap(judge, judged), **self.kwargs)
        return judged[0]


@dataclass
class CallRecorder:
    """What was changed, in order, by every process whose ports it records."""

    now: Now
    calls: list[RecordedCall] = field(default_factory=list[RecordedCall])
    _jobs: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])

    def add(self, call: RecordedCall) -> None:
        """Keep a call; not of a task that has not ended, nor of a message whose task and claim stay the same."""
        match call.args:
            case (Task() as task, *_) if not task.status.is_final:
                return
            case (Job() as job, *_) if call.name == "open_job":
                if self._jobs.get(job.id) == (job.task_id, job.claim_id):
                    return
                self._jobs[job.id] = (job.task_id, job.claim_id)
            case _:
                pass
        self.calls.append(call)

    def record(self, steps: Steps) -> Steps:
        """Let a process record its changes."""
        through = steps.through

        def through_recorder(port: _P, *, failing: bool = True) -> _P:
            recorded = _Recorded(self, port) if isinstance(port, FakeStore | FakeLedger) else port
            return through(cast("_P", recorded), failing=failing)

        steps.through = through_recorder  # type: ignore[method-assign]
        return steps


class _Recorded:
    def __init__(self, recorder: CallRecorder, port: object) -> None:
        self._recorder = recorder
        self._port = port

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the port
        found = getattr(self._port, name)
        if name not in _CHANGES:
            return found

        async def recorded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            judged: list[Usage] = []
            sent: Sequence[Any] = (args[0], _tap(args[1], judged)) if name == "create_claim" else args
            call: Callable[..., Awaitable[Any]] = getattr(self._port, name)
            result = await call(*sent, **kwargs)
            recorder = self._recorder
            recorder.add(RecordedCall(recorder.now(), name, args, kwargs, judged[0] if judged else None))
            return result

        return recorded


def _tap(judge: Callable[[Usage], None], judged: list[Usage]) -> Callable[[Usage], None]:
    """Return a judge that keeps what it judges by."""

    def check(usage: Usage) -> None:
        judged.append(usage)
        judge(usage)

    return check
