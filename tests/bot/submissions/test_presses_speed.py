"""Limits and prices at the speed of a person's settings: a request is judged at the speed at which it is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.entities import ClaimState, CostKind, LimitSetting, OperatorRules, Period, PersonSettings
from bot.errors import ActionUnsupported, ConfirmationNeeded, ModalNotSent, SpendingLimitReached, SubmitOutcomeUnknown
from bot.midjourney.capabilities import SPEED_CAPABILITY
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Status
from bot.money import parse_prices
from bot.policy.prices import PriceList
from bot.submissions.command_requests import build_edit, build_shorten
from bot.submissions.presses import PENDING_MODAL_KEY
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, LIEN, PARENT, U2, V2, ZOOM, job, task
from tests.fakes.submissions import ASKS_FOR_MODAL, claim_states, command, imagine, press
from tests.worlds.services import ServiceProcess, ServiceWorld

ALL_LINES = "MJ::Job::PicReader::all"
DESCRIPTION = "1️⃣ a red fox\n\n2️⃣ a gray wolf\n\n3️⃣ a bear"
BILLED_WINDOW = ASKS_FOR_MODAL.model_copy(update={"code": 1})
PRICES = (
    "imagine=0.1, turbo_imagine=0.3, variation=0.1, turbo_variation=0.2, upscale=0.05, turbo_upscale=0.4, "
    "edits=0.1, turbo_edits=0.25, modal=0.1, turbo_modal=0.15, currency=USD"
)
TURBO_ONCE = LimitSetting(period=Period.DAY, kind=CostKind.TURBO, tasks=1)
NO_PATH = ActionUnsupported("HTTP 404", lasting=True)
Outcome = SubmitResponse | SubmitOutcomeUnknown
Ask = Callable[[ServiceProcess, int], Awaitable[object]]


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid and a child that waits for its form; Lien's saved speed is turbo, and one turbo job a day."""
    world = ServiceWorld()
    prices = PriceList()
    prices.set_configured(parse_prices(PRICES))
    world.allow(prices=prices)
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.store.jobs = {800: job(800, CHILD, claim_id=1)}
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.TURBO)
    world.store.rules.operator = OperatorRules(person_limits=(TURBO_ONCE,))
    return world


def limit_amount(world: ServiceWorld, amount: str) -> None:
    limit = LimitSetting(period=Period.DAY, amount=Decimal(amount))
    world.store.rules.operator = OperatorRules(person_limits=(limit,))


def expected(world: ServiceWorld, claim_id: int = 100) -> str:
    return str(world.store.claimed[claim_id].cost.expected)


async def ask_press(process: ServiceProcess, number: int) -> None:
    button = {100: U2, 101: V2}[number]
    await process.presses.submit_press(press(number, button=button), FakePressFollowups(number))


async def ask_remix(process: ServiceProcess, number: int) -> None:
    await process.presses.submit_press(press(number, button=V2), FakePressFollowups(number), prompt="a fox")


async def ask_edit(process: ServiceProcess, number: int) -> None:
    wanted = build_edit(FakePictureInput(), f"hat {number}")
    await process.commands.submit_command(command(number), wanted, FakePressFollowups(number))


async def ask_imagine(process: ServiceProcess, number: int) -> None:
    await process.commands.submit_command(command(number), imagine(f"a fox {number}"), FakePressFollowups(number))


async def ask_turbo(process: ServiceProcess, number: int) -> None:
    await process.commands.submit_command(command(number), imagine("a pig --turbo"), FakePressFollowups(number))


async def ask_form(process: ServiceProcess, number: int) -> None:
    await process.presses.answer_modal(press(number, task_id=CHILD), "a fox", FakePressFollowups(number))


@pytest.mark.parametrize("ask", [ask_press, ask_remix, ask_edit, ask_imagine, ask_form])
@pytest.mark.parametrize("first", [ask_press, ask_edit, ask_turbo])
async def test_saved_turbo_counts_against_the_limit_of_turbo(
    world: ServiceWorld, process: ServiceProcess, first: Ask, ask: Ask
) -> None:
    """Whatever was asked for first: with a button, a command, or `--turbo` in a prompt."""
    await first(process, 100)
    await world.clock.advance(1.0)
    with pytest.raises(SpendingLimitReached) as refused:
        await ask(process, 101)
    assert refused.value.kind == "turbo"
    assert len(world.relay.sent) == len(world.store.claimed) == 1


@pytest.mark.parametrize(
    ("chosen", "prompt", "is_refused"),
    [
        (Speed.TURBO, "a fox", True),
        (Speed.TURBO, "a fox --fast", False),
        (Speed.RELAX, "a fox --turbo", True),
        (Speed.RELAX, "a fox", False),
        (None, "a fox", False),
        (None, "a fox --turbo", True),
    ],
)
@pytest.mark.parametrize("way", ["command", "form", "press"])
async def test_speed_in_the_prompt_wins(
    world: ServiceWorld, process: ServiceProcess, way: str, chosen: Speed | None, prompt: str, *, is_refused: bool
) -> None:
    await ask_turbo(process, 100)
    await world.clock.advance(1.0)
    world.store.people[LIEN.id] = PersonSettings(speed=chosen)
    match way:
        case "command":
            asked = process.commands.submit_command(command(101), imagine(prompt), FakePressFollowups(901))
        case "form":
            asked = process.presses.answer_modal(press(101, task_id=CHILD), prompt, FakePressFollowups(901))
        case _:
            asked = process.presses.submit_press(press(101, button=V2), FakePressFollowups(901), prompt=prompt)
    if is_refused:
        with pytest.raises(SpendingLimitReached):
            await asked
    else:
        await asked
        await world.clock.advance(1.0)
    assert len(world.relay.sent) == (1 if is_refused else 2)


async def test_settings_that_change_after_the_claim_change_nothing(
    world: ServiceWorld, process: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes out at the speed by which it was judged."""
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.RELAX)
    create_claim = world.store.create_claim

    async def change_settings(*given: object, **more: object) -> None:
        await create_claim(*given, **more)  # type: ignore[arg-type]
        world.store.people[LIEN.id] = PersonSettings(speed=Speed.TURBO)

    monkeypatch.setattr(world.store, "create_claim", change_settings)
    await ask_press(process, 100)
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.RELAX)
    await ask_edit(process, 101)
    await world.clock.advance(1.0)
    assert [sent.words[-1] for sent in world.relay.sent] == ["relax", "relax"]


async def test_speed_that_the_relay_lacks_is_neither_sent_nor_counted(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The first request finds that out: it was judged as turbo, and is corrected."""
    world.relay.outcomes = [NO_PATH, ACCEPTED, ACCEPTED]
    await ask_press(process, 100)
    await world.clock.advance(1.0)
    claim = world.store.claimed[100]
    assert (claim.cost.speed, claim.cost.kinds, expected(world)) == ("", frozenset(), "0.05")
    assert SPEED_CAPABILITY in await world.store.find_missing_capabilities(world.clock.now())
    await ask_press(process, 101)
    await world.clock.advance(1.0)
    assert [("turbo" in sent.words) for sent in world.relay.sent] == [True, False, False]
    assert (world.store.claimed[101].cost.speed, expected(world, 101)) == ("", "0.1")


async def test_turbo_of_the_parent_counts_but_is_not_priced(world: ServiceWorld, process: ServiceProcess) -> None:
    """The relay is not told it."""
    world.store.people.clear()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS, prompt="a fox --turbo")}
    await ask_press(process, 100)
    await world.clock.advance(1.0)
    assert expected(world) == "0.05"
    with pytest.raises(SpendingLimitReached):
        await ask_press(process, 101)


@pytest.mark.parametrize(
    ("ask", "price"),
    [(ask_press, "0.4"), (ask_edit, "0.25"), (ask_imagine, "0.3"), (ask_form, "0.15")],
)
@pytest.mark.parametrize("outcome", [ACCEPTED, SubmitOutcomeUnknown("timeout")])
async def test_expected_price_is_that_of_the_speed(
    world: ServiceWorld, process: ServiceProcess, ask: Ask, price: str, outcome: Outcome
) -> None:
    """Before it is sent, and after, even if the answer is lost."""
    world.relay.outcomes = [outcome]
    world.relay.submit_seconds = 5.0
    await ask(process, 100)
    assert expected(world) == price
    await world.clock.advance(60.0)
    assert (expected(world), world.store.claimed[100].cost.speed) == (price, "turbo")


@pytest.mark.parametrize(("ask", "price"), [(ask_press, "0.4"), (ask_edit, "0.25"), (ask_remix, "0.35")])
async def test_price_to_confirm_is_that_of_the_speed(world: ServiceWorld, ask: Ask, price: str) -> None:
    """Of a press with a typed prompt it is that of the press and its form."""
    world.allow(prices=world.spending_policy.prices, confirm_above=Decimal("0.2"))
    async with world.process() as process:
        if ask is ask_edit:
            unconfirmed = await process.commands.submit_command(
                command(100), build_edit(FakePictureInput(), "a hat"), FakePressFollowups(100)
            )
            assert unconfirmed
            needed = unconfirmed.needed
        else:
            button, prompt = (U2, None) if ask is ask_press else (V2, "a fox")
            pressed = replace(press(100, button=button), is_price_confirmed=False)
            with pytest.raises(ConfirmationNeeded) as asked:
                await process.presses.submit_press(pressed, FakePressFollowups(100), prompt=prompt)
            needed = asked.value
    assert str(needed.price) == price
    assert world.store.claimed == {}


async def test_price_of_a_proposed_form_is_that_of_the_speed(world: ServiceWorld, process: ServiceProcess) -> None:
    pressed = replace(press(100, task_id=CHILD), button_key=PENDING_MODAL_KEY)
    world.store.snapshots[CHILD] = task(CHILD, Status.MODAL)
    world.store.jobs = {800: replace(job(800, CHILD, claim_id=1), parent_id=PARENT)}
    *_, shown = await process.presses.check_prompt(pressed, "a fox")
    assert str(shown.price) == "0.15"
    *_, shown = await process.presses.check_prompt(pressed, "a fox --fast")
    assert str(shown.price) == "0.1"


async def test_every_line_of_imagine_all_is_sent_at_the_speed_of_the_first(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Whose price was confirmed; the settings change while the first line is on its way."""
    world.store.rules.operator = OperatorRules()
    described = task(
        status=Status.SUCCESS,
        action="DESCRIBE",
        buttons=(Button(custom_id=ALL_LINES),),
        properties={"finalPrompt": DESCRIPTION},
    )
    world.store.snapshots = {PARENT: described}
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.RELAX)
    world.relay.outcomes = [ActionUnsupported("unknown_action", lasting=True)] * 2
    world.relay.submit_seconds = 5.0
    await process.presses.submit_press(press(100, button=ALL_LINES), FakePressFollowups(100))
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.TURBO)
    await world.clock.advance(60.0)
    sent = [sent.words[-1] for sent in world.relay.sent if sent.kind == "imagine"]
    assert sent == ["relax", "relax", "relax"]


@pytest.mark.parametrize(
    ("answer", "button", "settled"),
    [
        pytest.param(BILLED_WINDOW, V2, "0.35", id="a billed window and its form"),
        pytest.param(ASKS_FOR_MODAL, V2, "0.15", id="a free window and its form"),
        pytest.param(ACCEPTED, V2, "0.2", id="no window"),
        pytest.param(ASKS_FOR_MODAL, ZOOM, "0.15", id="a window that is always free"),
    ],
)
async def test_typed_prompt_is_expected_to_cost_the_form_too(
    world: ServiceWorld, process: ServiceProcess, answer: SubmitResponse, button: str, settled: str
) -> None:
    """Until the relay has answered what it bills."""
    world.store.rules.operator = OperatorRules()
    world.relay.outcomes = [answer]
    world.relay.submit_seconds = 5.0
    await process.presses.submit_press(press(button=button), FakePressFollowups(), prompt="a fox --zoom 2")
    assert expected(world) == ("0.15" if button == ZOOM else "0.35")
    await world.clock.advance(30.0)
    assert expected(world) == settled


@pytest.mark.parametrize(("budget", "is_allowed"), [("0.35", True), ("0.349999", False)])
async def test_form_never_exceeds_a_budget(
    world: ServiceWorld, process: ServiceProcess, budget: str, *, is_allowed: bool
) -> None:
    """It is refused before the press; a budget that holds both is enough, and a form is not counted twice."""
    limit_amount(world, budget)
    world.relay.outcomes = [BILLED_WINDOW, ACCEPTED]
    followups = FakePressFollowups()
    if not is_allowed:
        with pytest.raises(SpendingLimitReached):
            await process.presses.submit_press(press(button=V2), followups, prompt="a fox")
        assert world.relay.sent == []
        return
    await process.presses.submit_press(press(button=V2), followups, prompt="a fox")
    await world.clock.advance(5.0)
    assert followups.refused == []
    assert [sent.kind for sent in world.relay.sent] == ["action", "modal"]
    with pytest.raises(SpendingLimitReached):
        await ask_edit(process, 101)


async def test_form_is_not_sent_where_the_budget_fell_meanwhile(world: ServiceWorld, process: ServiceProcess) -> None:
    """The window was billed; the form waits for its requester."""
    limit_amount(world, "0.35")
    world.relay.outcomes = [BILLED_WINDOW]
    world.relay.submit_seconds = 5.0
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), followups, prompt="a fox")
    limit_amount(world, "0.3")
    await world.clock.advance(10.0)
    assert [type(refused) for refused in followups.refused] == [ModalNotSent]
    assert (claim_states(world)[100], expected(world)) == (ClaimState.ACCEPTED, "0.2")


async def test_form_without_a_price_leaves_that_of_its_press(world: ServiceWorld) -> None:
    """An amount that is known counts; a form alone has none."""
    prices = PriceList()
    prices.set_configured(parse_prices("variation=0.1, currency=USD"))
    world.allow(prices=prices, cooldown=timedelta(0))
    world.store.people.clear()
    async with world.process() as process:
        world.relay.outcomes = [BILLED_WINDOW, ACCEPTED]
        await ask_remix(process, 100)
        await world.clock.advance(5.0)
        assert expected(world) == "0.1"
        await process.commands.submit_command(command(101), build_shorten("a pig"), FakePressFollowups(101))
        assert expected(world, 101) == "None"
