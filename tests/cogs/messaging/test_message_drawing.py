"""What a message shows where Discord refuses a part of it, and what its requester is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.errors import DisplayRefused, PlaceGone
from bot.midjourney.task import Status, Task
from bot.scene import JobEnding, PictureLink
from cogs.views.task_states import SENDING
from tests.cogs.messaging.editor_room import CHANNEL, GRID, PICTURE, RUNNING, Room, title
from tests.fakes.clock import START
from tests.fakes.sample_entities import task

DONE = "✅ Four pictures in 39 s"
VIDEO = task(status=Status.SUCCESS, action="VIDEO", image_url="", video_urls=["https://cdn.test/1.mp4"] * 2)
CLIPS = replace(PICTURE, name="clip1.mp4"), replace(PICTURE, name="clip2.mp4")


def refuse_once(room: Room, status: int, code: int, errors: dict[str, Any] | None = None) -> None:
    """Refuse the next edit."""
    room.server.fail("PATCH", "*", status, {"code": code, **({"errors": errors} if errors else {})})


def late(room: Room) -> Any:  # noqa: ANN401 - a Place
    """The place of the message once its token has expired."""
    return room.place(token_expires_at=START - timedelta(minutes=1))


def description(room: Room) -> str:
    return str(room.message.embeds[0]["description"])


_BAD_FILE = {"attachments": {"0": {"_errors": [{"code": "BASE_TYPE_INVALID", "message": "bad"}]}}}


@pytest.mark.parametrize(
    ("status", "code", "errors", "reason"),
    [
        (400, 20009, None, "Discord's filter for explicit content refused the picture."),
        (403, 20009, None, "Discord's filter for explicit content refused the picture."),
        (400, 50045, None, "The picture is too large for Discord here."),
        (413, 0, None, "The picture is too large for Discord here."),
        (403, 400001, None, "Discord doesn't accept files in this server now."),
        (400, 50046, None, "Discord refused the picture."),
        (415, 0, None, "Discord refused the picture."),
        (400, 50035, _BAD_FILE, "Discord refused the picture."),
        (400, 777123, None, "Discord refused the picture."),
        (400, 0, None, "Discord refused the picture."),
    ],
)
@pytest.mark.parametrize("by_token", [True, False])
async def test_a_refused_file_is_linked_and_the_message_says_why(
    room: Room, status: int, code: int, errors: dict[str, Any] | None, reason: str, *, by_token: bool
) -> None:
    """The second edit carries no file; the link shows the picture, or leads to it."""
    refuse_once(room, status, code, errors)
    is_shown = await room.show(GRID, room.place() if by_token else late(room), picture=PICTURE)
    assert [route.split()[2] for route in room.routes] == [str(status), "200"]
    assert title(room.message) == DONE
    assert reason in description(room)
    assert f"[Open the picture]({GRID.image_url})" in description(room)
    assert room.message.files == []
    is_explicit = code == 20009
    assert ("image" in room.message.embeds[0], is_shown) == (not is_explicit, not is_explicit)
    assert "Refresh" in [part.get("label") for part in room.message.buttons]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (PictureLink.DEAD, "The link to the picture has expired"),
        (PictureLink.PRIVATE, "It has no link that you could open. Press **Refresh** to try again."),
    ],
)
async def test_a_refused_file_without_a_living_link_says_so(room: Room, link: PictureLink, said: str) -> None:
    refuse_once(room, 400, 20009)
    assert not await room.show(GRID, picture=PICTURE, picture_link=link)
    assert said in description(room)
    assert "Open the picture" not in description(room)
    assert "image" not in room.message.embeds[0]


@pytest.mark.parametrize(("status", "code"), [(400, 20009), (403, 50013), (400, 12345)])
async def test_a_refused_picture_leaves_no_preview_behind(room: Room, status: int, code: int) -> None:
    """A picture that was there before stays."""
    await room.show(RUNNING, picture=replace(PICTURE, name="preview.webp"))
    for kept in ([], [PICTURE.name]):
        refuse_once(room, status, code)
        await room.show(GRID, picture=PICTURE)
        assert [file.name for file in room.message.files] == kept
        await room.show(GRID, picture=PICTURE)


@pytest.mark.parametrize(("status", "code"), [(400, 20009), (400, 50110), (403, 400001)])
async def test_refused_clips_are_linked_one_by_one(room: Room, status: int, code: int) -> None:
    refuse_once(room, status, code)
    assert await room.show(VIDEO, clips=CLIPS)
    assert "[clip 1](https://cdn.test/1.mp4)" in description(room)
    assert room.message.files == []
    assert "Discord" in description(room)


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_missing_permission_to_attach_is_named(room: Room, *, allowed: bool) -> None:
    """As certain where the bot's roles show it."""
    set_permissions(room, attach_files=allowed, embed_links=True)
    refuse_once(room, 403, 50013)
    assert await room.show(GRID, late(room), picture=PICTURE)
    assert room.routes == [f"{CHANNEL} 403", f"{CHANNEL} 200"]
    named = "probably **Attach Files**" if allowed else "the permission **Attach Files**"
    assert "I'm not allowed to attach the picture here." in description(room)
    assert named in description(room)
    assert room.message.embeds[0]["image"]["url"] == GRID.image_url


async def test_a_missing_permission_for_embeds_leaves_text_buttons_and_files(room: Room) -> None:
    set_permissions(room, attach_files=True, embed_links=False)
    refuse_once(room, 403, 50013)
    assert await room.show(GRID, late(room), picture=PICTURE)
    assert room.routes == [f"{CHANNEL} 403", f"{CHANNEL} 200"]
    assert (room.message.embeds, [file.name for file in room.message.files]) == ([], [PICTURE.name])
    assert room.message.content.startswith(f"**{DONE}**\n")
    assert "the permission **Embed Links**" in room.message.content
    assert "U1" in [part.get("label") for part in room.message.buttons]
    await room.show(GRID, late(room))
    assert (room.message.content, title(room.message)) == ("", DONE)


@pytest.mark.parametrize("code", [50013, 50006])
async def test_plain_text_links_the_picture(room: Room, code: int) -> None:
    """Without both permissions, or where Discord drops the embed and finds nothing left."""
    set_permissions(room, attach_files=False, embed_links=False)
    status = 403 if code == 50013 else 400
    room.server.fail("PATCH", "*", status, {"code": code}, times=2)
    assert not await room.show(GRID, late(room), picture=PICTURE)
    assert f"[Open the picture](<{GRID.image_url}>)" in room.message.content or (
        f"[Open the picture]({GRID.image_url})" in room.message.content
    )
    assert (room.message.embeds, room.message.files) == ([], [])


@pytest.mark.parametrize(
    ("seen", "more"), [(task(status=Status.FAILURE), {}), (RUNNING, {"phase": JobEnding.NOT_SENT})]
)
async def test_every_ending_is_drawn_as_text_where_embeds_are_not_allowed(
    room: Room, seen: Task, more: dict[str, Any]
) -> None:
    refuse_once(room, 403, 50013)
    await room.show(seen, late(room), **more)
    assert room.message.content.startswith("**❌ ")
    assert "probably **Embed Links**" in room.message.content


_CLOSED = [
    (400, 50083, "the thread is archived"),
    (403, 160005, "the thread is locked"),
    (403, 50001, "the bot cannot see the channel"),
    (401, 0, "the bot's token is not accepted"),
    (404, 0, "the address is unknown"),
    (400, 40004, "sending messages is disabled for now"),
    (429, 30046, "messages older than an hour were edited too often"),
    (403, 20028, "too much was written in the channel"),
]


@pytest.mark.parametrize(("status", "code", "reason"), _CLOSED)
async def test_a_closed_place_is_drawn_later(room: Room, status: int, code: int, reason: str) -> None:
    """One request says so, except for rate limits, for which discord.py waits; progress is left out quietly."""
    room.server.fail("PATCH", "*", status, {"code": code, "retry_after": 0.001}, times=None)
    with pytest.raises(DisplayRefused, match=reason):
        await room.show(GRID, late(room), picture=PICTURE)
    assert len(room.routes) == (5 if status == 429 else 1)
    assert not await room.show(RUNNING, late(room))


_REFUSED = [(400, 50035), (400, 200000), (403, 240000), (405, 0), (409, 0), (418, 0), (403, 50013), (400, 999999)]


@pytest.mark.parametrize(("status", "code"), _REFUSED)
@pytest.mark.parametrize("by_token", [True, False])
async def test_what_is_refused_to_the_end_is_drawn_later(room: Room, status: int, code: int, *, by_token: bool) -> None:
    """Without files, without others' words, without an embed, without buttons: then later again, never silently."""
    room.server.fail("PATCH", "*", status, {"code": code}, times=None)
    with pytest.raises(DisplayRefused):
        await room.show(GRID, room.place() if by_token else late(room), picture=PICTURE)
    bodies = [one.body for one in room.server.requests if one.method == "PATCH"]
    assert len(bodies) == 4
    assert bodies[-1]["components"] == []
    assert "attachments" not in bodies[-1]
    before = len(room.routes)
    assert not await room.show(RUNNING, room.place() if by_token else late(room))
    assert len(room.routes) > before


_NOT_OF_THE_TOKEN = [(404, 0), (401, 0), (401, 40001), (403, 777123), (403, 50007), (403, 60003), (403, 40002)]


@pytest.mark.parametrize(("status", "code"), _NOT_OF_THE_TOKEN)
async def test_a_private_message_outlives_a_refusal_that_does_not_name_its_token(
    room: Room, status: int, code: int
) -> None:
    """A refused progress is left out or drawn simpler; a refused file is linked, all by the same token."""
    private = room.place(ephemeral=True, reachable=False)
    for seen, files in ((RUNNING, {}), (GRID, {"picture": PICTURE})):
        refuse_once(room, status, code)
        await room.show(seen, private, **files)
    assert title(room.message) == DONE
    assert f"[Open the picture]({GRID.image_url})" in description(room)
    room.server.fail("PATCH", "*", status, {"code": code}, times=None)
    assert not await room.show(RUNNING, private)
    with pytest.raises(DisplayRefused):
        await room.show(GRID, private, picture=PICTURE)
    assert all(route.startswith("PATCH /webhooks") for route in room.routes)
    room.server.faults.clear()
    assert await room.show(GRID, private, picture=PICTURE)
    assert [file.name for file in room.message.files] == [PICTURE.name]


@pytest.mark.parametrize(("status", "code"), [(404, 0), (403, 777123), (401, 0)])
async def test_a_token_is_kept_where_the_bot_has_no_access(room: Room, status: int, code: int) -> None:
    """The file alone is refused on the token's route, and everything on the bot's."""
    room.server.fail("PATCH", "/channels/*", 403, {"code": 50001}, times=None)
    room.server.fail("PATCH", "/webhooks/*", status, {"code": code})
    assert await room.show(GRID, picture=PICTURE)
    assert room.routes == [f"PATCH /webhooks {status}", f"{CHANNEL} 403", "PATCH /webhooks 200"]


@pytest.mark.parametrize(("status", "code"), [(404, 10003), (404, 10008), (403, 50005), (403, 50021)])
async def test_only_what_can_never_be_edited_again_is_gone(room: Room, status: int, code: int) -> None:
    room.server.fail("PATCH", "*", status, {"code": code}, times=None)
    with pytest.raises(PlaceGone):
        await room.show(GRID, late(room), picture=PICTURE)
    assert len(room.routes) == 1


@pytest.mark.parametrize("filter_code", [200000, 240000])
async def test_a_filter_and_a_refused_file_at_once(room: Room, filter_code: int) -> None:
    """The careful drawing has no link, only the reason."""
    refuse_once(room, 400, filter_code)
    refuse_once(room, 400, 20009)
    assert not await room.show(GRID, picture=PICTURE)
    assert "explicit content" in description(room)
    assert "](" not in description(room)


async def test_a_bot_that_is_timed_out_says_until_when_in_the_log(room: Room) -> None:
    """Its permissions are those of a timed out member, which would name everything."""
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    guild.me.timed_out_until = discord.utils.utcnow() + timedelta(hours=1)
    room.server.fail("PATCH", "*", 403, {"code": 50013}, times=None)
    with pytest.raises(DisplayRefused, match=r"timed out in .+ until \d{4}-\d\d-\d\d \d\d:\d\d UTC"):
        await room.show(GRID, late(room))
    assert len(room.routes) == 1  # nothing simpler is tried


@pytest.mark.parametrize(
    ("is_shown", "status", "said"),
    [
        (True, Status.SUCCESS, "your U2 is ready: "),
        (False, Status.SUCCESS, "your U2 is finished, but its message doesn't show it, and says why: "),
        (False, Status.FAILURE, "your U2 has ended: "),
    ],
)
async def test_a_notification_is_true(room: Room, status: Status, said: str, *, is_shown: bool) -> None:
    await room.display.notify_requester(room.job(pressed="U2"), task(status=status), is_shown=is_shown)
    [sent] = [one for one in room.server.requests if one.method == "POST"]
    assert said in sent.body["content"]


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (400, 50083), (403, 50013)])
async def test_a_message_for_a_paid_task_is_sent_later(room: Room, status: int, code: int) -> None:
    """Where nothing may be sent now, for a task whose message was lost."""
    room.server.fail("POST", "/channels/*", status, {"code": code})
    job = room.job(replace(late(room), message_id=-5), pressed="U2")
    with pytest.raises(DisplayRefused):
        await room.display.send_message(job)
    await room.display.send_message(job)
    sent = [one for one in room.server.requests if one.method == "POST"][-1]
    assert sent.body["embeds"][0]["title"] == SENDING.title


@pytest.mark.parametrize(("status", "code"), [(400, 50083), (403, 160005)])
async def test_a_message_in_a_closed_thread_is_not_deleted_now(room: Room, status: int, code: int) -> None:
    room.server.fail("DELETE", "/channels/*", status, {"code": code})
    with pytest.raises(DisplayRefused):
        await room.display.delete(room.place())
    await room.display.delete(room.place())
    assert room.message.deleted


def set_permissions(room: Room, **granted: bool) -> None:
    """Let the cache know what the bot's only role may do in the server."""
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    permissions = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True, **granted)
    for role in guild.me.roles:
        role._permissions = permissions.value


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (400, 50083), (403, 50001)])
async def test_refused_progress_is_not_tried_for_five_minutes(room: Room, status: int, code: int) -> None:
    """Discord blocks the address of a bot that is refused too often; an end is tried all the same."""
    room.server.fail("PATCH", "*", status, {"code": code}, times=None)
    await room.show(RUNNING, late(room))
    tried = len(room.routes)
    for _ in range(10):
        await room.show(RUNNING, late(room))
    assert len(room.routes) == tried
    with pytest.raises(DisplayRefused):
        await room.show(GRID, late(room))
    ended = len(room.routes)
    assert ended > tried
    room.time.time += timedelta(minutes=6)
    await room.show(RUNNING, late(room))
    assert len(room.routes) > ended
