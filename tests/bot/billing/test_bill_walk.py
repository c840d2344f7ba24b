"""The ledger against the relay's books, over a random walk of requests, lost answers and processes that are killed.

The relay is the sandbox's, with its own bill; time is virtual.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from bot.entities import (
    ClaimState,
    CostKind,
    LedgerFilter,
    LedgerGroup,
    LimitSetting,
    OperatorRules,
    Period,
    PersonSettings,
)
from bot.errors import MjbotError, SubmitOutcomeUnknown
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.request_options import Speed
from bot.midjourney.task import Status, Task
from bot.relay.client import RelayClient
from bot.relay.requests import RequestBody
from bot.relay.responses.account_responses import RelayMoney
from bot.relay.responses.relay_response import RelayResponse
from bot.relay.transport import RequestLimits
from bot.store import open_store
from bot.submissions.command_requests import CommandRequest, build_face_swap
from bot.submissions.presses import PENDING_MODAL_KEY
from bot.tracking.task_supervisor import WorkKey
from sandbox.relay.accounts.prices import find_price, list_models
from sandbox.relay.profiles import find_profile
from sandbox.relay.server import Relay
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.clock import FakeClock
from tests.fakes.crash_points import Steps
from tests.fakes.recorded_calls import CallRecorder
from tests.fakes.sample_entities import LIEN
from tests.fakes.sandbox_transport import SandboxTransport
from tests.fakes.submissions import command, imagine, press
from tests.migrated_database import create_migrated_file
from tests.pictures import draw_noise, encode
from tests.worlds.services import ServiceProcess, ServiceWorld

_T = TypeVar("_T")
_KEY = "sk-walk"
_UNITS = Decimal(500_000)
_FIRST_INTERACTION = 1_200_000_000_000_000_000
_MOST_KNOWN_TASKS = 12
_REQUESTS = 500
_REQUESTS_ON_SQLITE = 150
_NO_LIMITS = OperatorRules()
_HIGH_LIMITS = OperatorRules(
    person_limits=(
        LimitSetting(period=Period.DAY, amount=Decimal(1000)),
        LimitSetting(period=Period.MONTH, kind=CostKind.TURBO, tasks=1000),
    ),
    total_limits=(LimitSetting(period=Period.MONTH, amount=Decimal(1000)),),
)
"""Limits that are never reached, so that every claim counts the others."""


class LossyTransport(SandboxTransport):
    """Loses some answers to submits, and some submits; `check` runs whenever the bill may have changed."""

    def __init__(self, relay: Relay, world: ServiceWorld, random: Random, check: Callable[[], None]) -> None:
        super().__init__(relay, _KEY, world.clock.now)
        self._random = random
        self._sleep = world.clock.sleep
        self._check = check

    async def submit(self, path: str, body: RequestBody, limits: RequestLimits) -> RelayResponse:
        await self._sleep(self._random.uniform(0.1, 2.0))
        fate = self._random.random()
        if fate < 0.03:
            raise SubmitOutcomeUnknown("no answer")
        answer = await super().submit(path, body, limits)
        self._check()
        await self._sleep(self._random.uniform(0.1, 2.0))
        if fate < 0.08:
            raise SubmitOutcomeUnknown("no answer")
        return answer


@dataclass
class BillWalk:
    """The world of one walk, and what has been asked for so far."""

    random: Random
    world: ServiceWorld = field(default_factory=ServiceWorld)
    numbers: "count[int]" = field(default_factory=count)
    kinds: Counter[str] = field(default_factory=Counter[str])
    deaths: int = 0
    recorder: CallRecorder = field(init=False)

    def __post_init__(self) -> None:
        settings = replace(
            find_profile("newapi-2026"),
            key=_KEY,
            seconds_per_task=20.0,
            has_remix_on_demand=True,
            recognizes_repeats=True,
            max_running=6,
            queue_size=4,
        )
        self.relay = Relay(settings, now=lambda: self.world.clock.now().timestamp())
        self.recorder = CallRecorder(self.world.clock.now)
        self.world.random_fraction = Random(self.random.random()).random  # noqa: S311 - no secret
        self.world.allow(daily_submits_per_person=100_000, daily_submits=100_000)
        prices = self.world.spending_policy.prices
        prices.set_relay_money(RelayMoney(quota_per_unit=_UNITS, currency="USD", rates={"USD": Decimal(1)}))
        prices.set_relay_prices({name: Decimal(str(find_price(settings, name))) for name in list_models(settings)})

    @property
    def bill(self) -> Decimal:
        """What the relay has charged to the key."""
        key = self.relay.keys.find(_KEY)
        assert key is not None
        return Decimal(self.relay.keys.spent(key)) / _UNITS

    @property
    def confirmed(self) -> Decimal:
        """What rows of the relay's log confirmed."""
        return sum(self.world.store.ledger_rows.confirmed.values(), Decimal(0))

    @property
    def unconfirmed(self) -> Decimal:
        """What may have been charged beside that."""
        store = self.world.store
        open_claims = [
            claim
            for claim in store.claimed.values()
            if claim.state is not ClaimState.REFUSED and claim.id not in store.ledger_rows.confirmed
        ]
        # A button whose action is not known has no price; this relay refuses all of those.
        return sum((claim.cost.expected or Decimal(0) for claim in open_claims), Decimal(0))

    def check(self) -> None:
        """Compare the ledger with the bill."""
        assert self.confirmed <= self.bill <= self.confirmed + self.unconfirmed

    @asynccontextmanager
    async def run_process(self) -> AsyncGenerator[tuple[ServiceProcess, Steps]]:
        """Run a process that is killed at a random step, if it gets that far."""
        steps = self.recorder.record(Steps(stop_at=self.random.randint(300, 4000)))
        transport = LossyTransport(self.relay, self.world, self.random, self.check).as_transport()
        client = RelayClient(transport, now=self.world.clock.now, sleep=self.world.clock.sleep)
        self.world.relay = client  # type: ignore[assignment]
        async with AsyncExitStack() as stack:
            process = await stack.enter_async_context(self.world.process(steps))
            process.supervisor.start(WorkKey("ledger"), process.ledger_keeper.run)
            yield process, steps
        self.deaths += steps.is_dead

    async def ask(self, process: ServiceProcess) -> None:
        """Ask for one random thing."""
        number = _FIRST_INTERACTION + (int(self.world.clock.time * 1000) << 22) + next(self.numbers)
        followups = FakePressFollowups(child=1_000_000 + 10 * next(self.numbers))
        choice = self.random.choices(("imagine", "swap", "press", "remix", "form"), (4, 1, 6, 2, 2))[0]
        finished = [task for task in self.tasks() if task.status is Status.SUCCESS and task.buttons]
        try:
            if choice in {"press", "remix"} and finished:
                await self._press(process, number, finished, choice, followups)
            elif choice == "form" and (waiting := self._find_waiting()):
                pressed = press(number, task_id=waiting[1])
                clicked = replace(pressed.place, message_id=waiting[0])
                pressed = replace(pressed, place=clicked, button_key=PENDING_MODAL_KEY)
                await process.presses.answer_modal(pressed, "a ship --zoom 1.5", followups)
            else:
                choice = "swap" if choice == "swap" else "imagine"
                followups.is_command = True
                await process.commands.submit_command(command(number), self._choose_command(choice), followups)
        except MjbotError as refused:
            choice = type(refused).__name__
        self.kinds[choice] += 1

    async def _press(
        self, process: ServiceProcess, number: int, finished: list[Task], choice: str, followups: FakePressFollowups
    ) -> None:
        parent = self.random.choice(finished[-_MOST_KNOWN_TASKS:])
        buttons = [button.custom_id for button in parent.buttons if "::" in button.custom_id]
        wanted = "variation" if choice == "remix" else ""
        button = self.random.choice([one for one in buttons if wanted in one] or buttons)
        pressed = replace(press(number, task_id=parent.id), button_key=hash_custom_id(button), is_confirmed=True)
        typed = "a boat --zoom 1.8" if choice == "remix" or self.random.random() < 0.3 else None
        await process.presses.submit_press(pressed, followups, prompt=typed)

    def _choose_command(self, choice: str) -> CommandRequest:
        if choice == "swap":
            return build_face_swap(FakePictureInput(data=_PICTURE), FakePictureInput(data=_PICTURE))
        number = next(self.numbers)
        words = self.random.choices(("a lighthouse", "gore", "blood"), (8, 1, 1))[0]
        return imagine(f"{words} {number}{self.random.choice(('', ' --turbo', ' --chaos 50'))}")

    def tasks(self) -> list[Task]:
        """Return the tasks that were seen, as they were seen last."""
        return list(self.world.store.snapshots.values())

    def _find_waiting(self) -> tuple[int, str] | None:
        """Return the message and the task of a press that waits for its form."""
        store = self.world.store
        jobs = [job for job in store.jobs.values() if job.id not in store.closed and not job.form_sent]
        waiting = [
            (job.id, job.task_id)
            for job in jobs
            if (task := store.snapshots.get(job.task_id)) and task.status is Status.MODAL
        ]
        return waiting[0] if waiting else None


_PICTURE = encode(draw_noise(80, 80))


async def _run_inline(function: Callable[..., _T], *args: object, **named: object) -> _T:
    return function(*args, **named)


async def run_walk(
    monkeypatch: pytest.MonkeyPatch, seed: int, requests: int, rules: OperatorRules = _NO_LIMITS
) -> BillWalk:
    """Ask for so many random things, in processes that are killed, and let the last one complete the ledger."""
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "to_thread", _run_inline)  # virtual time would not wait for a thread
        return await _walk(seed, requests, rules)


async def _walk(seed: int, requests: int, rules: OperatorRules) -> BillWalk:
    walk = BillWalk(Random(seed))  # noqa: S311 - no secret
    walk.world.store.rules.operator = rules
    walk.world.store.people[LIEN.id] = PersonSettings(speed=Speed.FAST)
    asked = 0
    while asked < requests:
        async with walk.run_process() as (process, steps):
            while not steps.is_dead and asked < requests:
                work = asyncio.ensure_future(walk.ask(process))
                await walk.world.clock.advance(walk.random.choice((1.0, 15.0, 40.0)))
                await asyncio.wait([work], timeout=0)
                work.cancel()
                asked += 1
                walk.check()
        walk.check()
    async with walk.run_process() as (process, steps):
        steps.stop_at = 0
        await walk.world.clock.advance(2 * 3600.0)
        walk.check()
    assert walk.confirmed == walk.bill
    return walk


async def test_confirmed_amounts_follow_the_relays_bill(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Never more than the bill, and with what is still unconfirmed never less; the same once the log was read."""
    walk = await run_walk(monkeypatch, 1, _REQUESTS)
    assert min(walk.kinds[kind] for kind in ("imagine", "press", "remix", "swap", "form")) > 0
    states = Counter(claim.state for claim in walk.world.store.claimed.values())
    assert states[ClaimState.ACCEPTED] > 300
    assert min(states[ClaimState.REFUSED], states[ClaimState.UNKNOWN], walk.deaths) > 0
    assert "programming error" not in caplog.text


async def test_sqlite_keeps_the_same_books(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What a walk changes is repeated there, each claim judged by the same counts, to the same entries."""
    walk = await run_walk(monkeypatch, 2, _REQUESTS_ON_SQLITE, _HIGH_LIMITS)
    clock = FakeClock(walk.world.clock.start)
    create_migrated_file(Path(url.removeprefix("sqlite:///")))
    async with open_store(url, now=clock.now, monotonic=clock.clock.monotonic) as sql:
        await sql.rules.change_operator_rules(lambda _: (_HIGH_LIMITS, ()))
        for call in walk.recorder.calls:
            clock.time = (call.at - clock.start).total_seconds()
            assert await call.repeat(sql) == call.usage, call
        everything, fake = LedgerFilter(), walk.world.store.ledger
        entries = await sql.ledger.list_entries(everything, limit=9999)
        assert len(entries) == len(walk.world.store.claimed) > _REQUESTS_ON_SQLITE / 2
        assert list(entries) == list(await fake.list_entries(everything, limit=9999))
        assert sum(entry.confirmed or 0 for entry in entries) == walk.bill
        for group in LedgerGroup:
            assert list(await sql.ledger.add_up(everything, group, UTC)) == list(
                await fake.add_up(everything, group, UTC)
            )
