"""Spoilers: pictures outside age-restricted channels are attachments that Discord hides, never part of an embed."""

from dataclasses import replace

import discord
import pytest

from bot.entities import AgePolicy, ServerRules
from bot.midjourney.task import Status
from bot.scene import FileRefusal
from cogs.messaging.channels.server_rules_cache import FRESH_SECONDS, ServerRulesCache
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.spoilers import Spoilers
from tests.cogs.messaging.editor_room import GRID, PICTURE, RUNNING, Room, answered
from tests.fakes.clock import FakeClock
from tests.fakes.sample_entities import task
from tests.fakes.store import FakeStore

HIDDEN = ServerRules(age_policy=AgePolicy.SPOILER)
SPOILER_NAME = f"SPOILER_{PICTURE.name}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock, room: Room) -> FakeStore:
    """The rules of the room's server, which hide pictures; the room's editor reads them."""
    store = FakeStore(clock.now)
    store.rules.servers[room.place().guild_id] = HIDDEN
    room.display = open_editor(room, store, clock)
    return store


def open_editor(room: Room, store: FakeStore, clock: FakeClock) -> DiscordMessageEditor:
    """Make the editor of one process."""
    spoilers = Spoilers(room.client, ServerRulesCache(store.rules, clock.clock.monotonic))
    turns = RateLimiter(clock.clock.monotonic, clock.sleep)
    return DiscordMessageEditor(room.client, turns, clock.clock, spoilers)


def get_channel(room: Room) -> discord.TextChannel:
    channel = room.client.get_channel(room.message.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return channel


def shown(room: Room) -> tuple[list[str], bool]:
    """Return the names of the message's files, and whether its embed shows a picture."""
    return [file.name for file in room.message.files], "image" in room.message.embeds[0]


async def test_pictures_previews_and_clips_are_hidden_outside_the_embed(room: Room, store: FakeStore) -> None:
    await room.show(RUNNING, picture=replace(PICTURE, name="preview.png"))
    assert shown(room) == (["SPOILER_preview.png"], False)
    assert await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([SPOILER_NAME], False)
    assert room.message.files[0].description
    clip = replace(PICTURE, name="clip1.mp4")
    await room.show(task(status=Status.SUCCESS, action="VIDEO", video_urls=["https://cdn.test/1.mp4"]), clips=(clip,))
    assert shown(room) == (["SPOILER_clip1.mp4"], False)


async def test_a_preview_that_is_only_linked_is_not_shown(room: Room, store: FakeStore) -> None:
    await room.show(task(progress=46, image_url="https://cdn.test/preview.png"))
    assert shown(room) == ([], False)
    assert "cdn.test" not in room.message.embeds[0]["description"]


async def test_a_picture_that_is_not_attached_is_linked_once(room: Room, store: FakeStore) -> None:
    assert await room.show(GRID)
    assert shown(room) == ([], False)
    assert room.message.embeds[0]["description"].count("[Open the picture](") == 1
    assert await room.show(GRID, file_refusal=FileRefusal.TOO_LARGE)
    assert room.message.embeds[0]["description"].count("[Open the picture](") == 1


async def test_private_answers_are_hidden_too(room: Room, store: FakeStore) -> None:
    room.act, room.message = answered(room.server, room.server.channels[0], ephemeral=True)
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([SPOILER_NAME], False)


async def test_another_process_decides_by_the_rules_of_that_moment(
    room: Room, store: FakeStore, clock: FakeClock
) -> None:
    """Nothing is stored with the job: the rule counts that holds when the picture is drawn."""
    store.rules.servers.clear()
    await room.show(RUNNING, picture=replace(PICTURE, name="preview.png"))
    assert shown(room) == (["preview.png"], True)
    store.rules.servers[room.place().guild_id] = HIDDEN
    room.display = open_editor(room, store, clock)
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([SPOILER_NAME], False)


async def test_a_finished_picture_goes_by_a_change_of_just_now_and_an_outage_by_the_last_known_rule(
    room: Room, store: FakeStore, clock: FakeClock
) -> None:
    await room.show(RUNNING, picture=PICTURE)
    store.down = True
    await clock.advance(2 * FRESH_SECONDS)
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([SPOILER_NAME], False)
    store.down = False
    store.rules.servers.clear()
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([PICTURE.name], True)


@pytest.mark.parametrize("policy", [AgePolicy.ALLOW, AgePolicy.REFUSE])
async def test_other_policies_hide_nothing(room: Room, store: FakeStore, policy: AgePolicy) -> None:
    store.rules.servers[room.place().guild_id] = ServerRules(age_policy=policy)
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([PICTURE.name], True)


async def test_an_age_restricted_channel_shows_pictures(room: Room, store: FakeStore) -> None:
    get_channel(room).nsfw = True
    await room.show(GRID, picture=PICTURE)
    assert shown(room) == ([PICTURE.name], True)


@pytest.mark.parametrize(("is_restricted", "name"), [(True, PICTURE.name), (False, SPOILER_NAME)])
async def test_a_thread_follows_its_parent(room: Room, store: FakeStore, *, is_restricted: bool, name: str) -> None:
    parent = get_channel(room)
    parent.nsfw = is_restricted
    thread = make_thread(parent)
    parent.guild._add_thread(thread)
    await room.show(GRID, room.place(channel_id=thread.id), picture=PICTURE)
    assert [file.name for file in room.message.files] == [name]


async def test_an_unknown_channel_is_not_taken_for_an_age_restricted_one(room: Room, store: FakeStore) -> None:
    get_channel(room).nsfw = True
    await room.show(GRID, room.place(channel_id=42), picture=PICTURE)
    assert [file.name for file in room.message.files] == [SPOILER_NAME]


async def test_direct_messages_have_no_rules(room: Room, store: FakeStore) -> None:
    await room.show(GRID, room.place(guild_id=0), picture=PICTURE)
    assert shown(room) == ([PICTURE.name], True)


def make_thread(parent: discord.TextChannel) -> discord.Thread:
    data = {
        "id": "77",
        "guild_id": str(parent.guild.id),
        "parent_id": str(parent.id),
        "owner_id": "1",
        "name": "thread",
        "type": 11,
        "member_count": 1,
        "message_count": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 60,
            "archive_timestamp": "2026-11-28T00:00:00+00:00",
            "locked": False,
        },
    }
    return discord.Thread(guild=parent.guild, state=parent._state, data=data)  # type: ignore[arg-type]
