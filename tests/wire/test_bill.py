"""The ledger in the database against the relay's bill, while the real process is killed with SIGKILL again and again.

tests/bot/billing/test_bill_walk.py walks so in virtual time, with services instead of a process.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import select

from bot.billing.ledger_keeper import LedgerKeeper
from bot.billing.price_sources import PriceSources
from bot.clock import Clock
from bot.entities import ClaimState, LedgerEntry, LedgerFilter, LedgerOutcome
from bot.policy.prices import PriceList
from bot.relay.billing_log import BillingLogReader, MissingEndpoints
from bot.relay.client import RelayClient
from bot.store import SqlStore, open_store
from bot.store.schema import claims
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from sandbox.relay import Relay
from sandbox.relay.profiles import find_profile
from sandbox.relay.settings import UNITS
from tests.postgres import Postgres
from tests.wire.chaos_size import WHOLE, size
from tests.wire.loopback import Interaction, Message, Person
from tests.wire.relay_clock import HeldTime
from tests.wire.walk import remixing, upload
from tests.worlds.processes import GENEROUS, BotProcess, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(900)]

KILLS, REQUESTS = size(2, 20), size(20, 500)
_GRIDS = size(3, 10)
_MAX_LONGER_SECONDS = size(1, 5)
"""How much longer a process lives after the last request, at most: past its lease, it takes over what others left."""
_KEEPER_SECONDS = 45.0
"""A process reads the relay's log for its ledger half a minute after its start."""
_KILLS_PER_READING = size(1, 4)
"""The relay lets its log be read twenty times in twenty minutes, by all processes together."""
_NEW_MESSAGES = 12
"""Among how many of the newest finished messages a person chooses one."""
_GREY = 2
"""The style of a button that was not pressed yet."""
_RELAY = replace(
    find_profile("newapi-2026"),
    refresh_seconds=0.0,
    seconds_per_task=1.0,
    submit_seconds=0.2,
    picture_side=64,
    has_remix_on_demand=True,
    recognizes_repeats=True,
    max_running=12,
    queue_size=4,
)
_ROUND_SECONDS = 1200.0
"""The time between two readings of the log: longer than the relay's rate limit looks back."""
_ROUNDS = 12
"""Four hours: the search for a lost request ends after one."""


@dataclass
class LossyAnswers:
    """Breaks the connection of some submits, before the relay has read them or before it answers."""

    chance: random.Random
    lost: Counter[str] = field(default_factory=Counter[str])

    def add_to(self, relay: Relay) -> None:
        """Stand before every route of a relay that does not serve yet."""

        @web.middleware
        async def lose_some(request: web.Request, handler: Handler) -> web.StreamResponse:
            fate = self.chance.random() if "/submit/" in request.path or "/swap" in request.path else 1.0
            if fate < 0.03:
                return self._lose(request, "submit")
            answer = await handler(request)
            return self._lose(request, "answer") if fate < 0.08 else answer

        relay.app.middlewares.append(lose_some)

    def _lose(self, request: web.Request, what: str) -> web.Response:
        self.lost[what] += 1
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


@dataclass
class Books:
    """The bot's ledger, as its database has it, and the relay's bill."""

    store: SqlStore
    relay: Relay
    comparisons: int = 0

    @property
    def bill(self) -> Decimal:
        """What the relay has charged to the key."""
        key = self.relay.keys.find(self.relay.settings.key)
        assert key is not None
        return Decimal(self.relay.keys.spent(key)) / UNITS

    async def read(self) -> Sequence[LedgerEntry]:
        """Read the whole ledger as it is at one moment."""
        return await self.store.ledger.list_entries(LedgerFilter(), limit=9999)

    async def list_submitting(self) -> Sequence[int]:
        """Return the claims that a process submits, or would if it had not been killed."""
        submitting = select(claims.c.id).where(claims.c.state == ClaimState.SUBMITTING)
        return [row["id"] for row in await self.store.database.read(submitting)]

    async def compare(self) -> None:
        """Compare the ledger with what the bill was before it was read, and with what it is afterwards."""
        before = self.bill
        entries = await self.read()
        confirmed, unconfirmed = add_up(entries)
        assert confirmed <= self.bill
        assert before <= confirmed + unconfirmed
        self.comparisons += 1

    async def compare_always(self) -> None:
        """Compare them again and again, until cancelled."""
        while True:
            await self.compare()
            await asyncio.sleep(0.1)


def add_up(entries: Sequence[LedgerEntry]) -> tuple[Decimal, Decimal]:
    """Return what rows of the relay's log confirmed, and what may have been charged beside that."""
    charged = [entry for entry in entries if entry.outcome is not LedgerOutcome.REFUSED]
    confirmed = sum((entry.confirmed for entry in charged if entry.confirmed is not None), Decimal(0))
    expected = sum((entry.expected or Decimal(0) for entry in charged if entry.confirmed is None), Decimal(0))
    return confirmed, expected


@dataclass
class People:
    """Members who draw: two of them are asked for a new prompt first."""

    world: WireWorld
    chance: random.Random
    members: Sequence[Person]
    done: Counter[str] = field(default_factory=Counter[str])

    async def ask(self) -> None:
        """Ask for one random thing."""
        choice = self.chance.choices(("imagine", "faceswap", "press"), (4, 1, 9))[0]
        pressable = [] if choice != "press" else self._list_pressable()
        member = self.chance.choice(self.members)
        self.done[choice] += 1
        if pressable:
            await self._press(member, *self.chance.choice(pressable))
        else:
            await self._type(member, "faceswap" if choice == "faceswap" else "imagine")

    async def _type(self, member: Person, name: str) -> None:
        where = self.chance.choice(self.world.discord.channels[:2])
        if name == "faceswap":
            options: dict[str, object] = {"source": upload("a", (90, 120)), "target": upload("b", (120, 90))}
        else:
            words = self.chance.choices(("a lighthouse", "gore", "blood"), (8, 1, 1))[0]
            ending = self.chance.choice(("", " --turbo", " --chaos 50"))
            options = {"prompt": f"{words} {self.done.total()}{ending}"}
        await self.world.discord.slash(member, where, name, options)

    async def _press(self, member: Person, message: Message, which: str) -> None:
        act = await self.world.discord.click(member, message, which)
        # A process that is killed answers nothing, so this waits for as long as the process lives.
        await act.acknowledged(900)
        if act.response and act.response["type"] == 9:
            self.done["form"] += 1
            await self._fill_in(act)

    async def _fill_in(self, opened: Interaction) -> None:
        await self.world.discord.submit_modal(opened.user, opened, {"prompt": "a boat --zoom 1.8"})

    def _list_pressable(self) -> list[tuple[Message, str]]:
        """Return the paid buttons of the newest finished messages, each with its message."""
        finished = [
            message
            for message in self.world.discord.messages.values()
            if not message.deleted and not message.ephemeral and message.embed.get("title", "").startswith("✅")
        ]
        return [
            (message, button["custom_id"])
            for message in finished[-_NEW_MESSAGES:]
            for button in message.buttons
            if button["style"] == _GREY and not button.get("disabled") and _is_paid(button.get("custom_id", ""))
        ]


def _is_paid(custom_id: str) -> bool:
    click = TaskCustomId.parse(custom_id)
    return click is not None and click.event is ClickEvent.PRESS and len(click.key) > len("-")


@pytest.fixture
def held() -> HeldTime:
    """Return the relay's clock."""
    return HeldTime()


@pytest.fixture
def answers() -> LossyAnswers:
    """Return what loses some of the relay's answers."""
    return LossyAnswers(random.Random(KILLS))  # noqa: S311 - a test that can be repeated


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, held: HeldTime, answers: LossyAnswers
) -> AsyncGenerator[WireWorld]:
    """Both kinds of database; a relay that tells its prices."""
    relay = Relay(_RELAY, now=held.now)
    answers.add_to(relay)
    async with open_wire_world(tmp_path, relay) as made:
        made.settings |= GENEROUS | {"PRESS_POLICY": "anyone", "LEASE_SECONDS": "2"}
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            made.settings["DATABASE_URL"] = await server.database()
        yield made


@asynccontextmanager
async def _open_books(world: WireWorld, clock: Clock) -> AsyncGenerator[Books]:
    url = world.env["DATABASE_URL"]
    async with open_store(url, now=clock.now, owner="test", monotonic=clock.monotonic) as store:
        yield Books(store, world.relay)


async def _live(people: People, bot: BotProcess, requests: int) -> None:
    """Let people ask for things while a process lives, then kill it while it still works on some of them."""
    asking: list[asyncio.Task[None]] = []
    submits = people.world.relay.submits
    enough = len(submits) + requests // 4
    for _ in range(requests):
        asking.append(asyncio.create_task(people.ask()))
        await asyncio.sleep(people.chance.uniform(0.0, 0.2))
    await people.world.until(lambda: len(submits) >= enough)
    await asyncio.sleep(people.chance.uniform(0.0, _MAX_LONGER_SECONDS))
    await bot.kill()
    for one in asking:
        one.cancel()
    ended = await asyncio.gather(*asking, return_exceptions=True)
    assert [one for one in ended if isinstance(one, Exception)] == []
    assert not bot.said("Traceback")


async def _take_over(world: WireWorld, books: Books) -> None:
    """Let a last process take over what is left; where there is time, it reads the relay's log itself."""
    async with world.bot() as bot:
        for _ in range(600):
            if not await books.list_submitting():
                break
            await asyncio.sleep(0.1)
        assert await books.list_submitting() == [], "a claim that no process takes over"
        if WHOLE:
            with suppress(TimeoutError):  # earlier processes may have used up the relay's rate limit
                await bot.line("The relay's log confirmed", _KEEPER_SECONDS)
        assert (await bot.stop())[0] == 0
        assert not bot.said("Traceback")


@asynccontextmanager
async def _open_keeper(books: Books, clock: Clock) -> AsyncGenerator[LedgerKeeper]:
    """Open the relay and a keeper of the ledger, such as another process has."""
    prices = PriceList()
    async with RelayClient.open(books.relay.url, books.relay.settings.key, now=clock.now) as relay:
        await PriceSources(relay, prices, clock).refresh()
        missing = MissingEndpoints(clock.monotonic)
        log = BillingLogReader(relay.fetch_billing_log, relay.account_rate_limiter, missing, clock)
        yield LedgerKeeper(books.store.ledger, log, prices, clock=clock)


async def _prepare(people: People) -> None:
    """Let a process learn the prices, and show pictures whose buttons can be pressed."""
    world = people.world
    async with world.bot() as bot:
        await bot.line("Prices: the relay lists")
        for member in people.members[:2]:
            await remixing(world, member)
        grids = [world.relay.add_task("grid") for _ in range(_GRIDS)]
        messages = [await world.follow(grid, number % 2) for number, grid in enumerate(grids)]
        for message in messages:
            await world.shows(message, "✅ Four")
        assert (await bot.stop())[0] == 0


async def test_ledger_follows_the_bill_through_kills(
    world: WireWorld, held: HeldTime, answers: LossyAnswers, record_property: Callable[[str, object], None]
) -> None:
    """Never more is confirmed than billed, and never less with what is unconfirmed; the same once the log was read."""
    clock = Clock(now=lambda: datetime.fromtimestamp(held.now(), UTC), sleep=asyncio.sleep, monotonic=held.now)
    members = [world.discord.add_person(name) for name in ("an", "binh", "chi", "dung", "giang")]
    people = People(world, answers.chance, members)
    async with _open_books(world, clock) as books, _open_keeper(books, clock) as keeper:
        await _prepare(people)
        watching = asyncio.create_task(books.compare_always())
        for kill in range(KILLS):
            async with world.bot() as bot:
                await _live(people, bot, REQUESTS // KILLS)
            await books.compare()
            if kill % _KILLS_PER_READING == 0:
                await keeper.complete()
                await books.compare()
        await _take_over(world, books)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        early, _ = add_up(await books.read())
        for _ in range(_ROUNDS):
            held.advance(_ROUND_SECONDS)
            await keeper.complete()
            await books.compare()
        entries = await books.read()
        confirmed, unconfirmed = add_up(entries)
        figures = {
            "kills": KILLS,
            "requests": dict(people.done),
            "submits": len(world.relay.submits),
            "lost": dict(answers.lost),
            "entries": dict(Counter(entry.outcome.value for entry in entries)),
            "bill": str(books.bill),
            "confirmed while processes were killed": str(early),
            "confirmed": str(confirmed),
            "never billed": str(unconfirmed),
            "comparisons": books.comparisons,
        }
        for name, figure in figures.items():
            record_property(name, figure)
        print(figures)  # noqa: T201 - the figures that `make chaos` shows
        assert confirmed == books.bill
    assert world.discord.refused == []
