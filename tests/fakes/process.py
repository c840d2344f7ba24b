"""One life of the service layer on fakes of its ports: what survives it is the store, the relay and Discord."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from bot.imaging.image_processor import Studio
from bot.policy.rules import Admission
from bot.recovery.job_leases import Ownership
from bot.recovery.lost_answers import LostAnswers
from bot.relay.account_calls import AccountCalls
from bot.submissions.commands import Creations
from bot.submissions.presses import Presses
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.poll_schedule import Schedule
from bot.tracking.poller import Watcher
from bot.tracking.task_supervisor import Supervisor
from bot.tracking.tracker import Jobs, Times
from tests.fakes.clock import FakeClock
from tests.fakes.display import FakeDisplay
from tests.fakes.pictures import FakePictures
from tests.fakes.relay import FakeRelay
from tests.fakes.steps import Steps
from tests.fakes.store import FakeStore

LEASE = timedelta(seconds=15)
_numbers = count(1)
TIMES = Times(watch=timedelta(minutes=70), notify_after=timedelta(seconds=30))


@dataclass
class Process:
    """The services of one process."""

    jobs: Jobs
    presses: Presses
    creations: Creations
    supervisor: Supervisor
    watcher: Watcher
    ownership: Ownership
    store: FakeStore
    """The rows as this process sees them."""
    calls: AccountCalls
    """What the relay's log may still be asked."""


@dataclass
class World:
    """What outlives a process."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeStore = field(init=False)
    display: FakeDisplay = field(default_factory=FakeDisplay)
    times: Times = TIMES
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        self.store = FakeStore(self.clock.now)
        self.relay = FakeRelay(self.clock)
        self.pictures = FakePictures(self.clock)
        self.admission = Admission(
            guilds=(6,),
            people=(),
            owners=(),
            policy="anyone",
            cooldown=timedelta(0),
            per_person=30,
            everybody=500,
            now=self.clock.now,
        )

    def allow(self, **rules: object) -> None:
        """Change the operator's rules for the next process."""
        self.admission = replace(self.admission, **rules)  # type: ignore[arg-type]

    @asynccontextmanager
    async def process(self, steps: Steps | None = None, *, beside: bool = False) -> AsyncGenerator[Process]:
        """Run a process from its start to its end, as the composition root does; it ends as if it were killed.

        Those before it count as dead by then, unless it is to run `beside` them.
        """
        steps = steps or Steps()
        owner = f"process {next(_numbers)}"
        if beside:
            mine = self.store.seen_from(owner)
        else:
            self.store.alive_until.update(dict.fromkeys(self.store.alive_until, self.clock.now()))
            mine, self.store.owner = self.store, owner
        store, fleet = steps.through(mine), steps.through(mine.fleet)
        relay, display = steps.through(self.relay, failing=False), steps.through(self.display, failing=False)
        supervisor = Supervisor(last_seconds=0)
        watcher = Watcher(relay, Schedule(5.0, chance=lambda: 0.5), self.clock.clock)
        offers = ButtonOffers(store, self.clock.now)
        jobs = Jobs(
            store, watcher, display, self.pictures, supervisor, offers, times=self.times, clock=self.clock.clock
        )
        calls = AccountCalls(self.clock.now)
        lost_answers = LostAnswers(relay, store, jobs, supervisor, calls, clock=self.clock.clock)
        presses = Presses(
            relay, store, jobs, self.admission, lost_answers, supervisor, self.pictures, clock=self.clock.clock
        )
        studio = Studio()
        creations = Creations(
            relay, store, jobs, self.admission, studio, lost_answers, supervisor, clock=self.clock.clock
        )
        ownership = Ownership(store, fleet, jobs, lost_answers, lease=LEASE, clock=self.clock.clock)
        async with supervisor.serve():
            supervisor.start("watcher", watcher.run)
            await ownership.round()
            supervisor.start("ownership", ownership.run)
            try:
                yield Process(jobs, presses, creations, supervisor, watcher, ownership, mine, calls)
            finally:
                await studio.close()
