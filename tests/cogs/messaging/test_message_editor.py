"""Jobs are drawn by a real discord.py client on a loopback Discord, by whichever way still reaches the message."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import DisplayFailed, DisplayRefused, PlaceGone, PlaceUnreachable
from bot.midjourney.task import Status
from bot.scene import JobEnding, PictureLink
from cogs.languages import Language, get_language
from cogs.languages.catalogs import CATALOGS
from cogs.messaging.rate_limits import RESPONSE_TIMEOUT_SECONDS
from cogs.views.task_states import SENDING
from tests.cogs.messaging.editor_room import CHANNEL, GRID, PICTURE, PIXEL, RUNNING, TOKEN, Room, answered, title
from tests.fakes.catalog import PseudoCatalog, find_untranslated
from tests.fakes.clock import START
from tests.fakes.sample_entities import task
from tests.wire.loopback import Upload


async def test_the_token_is_used_while_it_lives_then_the_channel(room: Room) -> None:
    """After a quarter of an hour the bot itself edits the same message."""
    await room.show(RUNNING)
    room.time.time += timedelta(minutes=15)
    await room.show(GRID)
    assert room.routes == [f"{TOKEN} 200", f"{CHANNEL} 200"]
    assert title(room.message) == "✅ Four pictures in 39 s"


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015), (401, 0), (404, 0), (403, 50009)])
async def test_a_token_that_died_early_is_not_tried_again(room: Room, status: int, code: int) -> None:
    """The channel takes over at once, and for good."""
    room.server.fail("PATCH", "/webhooks/*", status, {"code": code})
    await room.show(RUNNING)
    await room.show(GRID)
    assert room.routes == [f"{TOKEN} {status}", f"{CHANNEL} 200", f"{CHANNEL} 200"]


async def test_dead_tokens_are_forgotten_when_they_would_have_expired(room: Room) -> None:
    """What is remembered of them does not grow."""
    room.server.fail("PATCH", "/webhooks/*", 401, {"code": 50027}, times=None)
    for n in range(5):
        expires = room.time.time + timedelta(minutes=15)
        await room.show(RUNNING, room.place(token=f"dead-{n}", token_expires_at=expires))
        room.time.time += timedelta(minutes=16)
    assert len(room.display._routes._dead_tokens) == 1


async def test_a_message_that_only_a_dead_token_reached_is_unreachable(room: Room) -> None:
    """An ephemeral message has no other way."""
    act, message = answered(room.server, room.server.channels[0], ephemeral=True)
    place = room.place(message, token=act.token)
    await room.show(RUNNING, place)
    room.server.expire(act)
    with pytest.raises(PlaceUnreachable):
        await room.show(GRID, place)
    with pytest.raises(PlaceUnreachable):
        await room.show(GRID, place)
    assert room.routes == [f"{TOKEN} 200", f"{TOKEN} 401"]


@pytest.mark.parametrize("code", [10008, 10003, 10004])
@pytest.mark.parametrize("by_token", [True, False])
async def test_an_edit_of_a_deleted_message_raises_place_gone(room: Room, code: int, *, by_token: bool) -> None:
    """Whichever way it was tried: no second try."""
    room.server.fail("PATCH", "*", 404, {"code": code}, times=None)
    expires = START + timedelta(minutes=15 if by_token else -1)
    with pytest.raises(PlaceGone):
        await room.show(GRID, room.place(token_expires_at=expires))
    assert len(room.routes) == 1


async def test_a_deleted_message_is_gone_and_a_hidden_channel_is_not(room: Room) -> None:
    """As Discord itself tells them, without a script."""
    late = room.place(token_expires_at=START)
    await room.server.set_visible(room.server.channels[0], visible=False)
    with pytest.raises(DisplayRefused, match="View Channels"):
        await room.show(GRID, late)
    room.message.deleted = True
    with pytest.raises(PlaceGone):
        await room.show(GRID)


@pytest.mark.parametrize("path", ["/webhooks/*", "/channels/*"])
@pytest.mark.parametrize("code", [0, 40333])
@pytest.mark.parametrize(("times", "is_bare"), [(1, False), (2, True)])
async def test_a_message_that_a_firewall_refuses_is_drawn_more_simply(
    room: Room, path: str, code: int, times: int, *, is_bare: bool
) -> None:
    """At once: carefully, then without buttons; no other message waits for it."""
    room.server.fail("PATCH", path, 403, {"code": code}, times=times)
    await room.show(GRID, room.place(token_expires_at=START + timedelta(minutes=15 if "web" in path else -1)))
    assert title(room.message) == "✅ Four pictures in 39 s"
    assert "lighthouse" not in room.message.embeds[0]["description"]
    assert (room.message.components == []) is is_bare
    assert len(room.routes) == times + 1
    assert room.time.slept == []


async def test_an_edit_that_is_never_answered_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is drawn anew with the next news, an end until Discord takes it."""
    monkeypatch.setattr("cogs.messaging.message_drawing.REQUEST_TIMEOUT_SECONDS", 0.05)
    room.server.fail("PATCH", "*", 500, times=2, delay=3600)
    await room.show(RUNNING)
    await room.show(GRID)
    assert title(room.message) == "✅ Four pictures in 39 s"


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (400, 200000), (403, 240000)])
async def test_what_discord_refuses_is_drawn_carefully_once(room: Room, status: int, code: int) -> None:
    """The second drawing leaves out the prompt and all emoji on buttons."""
    room.server.fail("PATCH", "/webhooks/*", status, {"code": code})
    await room.show(GRID, picture=PICTURE)
    assert room.routes == [f"{TOKEN} {status}", f"{TOKEN} 200"]
    assert "lighthouse" not in room.message.embeds[0]["description"]
    assert [part.get("emoji") for row in room.message.components for part in row["components"]] == [None] * 11
    assert [file.name for file in room.message.files] == [PICTURE.name]


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (413, 0), (400, 40005)])
async def test_a_picture_that_is_too_large_is_linked(room: Room, status: int, code: int) -> None:
    """The link stands where the attachment would have."""
    room.server.fail("PATCH", "/webhooks/*", status, {"code": code})
    await room.show(GRID, picture=PICTURE)
    assert room.message.embeds[0]["image"]["url"] == GRID.image_url
    assert room.message.files == []


@pytest.mark.parametrize("status", [500, 502, 0])
async def test_a_final_edit_is_retried_until_discord_accepts_it(room: Room, status: int) -> None:
    """Failures of Discord's own, and cut connections, are waited out with growing pauses."""
    room.server.fail("PATCH", "/webhooks/*", status, times=10 if status else 2)
    await room.show(GRID)
    assert title(room.message) == "✅ Four pictures in 39 s"
    assert [pause for pause in room.time.slept if pause in {1.0, 2.0, 4.0}] == [1.0, 2.0]


async def test_a_final_edit_as_the_bot_is_retried_until_discord_accepts_it(room: Room) -> None:
    """The same on the other route, for an ending of ours; 503 is one that discord.py itself does not retry."""
    room.server.fail("PATCH", "/channels/*", 503)
    await room.show(RUNNING, room.place(token_expires_at=START), phase=JobEnding.WATCH_TIMEOUT)
    assert room.routes == [f"{CHANNEL} 503", f"{CHANNEL} 200"]


async def test_progress_is_tried_once(room: Room) -> None:
    """The next news will replace it."""
    room.server.fail("PATCH", "/webhooks/*", 0)
    await room.show(RUNNING)
    assert (room.routes, room.time.slept) == ([f"{TOKEN} 0"], [])


async def test_a_final_edit_that_never_succeeds_is_reported(room: Room) -> None:
    """After two minutes of tries: its caller draws it later."""
    room.server.fail("PATCH", "/webhooks/*", 0, times=None)
    with pytest.raises(DisplayFailed):
        await room.show(GRID)
    assert len(room.routes) == 8


async def test_a_refusal_between_failures_is_still_redrawn(room: Room) -> None:
    """A 400 and then a 5xx: the careful drawing is tried again too."""
    room.server.fail("PATCH", "/webhooks/*", 400, {"code": 50035})
    room.server.fail("PATCH", "/webhooks/*", 0)
    room.server.fail("PATCH", "/webhooks/*", 400, {"code": 50035})
    await room.show(GRID)
    assert room.routes == [f"{TOKEN} 400", f"{TOKEN} 0", f"{TOKEN} 400", f"{TOKEN} 200"]


async def test_a_429_is_retried_after_its_wait(room: Room) -> None:
    """discord.py waits as long as Discord says, then sends it again."""
    room.server.fail("PATCH", "/webhooks/*", 429, {"retry_after": 0.01})
    await room.show(RUNNING)
    assert room.routes == [f"{TOKEN} 429", f"{TOKEN} 200"]


async def test_an_edit_waits_for_the_end_of_an_ip_ban(room: Room) -> None:
    """A 429 that does not say for how long is Cloudflare's: ends are told a minute later, progress is not."""
    room.server.fail("PATCH", "/webhooks/*", 429, {"retry_after": 0.0}, times=11)
    await room.show(RUNNING)
    await room.show(GRID)
    assert room.time.slept.count(60.0) == 2
    assert title(room.message) == "✅ Four pictures in 39 s"


async def test_attachments_arrive_and_stay_or_go(room: Room) -> None:
    """A preview gives way, the picture has its name and alt text, later drawings leave it, a failure has none."""
    preview = replace(PICTURE, name="preview.png")
    await room.show(RUNNING, picture=preview)
    assert [file.name for file in room.message.files] == ["preview.png"]
    await room.show(RUNNING)
    assert room.message.files == []
    await room.show(RUNNING, picture=preview)
    await room.show(GRID, picture=PICTURE)
    [file] = room.message.files
    assert (file.name, file.description, file.content) == (PICTURE.name, "a lighthouse at dawn --ar 3:2 --v 7", PIXEL)
    assert room.message.embeds[0]["image"]["url"] == f"attachment://{PICTURE.name}"
    await room.show(GRID, picture_link=PictureLink.DEAD)
    assert room.message.files == [file]
    await room.show(task(status=Status.FAILURE), picture=None)
    assert room.message.files == []


async def test_clips_arrive_together_and_are_linked_where_discord_takes_none(room: Room) -> None:
    """The embed shows none of them; a request that is too large is sent again without any."""
    clips = replace(PICTURE, name="clip1.mp4"), None, replace(PICTURE, name="clip3.mp4")
    video = task(status=Status.SUCCESS, action="VIDEO", image_url="", video_urls=["https://cdn.test/1.mp4"] * 3)
    await room.show(video, clips=clips)
    assert [file.name for file in room.message.files] == ["clip1.mp4", "clip3.mp4"]
    assert "image" not in room.message.embeds[0]
    room.server.fail("PATCH", "/webhooks/*", 413)
    await room.show(video, clips=clips)
    assert "[clip 1]" in room.message.embeds[0]["description"]


async def test_a_notification_says_what_it_is_about(room: Room) -> None:
    """Not everything that a command makes is a picture."""
    for action, what in (("DESCRIBE", "description"), ("SHORTEN", "list of shorter prompts"), ("VIDEO", "clip")):
        await room.display.notify_requester(room.job(), task(status=Status.SUCCESS, action=action), is_shown=True)
        said = [one.body["content"] for one in room.server.requests if one.method == "POST"][-1]
        assert f"your {what} " in said


async def test_a_public_notification_replies_and_mentions_one(room: Room) -> None:
    """Only the requester is mentioned, whatever the button's name, and the reply pings no other member."""
    await room.display.notify_requester(room.job(pressed="@everyone <@1> **U2**" + "x" * 5000), GRID, is_shown=True)
    [said] = [one for one in room.server.requests if one.method == "POST"]
    member = room.server.member.id
    assert said.path == f"/channels/{room.message.channel.id}/messages"
    assert said.body["content"].startswith(rf"<@{member}> your \@everyone \<@1\> \*\*U2\*\*")
    assert said.body["content"].endswith(f"is ready: {room.place().link}")
    assert said.body["allowed_mentions"] == {"parse": [], "users": [member]}
    assert int(said.body["message_reference"]["message_id"]) == room.message.id


async def test_a_private_notification_is_private(room: Room) -> None:
    """As private as the message, by its token; of a failure it says that it has ended."""
    act, message = answered(room.server, room.server.channels[0], ephemeral=True)
    await room.display.notify_requester(
        room.job(room.place(message, token=act.token)), task(status=Status.FAILURE), is_shown=True
    )
    [followup] = act.followups
    assert followup.ephemeral
    assert followup.content.startswith(f"<@{room.server.member.id}> your picture has ended: ")


async def test_an_unreachable_message_notifies_no_one(room: Room) -> None:
    """Neither an expired token nor a channel that is gone raises."""
    await room.display.notify_requester(
        room.job(room.place(reachable=False, token_expires_at=START)), GRID, is_shown=True
    )
    visible = room.job()
    room.message.channel.visible = False
    await room.display.notify_requester(visible, GRID, is_shown=True)
    assert room.routes == ["POST /channels 403"]


async def test_turns_are_taken_on_the_route_that_will_be_used(room: Room) -> None:
    """Four by the token, then two seconds; four by the channel, then five: after those before have been answered."""
    for number in range(5):
        await room.show_nothing(room.place(message_id=number))
    assert sum(room.time.slept) == pytest.approx(RESPONSE_TIMEOUT_SECONDS + 2.0, abs=0.2)
    for number in range(5):
        await room.show_nothing(room.place(message_id=number, token_expires_at=START))
    assert sum(room.time.slept) == pytest.approx(2 * RESPONSE_TIMEOUT_SECONDS + 7.0, abs=0.4)


async def test_an_unused_turn_is_kept_for_the_next_edit(room: Room) -> None:
    """The next drawing of that message waits for no other, unless the turn has grown too old."""
    for _ in range(9):
        await room.show_nothing()
    assert [] == room.time.slept
    for number in range(4):
        await room.show_nothing(room.place(message_id=number))
    await room.show_nothing()
    assert sum(room.time.slept) > RESPONSE_TIMEOUT_SECONDS


async def test_an_edit_uses_its_turn(room: Room) -> None:
    """Four drawings by one token are answered; the fifth waits two seconds from then, and no longer."""
    for _ in range(5):
        await room.show(GRID)
    assert sum(room.time.slept) == pytest.approx(2.0, abs=0.2)


async def test_thousands_of_drawings_open_few_connections(room: Room) -> None:
    """What a start has to draw goes out 64 at a time, and all of it does."""
    answers = asyncio.Event()
    slow = room.server.fail("PATCH", "*", None, times=None, hold=answers)
    shown = [answered(room.server, room.server.channels[0]) for _ in range(100)]
    places = [room.place(message, token=act.token) for act, message in shown]
    drawing = [asyncio.create_task(room.show(GRID, place)) for place in places]
    async with asyncio.timeout(60):
        while slow.held < 64:  # noqa: ASYNC110 - a request that waits is no event of the server
            await asyncio.sleep(0.01)
    answers.set()
    await asyncio.gather(*drawing)
    assert (slow.most_held, len(room.routes)) == (64, 100)


async def test_a_final_edit_waits_for_no_progress(room: Room) -> None:
    """However much of it goes out, and however slowly Discord takes it."""
    answers = asyncio.Event()
    slow = room.server.fail("PATCH", "*", None, times=32, hold=answers)
    shown = [answered(room.server, room.server.channels[0]) for _ in range(40)]
    places = [room.place(message, token=act.token) for act, message in shown]
    drawing = [asyncio.create_task(room.show(RUNNING, place)) for place in places]
    async with asyncio.timeout(60):
        while slow.held < 32:  # noqa: ASYNC110 - a request that waits is no event of the server
            await asyncio.sleep(0.01)
        await room.show(GRID)
    assert not any(one.done() for one in drawing)
    answers.set()
    await asyncio.gather(*drawing)
    assert len(room.routes) == 41


async def test_a_picture_is_found_in_an_earlier_message(room: Room) -> None:
    """In the embed that shows it, or beside it."""
    await room.show(GRID, picture=PICTURE)
    [file] = room.message.files
    assert file.url == await room.display.fetch_attachment_url(room.place())
    bare = room.server.plant(room.server.channels[0], {"content": "x"}, uploads=[Upload("a.png", PIXEL)])
    assert bare.files[0].url == await room.display.fetch_attachment_url(room.place(bare))


async def test_no_picture_is_found_where_there_is_none(room: Room) -> None:
    """A foreign link is no copy, and a private or lost message is none either."""
    await room.show(GRID)
    assert await room.display.fetch_attachment_url(room.place()) == ""
    assert await room.display.fetch_attachment_url(room.place(ephemeral=True)) == ""
    assert await room.display.fetch_attachment_url(room.place(reachable=False)) == ""
    room.message.deleted = True
    assert await room.display.fetch_attachment_url(room.place()) == ""


async def test_a_message_is_deleted_as_the_bot(room: Room) -> None:
    """Though its token lives; one that is gone already is no news."""
    await room.display.delete(room.place())
    assert room.message.deleted
    await room.display.delete(room.place())
    assert [one.path.split("/")[1] for one in room.server.requests if one.method == "DELETE"] == ["channels"] * 2


async def test_an_unreachable_message_is_deleted_by_token(room: Room) -> None:
    """While that lives."""
    with pytest.raises(PlaceUnreachable):
        await room.display.delete(room.place(reachable=False, token_expires_at=START))
    assert not room.message.deleted
    for _ in range(2):
        await room.display.delete(room.place(reachable=False))
        assert room.message.deleted


async def test_a_channel_hidden_from_the_bot_is_edited_by_token(room: Room) -> None:
    """A missing permission closes one way only."""
    room.server.fail("DELETE", "/channels/*", 403, {"code": 50001})
    await room.display.delete(room.place())
    assert room.message.deleted
    room.server.fail("DELETE", "/webhooks/*", 401, {"code": 50027})
    with pytest.raises(PlaceUnreachable):
        await room.display.delete(room.place(reachable=False))


async def test_a_failed_deletion_is_reported(room: Room) -> None:
    """The person may try again."""
    room.server.fail("DELETE", "/channels/*", 500, {}, times=None)
    with pytest.raises(DisplayFailed):
        await room.display.delete(room.place())


async def test_a_file_may_be_as_large_as_the_server_allows(room: Room) -> None:
    """Ten MiB, and more where the server was boosted and the bot is in it."""
    assert room.display.max_file_bytes(room.place()) == 10 * 1024 * 1024
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    guild.premium_tier = 2
    assert room.display.max_file_bytes(room.place()) == 50 * 1024 * 1024
    assert room.display.max_file_bytes(room.place(reachable=False)) == 10 * 1024 * 1024
    assert room.display.max_file_bytes(room.place(guild_id=0)) == 10 * 1024 * 1024


async def test_messages_that_answer_an_interaction_are_found(room: Room) -> None:
    """Not those of other interactions, of people, or private ones."""
    channel = room.server.channels[0]
    second = room.server.plant(channel, {"content": "y"}, by=room.act)
    answered(room.server, channel)
    room.server.plant(channel, {"content": "a person's"}, room.server.member)
    room.server.plant(channel, {"content": "private", "flags": 64}, by=room.act)
    found = await room.display.find_messages(room.place(), room.act.id)
    assert found == [room.place(), room.place(second)]


@pytest.mark.parametrize("more", [{"ephemeral": True}, {"reachable": False}])
async def test_messages_are_not_searched_where_the_bot_cannot_read(room: Room, more: dict[str, Any]) -> None:
    assert await room.display.find_messages(room.place(**more), room.act.id) == []


@pytest.mark.parametrize(("status", "is_temporary"), [(403, False), (404, False), (500, True), (503, True)])
async def test_search_that_discord_refuses_finds_nothing(room: Room, status: int, *, is_temporary: bool) -> None:
    """A failure is told, as a later search may succeed."""
    room.server.fail("GET", "/channels/*", status, {"code": 0}, times=None)
    if not is_temporary:
        assert await room.display.find_messages(room.place(), room.act.id) == []
        return
    with pytest.raises(DisplayFailed):
        await room.display.find_messages(room.place(), room.act.id)


@pytest.mark.parametrize(
    ("pressed", "what"), [("U2", "U2"), ("Vary (*Strong*)", r"Vary (\*Strong\*)"), ("", "request")]
)
async def test_requester_is_told_privately_what_was_not_sent(room: Room, pressed: str, what: str) -> None:
    await room.display.notify_unsent(room.job(room.place(), pressed=pressed))
    told = room.act.followups[-1]
    assert told.ephemeral
    assert told.content == (
        f"I was restarted before I could send your {what}, so you weren't charged. Press it again. A message "
        "that still says *Sending* won't change."
    )


async def test_requester_is_told_in_the_language_of_the_message(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made, or pressed, is named in that language too."""
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, PseudoCatalog())
    here = room.place(language=Language.VIETNAMESE)

    await room.display.notify_unsent(room.job(here))
    await room.display.notify_requester(room.job(here), task(status=Status.SUCCESS, action="VIDEO"), is_shown=True)

    posted = [one.body["content"] for one in room.server.requests if one.method == "POST"]
    assert [find_untranslated(text) for text in (room.act.followups[-1].content, posted[-1])] == [[], []]
    assert get_language() is Language.ENGLISH


async def test_requester_whose_token_has_expired_is_not_told(room: Room) -> None:
    room.time.time += timedelta(minutes=16)
    await room.display.notify_unsent(room.job(room.place(), pressed="U2"))
    assert room.act.followups == []


@pytest.mark.parametrize("minutes", [0, 16])
async def test_paid_task_without_a_message_gets_one(room: Room, minutes: int) -> None:
    """By the token, or as the bot once that has expired."""
    room.time.time += timedelta(minutes=minutes)
    place = await room.display.send_message(room.job(replace(room.place(), message_id=-5), pressed="U2"))
    assert place.message_id > 0
    [sent] = [one for one in room.server.requests if one.method == "POST"]
    assert sent.body["embeds"][0]["title"] == SENDING.title


async def test_paid_task_whose_place_cannot_be_reached_gets_no_message(room: Room) -> None:
    room.time.time += timedelta(minutes=16)
    with pytest.raises(PlaceUnreachable):
        await room.display.send_message(room.job(room.place(reachable=False), pressed="U2"))
    assert [one for one in room.server.requests if one.method == "POST"] == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(404, 0, DisplayRefused), (403, 777123, DisplayRefused), (401, 0, DisplayRefused), (401, 50027, PlaceUnreachable)],
)
@pytest.mark.parametrize("reachable", [True, False])
async def test_a_refused_message_of_a_paid_task_is_sent_again_by_a_token_that_lives(
    room: Room, status: int, code: int, error: type[Exception], *, reachable: bool
) -> None:
    """Also where the bot itself is refused too."""
    job = room.job(room.place(message_id=-5, reachable=reachable), pressed="U2")
    room.server.fail("POST", "/webhooks/*", status, {"code": code})
    room.server.fail("POST", "/channels/*", 403, {"code": 50001})
    with pytest.raises(DisplayRefused if reachable else error):
        await room.display.send_message(job)
    if error is DisplayRefused:
        assert (await room.display.send_message(job)).message_id > 0
        assert room.routes[-1] == "POST /webhooks 200"


@pytest.mark.parametrize(("status", "error"), [(403, DisplayFailed), (404, DisplayRefused), (503, DisplayFailed)])
async def test_why_a_paid_task_gets_no_message(room: Room, status: int, error: type[Exception]) -> None:
    room.time.time += timedelta(minutes=16)
    room.server.fail("POST", "/channels/*", status, {"code": 0}, times=None)
    with pytest.raises(error):
        await room.display.send_message(room.job(room.place(), pressed="U2"))
