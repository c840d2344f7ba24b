"""One life of the service layer on fakes of its ports: what survives it is the store, the relay and Discord."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.admission import Admission
from bot.jobs import Jobs, Times
from bot.presses import Presses
from bot.schedule import Schedule
from bot.supervisor import Supervisor
from bot.watcher import Watcher
from tests.fakes.clock import FakeClock
from tests.fakes.display import FakeDisplay
from tests.fakes.pictures import FakePictures
from tests.fakes.relay import FakeRelay
from tests.fakes.steps import Steps
from tests.fakes.store import FakeStore

TIMES = Times(watch=timedelta(minutes=70), notify_after=timedelta(seconds=30))


@dataclass
class Process:
    """The services of one process."""

    jobs: Jobs
    presses: Presses
    supervisor: Supervisor
    watcher: Watcher


@dataclass
class World:
    """What outlives a process."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeStore = field(default_factory=FakeStore)
    display: FakeDisplay = field(default_factory=FakeDisplay)
    times: Times = TIMES
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
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
    async def process(self, steps: Steps | None = None) -> AsyncGenerator[Process]:
        """Run a process from its start to its end, as the composition root does."""
        steps = steps or Steps()
        store = steps.through(self.store)
        relay, display = steps.through(self.relay, failing=False), steps.through(self.display, failing=False)
        supervisor = Supervisor(last_seconds=0)
        watcher = Watcher(relay, Schedule(5.0, chance=lambda: 0.5), self.clock.clock)
        jobs = Jobs(store, watcher, display, self.pictures, supervisor, times=self.times, clock=self.clock.clock)
        presses = Presses(relay, store, jobs, self.admission, supervisor, clock=self.clock.clock)
        async with supervisor.serve():
            supervisor.start("watcher", watcher.run)
            await jobs.resume()
            yield Process(jobs, presses, supervisor, watcher)
