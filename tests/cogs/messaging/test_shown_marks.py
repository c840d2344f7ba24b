"""A process that started later keeps the green buttons of a message, although its database knows of no press."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import Clock
from bot.entities import ButtonStates, PressedButton
from bot.midjourney.buttons import get_claim_key, hash_custom_id
from bot.midjourney.task import Status
from bot.scene import AnswerSearch, JobEnding
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.shown_marks import keep_marks
from tests.cogs.messaging.editor_room import GRID, RUNNING, Room, answered
from tests.wire.loopback import Message

LATER = datetime(2100, 1, 1, tzinfo=UTC)
U1, V2 = (next(one.custom_id for one in GRID.buttons if one.label == label) for label in ("U1", "V2"))


def restart(room: Room, at: datetime = LATER) -> None:
    """Draw by a process that has just started, long after the message was sent."""
    room.time.time = at
    clock = Clock(room.time.now, room.time.sleep, lambda: room.time.now().timestamp())
    room.display = DiscordMessageEditor(room.client, RateLimiter(clock.monotonic, clock.sleep), clock)


def green(message: Message) -> set[str]:
    """Return the labels of the green buttons."""
    parts = [part for row in message.components for part in row["components"]]
    return {part.get("label", "") for part in parts if part.get("style") == 3}


def reads(room: Room) -> int:
    """Return how often a message was read."""
    return sum(one.method == "GET" and "/messages/" in one.path for one in room.server.requests)


def pressed(*custom_ids: str) -> ButtonStates:
    """Return the marks of pressed buttons."""
    return ButtonStates({get_claim_key(one): PressedButton("9", "", is_finished=True) for one in custom_ids})


@pytest.mark.parametrize("buttons", [(U1,), (V2,), (U1, V2), ()])
@pytest.mark.parametrize("reach", ["channel", "token and channel", "token"])
async def test_a_later_process_keeps_what_is_green(room: Room, buttons: tuple[str, ...], reach: str) -> None:
    """Whichever way it reaches the message; an ordinary message looks as before, and is read once."""
    place = room.place()
    if reach == "token":
        act, message = answered(room.server, room.server.channels[0], ephemeral=True)
        room.message, place = message, room.place(message, token=act.token)
    await room.show(GRID, place, marks=pressed(*buttons))
    assert reads(room) == 0
    restart(room)
    if "token" in reach:
        place = replace(place, token_expires_at=LATER + timedelta(minutes=15))
    before = green(room.message)
    for _ in range(2):
        await room.show(GRID, place)
    assert green(room.message) == before == {one.label for one in GRID.buttons if one.custom_id in buttons}
    assert reads(room) == 1


async def test_messages_that_are_read_hold_no_slot_of_the_edits(room: Room) -> None:
    """A read may wait for a turn that an edit without a slot has: more messages are read than edited at once."""
    restart(room)
    answers = asyncio.Event()
    slow = room.server.fail("GET", "*", None, times=None, hold=answers)
    shown = [answered(room.server, room.server.channels[0], ephemeral=True) for _ in range(80)]
    expiry = LATER + timedelta(minutes=15)
    places = [room.place(message, token=act.token, token_expires_at=expiry) for act, message in shown]
    drawing = [asyncio.create_task(room.show(GRID, place)) for place in places]
    async with asyncio.timeout(60):
        while slow.held < 80:  # noqa: ASYNC110 - a request that waits is no event of the server
            await asyncio.sleep(0.01)
    answers.set()
    await asyncio.gather(*drawing)
    assert reads(room) == 80


@pytest.mark.parametrize(
    ("task", "phase"),
    [
        (None, JobEnding.TASK_NOT_FOUND),
        (RUNNING, JobEnding.WATCH_TIMEOUT),
        (None, AnswerSearch()),
        (GRID, JobEnding.WATCH_STOPPED),
    ],
)
async def test_marks_outlive_a_drawing_without_buttons(room: Room, task: Any, phase: Any) -> None:  # noqa: ANN401
    """The row of a restored backup may end otherwise first, and its task be looked at again."""
    await room.show(GRID, marks=pressed(U1))
    restart(room)
    await room.show(task, phase=phase)
    assert green(room.message) == set()
    await room.show(GRID)
    assert green(room.message) == {"U1"}


async def test_an_outage_of_the_relay_does_not_lose_marks(room: Room) -> None:
    """The snapshot in a backup may say that the task is running."""
    await room.show(GRID, marks=pressed(U1))
    restart(room)
    await room.show(RUNNING, silent_since=LATER)
    await room.show(GRID)
    assert green(room.message) == {"U1"}


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUBMITTED, Status.FAILURE, Status.CANCEL])
async def test_a_message_of_a_task_that_goes_on_is_not_read(room: Room, status: Status) -> None:
    """A start with thousands of open rows sends no requests for them, nor for those that this process drew."""
    restart(room)
    await room.show(RUNNING.model_copy(update={"status": status}))
    await room.show(GRID)
    assert reads(room) == 0


@pytest.mark.parametrize(("status", "code", "asks"), [(403, 50001, True), (403, 50013, True), (404, 10008, False)])
async def test_a_message_that_cannot_be_read_is_drawn_nevertheless(
    room: Room,
    status: int,
    code: int,
    asks: bool,  # noqa: FBT001
) -> None:
    """A press of its buttons is asked about then."""
    restart(room)
    room.server.fail("GET", "/channels/*", status, {"code": code})
    await room.show(GRID)
    assert room.message.components
    assert room.display.has_unread_buttons(room.message.id) is asks


@pytest.mark.parametrize("status", [500, 503, 0])
async def test_a_read_that_fails_is_tried_again_before_the_drawing(room: Room, status: int) -> None:
    """What is green stays so through an outage of Discord."""
    await room.show(GRID, marks=pressed(U1))
    restart(room)
    room.server.fail("GET", "/channels/*", status, times=6)
    await room.show(GRID)
    assert green(room.message) == {"U1"}
    assert not room.display.has_unread_buttons(room.message.id)


def test_a_button_that_the_relay_paints_green_is_no_mark() -> None:
    """Neither is a mark in the database replaced."""
    buttons = [one.model_copy(update={"style": 3 if one.custom_id == V2 else 2}) for one in GRID.buttons]
    task = GRID.model_copy(update={"buttons": tuple(buttons)})
    known = PressedButton("9", "link", is_finished=False)
    marks = keep_marks(
        frozenset({hash_custom_id(U1), hash_custom_id(V2), "0123456789"}), task, ButtonStates({"x": known})
    )
    assert marks.pressed["x"] == known
    assert set(marks.pressed) == {"x", hash_custom_id(U1), "0123456789"}
