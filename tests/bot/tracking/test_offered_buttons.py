"""The buttons that the bot offers itself, for which tasks, and how it learns that its relay sends none."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.midjourney.buttons import ButtonKind, hash_custom_id, is_grid, resolve_action
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.task import Button, ButtonsKey, Status, Task
from bot.polling.watch_list import INCOMPLETE_RESULT_SECONDS
from bot.store.rows import task_from_row, task_to_row
from bot.tracking.offered_buttons import ButtonOffers, add_offered_buttons, build_offered_buttons
from tests.fakes.clock import FakeClock
from tests.fakes.sample_entities import BUTTONS as OWN
from tests.fakes.sample_entities import PARENT, job, task
from tests.fakes.store import FakeStore
from tests.recordings import recorded
from tests.worlds.services import ServiceWorld

GRID = ("U1", "U2", "U3", "U4", "Reroll", "V1", "V2", "V3", "V4")
LINES = "1️⃣ a fox\n\n2️⃣ two foxes\n\n4️⃣ four foxes"
ABSENT: dict[str, Any] = {}
NULL: dict[str, Any] = {"buttons": None}
EMPTY: dict[str, Any] = {"buttons": []}
SENT: dict[str, Any] = {"buttons": [{"customId": "MJ::CustomZoom::aa", "label": "Zoom"}]}
TOLD: list[tuple[dict[str, Any], ButtonsKey]] = [
    (ABSENT, ButtonsKey.ABSENT),
    (NULL, ButtonsKey.NULL),
    ({"buttons": "none"}, ButtonsKey.NULL),
    ({"buttons": {}}, ButtonsKey.NULL),
    (EMPTY, ButtonsKey.ARRAY),
    (SENT, ButtonsKey.ARRAY),
]


def finished(action: str = "IMAGINE", **fields: Any) -> Task:  # noqa: ANN401
    """Make a finished task of that action, with its picture, as a relay's row."""
    row = {"id": PARENT, "action": action, "status": "SUCCESS", "imageUrl": "https://cdn.test/1.png", **fields}
    return Task.model_validate(row)


def names(buttons: tuple[Button, ...]) -> tuple[str, ...]:
    return tuple(resolve_action(button.custom_id).name for button in buttons)


def read_recorded(name: str) -> Task:
    return Task.model_validate(recorded(f"real/{name}").body)


# ---------------------------------------------------------------------------------------------------- which


@pytest.mark.parametrize("action", ["IMAGINE", "VARIATION", "REROLL", "BLEND"])
def test_a_grid_is_offered_nine_buttons(action: str) -> None:
    """In Midjourney's order, with its labels and emoji."""
    buttons = build_offered_buttons(finished(action))
    assert names(buttons) == GRID
    assert [button.label or button.emoji for button in buttons] == [*GRID[:4], "🔄", *GRID[5:]]
    assert all(button.offered for button in buttons)
    assert len({hash_custom_id(button.custom_id) for button in buttons}) == 9
    assert is_grid(add_offered_buttons(finished(action), relay_sends_none=False))


@pytest.mark.parametrize("action", ["UPSCALE", "PAN", "ZOOM", "SWAP_FACE", "MODAL", "UPLOAD", ""])
def test_a_single_picture_is_offered_no_buttons(action: str) -> None:
    """Nor is a task of which it is unknown whether it has four pictures."""
    assert build_offered_buttons(finished(action)) == ()


def test_each_line_of_a_text_is_offered_a_button() -> None:
    """By its own number; "Imagine all" if there are several lines."""
    buttons = build_offered_buttons(finished("DESCRIBE", properties={"finalPrompt": LINES}))
    assert names(buttons) == ("Imagine 1", "Imagine 2", "Imagine 4", "Imagine all")
    assert [button.emoji for button in buttons] == ["1️⃣", "2️⃣", "4️⃣", "🎉"]
    assert names(build_offered_buttons(finished("DESCRIBE", promptEn="1️⃣ a fox"))) == ("Imagine 1",)
    shortened = finished("SHORTEN", prompt="a", properties={"finalPrompt": f"**a fox**\n\n{LINES}"})
    assert names(build_offered_buttons(shortened)) == ("Imagine 1", "Imagine 2", "Imagine 4")
    assert build_offered_buttons(finished("DESCRIBE")) == ()


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.SUCCESS])
def test_an_unfinished_task_is_offered_no_buttons(status: Status) -> None:
    """Nor is one that has failed."""
    assert build_offered_buttons(finished(status=status.value)) == ()


def test_recorded_tasks_of_midjourney_proxy_are_offered_buttons() -> None:
    """A grid and a description are, one of four pictures is not."""
    assert names(add_offered_buttons(read_recorded("nov_imagine_success"), relay_sends_none=False).buttons) == GRID
    described = add_offered_buttons(read_recorded("nov_describe_success"), relay_sends_none=False)
    assert names(described.buttons) == (*(f"Imagine {number}" for number in range(1, 5)), "Imagine all")
    assert (described.shown_prompt, bool(described.text_result)) == ("", True)
    single = add_offered_buttons(read_recorded("nov_upscale_success"), relay_sends_none=False)
    assert (single.buttons, single.is_complete, is_grid(single)) == ((), True, False)


# ---------------------------------------------------------------------------------------------------- when


@pytest.mark.parametrize(("row", "buttons_key"), TOLD)
def test_the_three_kinds_of_buttons_key_survive_the_store(row: dict[str, Any], buttons_key: ButtonsKey) -> None:
    """Only a null key means that buttons may come later."""
    seen = finished(**row)
    assert seen.buttons_key is buttons_key
    assert seen.is_complete is (row is ABSENT or row is SENT)
    for sends_none in (False, True):
        offered = add_offered_buttons(seen, relay_sends_none=sends_none)
        offers = buttons_key is ButtonsKey.ABSENT or (buttons_key is ButtonsKey.NULL and sends_none)
        assert all(button.offered for button in offered.buttons) is (row is not SENT)
        assert bool(offered.buttons) is (offers or row is SENT)
        assert offered.is_complete is seen.is_complete
        assert task_from_row(task_to_row(offered)) == offered


def test_a_snapshot_of_an_older_version_can_be_read() -> None:
    """It holds neither what the relay's key was, nor which buttons the bot offered."""
    row = task_to_row(finished(**SENT))
    body = json.loads(row["body"])
    del body["buttonsKey"]
    for button in body["buttons"]:
        del button["offered"]
    assert task_from_row({**row, "body": json.dumps(body)}) == finished(**SENT)


@pytest.mark.parametrize("value", [1, "true", "True", [], None])
def test_a_relay_cannot_mark_its_buttons_as_the_bots(value: object) -> None:
    """A field with the name of the bot's own mark is ignored."""
    row: dict[str, Any] = {"buttons": [{"customId": "MJ::x::1", "offered": value}], "buttonsKey": value}
    seen = finished(**row)
    assert [button.offered for button in seen.buttons] == [False]
    assert seen.buttons_key is ButtonsKey.NULL


def test_the_relays_buttons_replace_offered_ones() -> None:
    """A later row without buttons does not bring the offered ones back."""
    offered = add_offered_buttons(finished(**NULL), relay_sends_none=True)
    own = finished(**SENT)
    assert own.merge_earlier(offered).buttons == own.buttons
    assert offered.merge_earlier(own).buttons == own.buttons
    assert offered.merge_earlier(own).is_complete
    assert finished(**NULL).merge_earlier(offered).buttons == offered.buttons


# ---------------------------------------------------------------------------------------------------- learning


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> FakeStore:
    return FakeStore(clock.now)


@pytest.fixture
def offers(store: FakeStore, clock: FakeClock) -> ButtonOffers:
    return ButtonOffers(store, clock.now)


async def test_a_relay_without_the_buttons_key_is_offered_buttons_at_once(
    offers: ButtonOffers, store: FakeStore
) -> None:
    """After its first grid, /mjcheck shows that this relay sends no buttons."""
    assert names((await offers.add_missing_buttons(finished())).buttons) == GRID
    assert store.missing_capabilities == {}
    await offers.learn_and_add_buttons(finished())
    assert set(store.missing_capabilities) == {BUTTONS_CAPABILITY}


async def test_a_relay_with_null_buttons_is_learned_from_its_first_grid(
    offers: ButtonOffers, store: FakeStore, clock: FakeClock
) -> None:
    """That grid gets its buttons after a minute, later ones at once, in every process, for a week that is renewed."""
    assert (await offers.add_missing_buttons(finished(**NULL))).buttons == ()
    assert names((await offers.learn_and_add_buttons(finished(**NULL))).buttons) == GRID
    for seen_by in (offers, ButtonOffers(store, clock.now)):
        later = await seen_by.add_missing_buttons(finished("BLEND", **NULL))
        assert names(later.buttons) == GRID
        assert not later.is_complete
    clock.time += timedelta(days=6).total_seconds()
    await offers.learn_and_add_buttons(later)
    clock.time += timedelta(days=6).total_seconds()
    assert set(await store.find_missing_capabilities(clock.now())) == {BUTTONS_CAPABILITY}
    clock.time += timedelta(days=2).total_seconds()
    assert (await offers.add_missing_buttons(finished(**NULL))).buttons == ()


async def test_what_is_learned_is_saved_once_a_day(offers: ButtonOffers, store: FakeStore, clock: FakeClock) -> None:
    """Not with every grid."""
    await offers.learn_and_add_buttons(finished(**NULL))
    (first,) = store.missing_capabilities.values()
    clock.time += timedelta(hours=5).total_seconds()
    await offers.learn_and_add_buttons(finished(**NULL))
    assert [*store.missing_capabilities.values()] == [first]


async def test_the_first_buttons_of_a_relay_end_the_offers(
    offers: ButtonOffers, store: FakeStore, clock: FakeClock
) -> None:
    """The buttons of any task count as proof."""
    await offers.learn_and_add_buttons(finished(**NULL))
    assert await offers.learn_and_add_buttons(finished("UPSCALE", **SENT)) == finished("UPSCALE", **SENT)
    assert await store.find_missing_capabilities(clock.now()) == {}
    assert (await offers.add_missing_buttons(finished(**NULL))).buttons == ()


async def test_an_empty_array_of_buttons_is_final(offers: ButtonOffers, store: FakeStore, clock: FakeClock) -> None:
    """Nothing is learned from it, and nothing is offered."""
    assert (await offers.learn_and_add_buttons(finished(**EMPTY))).buttons == ()
    assert await store.find_missing_capabilities(clock.now()) == {}
    await offers.learn_and_add_buttons(finished(**NULL))
    assert (await offers.add_missing_buttons(finished(**EMPTY))).buttons == ()
    assert (await offers.learn_and_add_buttons(finished(**EMPTY))).buttons == ()


@pytest.mark.parametrize("action", ["UPSCALE", "DESCRIBE", "SWAP_FACE", "MODAL"])
async def test_only_a_grid_shows_that_a_relay_sends_no_buttons(
    offers: ButtonOffers, store: FakeStore, action: str
) -> None:
    """A description without buttons is offered those of its lines even so: they work on every relay."""
    learnt = await offers.learn_and_add_buttons(finished(action, **NULL, properties={"finalPrompt": LINES}))
    assert store.missing_capabilities == {}
    assert bool(learnt.buttons) is (action == "DESCRIBE")
    failed = finished(**NULL, status="FAILURE")
    assert await offers.learn_and_add_buttons(failed) == failed
    assert store.missing_capabilities == {}


async def test_a_relay_that_has_sent_buttons_is_given_time_without_the_key(offers: ButtonOffers) -> None:
    """Others may still come."""
    await offers.add_missing_buttons(finished(**SENT))
    later = await offers.add_missing_buttons(finished("UPSCALE"))
    assert (later.buttons_key, later.is_complete) == (ButtonsKey.NULL, False)
    assert (await offers.add_missing_buttons(finished())).buttons == ()
    assert names((await offers.learn_and_add_buttons(await offers.add_missing_buttons(finished()))).buttons) == GRID


async def test_buttons_are_offered_while_the_store_is_down(offers: ButtonOffers, store: FakeStore) -> None:
    """A later grid shows again that the relay sends none."""
    store.down = True
    assert names((await offers.learn_and_add_buttons(finished(**NULL))).buttons) == GRID
    assert (await offers.add_missing_buttons(finished(**NULL))).buttons == ()
    assert names((await offers.add_missing_buttons(finished())).buttons) == GRID


async def test_a_message_gets_its_buttons_after_the_usual_minute() -> None:
    """The snapshot in the store has them, so that they can be pressed."""
    world = ServiceWorld()
    world.relay.set(task(status=Status.SUCCESS, action="IMAGINE", buttons=None))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(INCOMPLETE_RESULT_SECONDS - 1)
        assert world.store.missing_capabilities == {}
        await world.clock.advance(20.0)
    last = world.editor.scenes_of(700)[-1].task
    assert last is not None
    assert names(last.buttons) == GRID
    assert set(world.store.missing_capabilities) == {BUTTONS_CAPABILITY}
    assert world.store.snapshots[PARENT].buttons == last.buttons


async def test_late_buttons_correct_what_was_learned() -> None:
    """They are waited for, shown, and remembered."""
    world = ServiceWorld()
    await world.store.save_missing_capability(
        BUTTONS_CAPABILITY, "", at=world.clock.now(), until=world.clock.now() + timedelta(days=7)
    )
    offered = add_offered_buttons(task(status=Status.SUCCESS, action="IMAGINE", buttons=None), relay_sends_none=True)
    world.relay.set(offered)
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(10.0)
        first = world.editor.scenes_of(700)[-1].task
        assert first is not None
        assert names(first.buttons) == GRID
        world.relay.set(task(status=Status.SUCCESS, action="IMAGINE"))
        await world.clock.advance(20.0)
    last = world.editor.scenes_of(700)[-1].task
    assert last is not None
    assert last.buttons == OWN
    assert await world.store.find_missing_capabilities(world.clock.now()) == {}


async def test_a_single_picture_shows_which_capabilities_are_missing() -> None:
    """So that its message can say why it has no buttons."""
    world = ServiceWorld()
    await world.store.save_missing_capability(
        BUTTONS_CAPABILITY, "", at=world.clock.now(), until=world.clock.now() + timedelta(days=7)
    )
    world.relay.set(task(status=Status.SUCCESS, action="UPSCALE", buttons=None))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(70.0)
    assert [BUTTONS_CAPABILITY in scene.marks.missing_capabilities for scene in world.editor.scenes_of(700)[-1:]] == [
        True
    ]


def test_only_buttons_of_lines_open_a_form() -> None:
    """No other offered button takes a new prompt."""
    assert {resolve_action(button.custom_id).modal_kind for button in build_offered_buttons(finished())} == {None}
    assert {resolve_action(button.custom_id).kind for button in build_offered_buttons(finished())} == {
        ButtonKind.PICK_FROM_GRID,
        ButtonKind.REROLL,
        ButtonKind.VARIATION,
    }
