"""The gallery gets each finished public picture once, and never one that the age policy keeps out of it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.entities import Job
from bot.imaging.reencode import Picture
from bot.midjourney.task import Status
from bot.tracking.result_files import ResultFiles
from bot.tracking.result_message import ResultContent
from cogs.messaging.channels.channel_feed import MAX_WAITING_BYTES, list_channel_problems
from cogs.messaging.channels.gallery import Gallery
from tests.cogs.messaging.channels.conftest import ChannelsWorld
from tests.fakes.discord_channels import GALLERY_ID, GUILD_ID, refusal
from tests.fakes.sample_entities import job, place, task

PICTURE = Picture(b"x" * 64, "a_lighthouse_1.png", 4, 4, is_reencoded=False)


@pytest.fixture
def gallery(channels: ChannelsWorld) -> Gallery:
    bot: Any = channels.client
    world = channels
    return Gallery(bot, world.store, world.rules, world.rate_limiter, world.supervisor, world.clock.clock)


def result(status: Status = Status.SUCCESS, picture: Picture | None = PICTURE, **more: Any) -> ResultContent:  # noqa: ANN401
    return ResultContent(task(status=status, **more), ResultFiles(picture), is_picture_pending=False)


async def finish(channels: ChannelsWorld, gallery: Gallery, done: ResultContent | None = None, **more: Any) -> Job:  # noqa: ANN401
    given: dict[str, Any] = {"claim_id": 1, **more}
    finished = job(**given)
    await channels.store.open_job(finished)
    gallery.post_result(finished, done or result())
    await channels.clock.advance(30)
    return finished


async def test_picture_is_posted_with_who_prompt_and_link(channels: ChannelsWorld, gallery: Gallery) -> None:
    await finish(channels, gallery)
    (sent,) = channels.client.sent
    assert (sent.channel_id, sent.files) == (GALLERY_ID, ("a_lighthouse_1.png",))
    assert sent.text == (
        "[lien](<https://discord.com/users/1>) · **a lighthouse** · [message](https://discord.com/channels/6/5/700)"
    )
    assert channels.client.alt_texts == ["a lighthouse"]


@pytest.mark.parametrize(
    ("more", "done"),
    [
        pytest.param({"place": place(ephemeral=True)}, result(), id="private"),
        pytest.param({"place": replace(place(), guild_id=0)}, result(), id="direct message"),
        pytest.param({"claim_id": 0}, result(), id="followed only"),
        pytest.param({}, result(Status.FAILURE), id="failed"),
        pytest.param({}, result(action="DESCRIBE", properties={"finalZhPrompt": "x"}, promptEn="1. a fox"), id="text"),
        pytest.param({"place": replace(place(), channel_id=GALLERY_ID)}, result(), id="drawn in the gallery"),
    ],
)
async def test_nothing_else_is_posted(
    channels: ChannelsWorld, gallery: Gallery, more: dict[str, Any], done: ResultContent
) -> None:
    await finish(channels, gallery, done, **more)
    assert channels.client.tries == 0


@pytest.mark.parametrize(("hidden", "posts"), [({5}, 0), ({GALLERY_ID}, 1), ({5, GALLERY_ID}, 1)])
async def test_picture_from_a_hidden_channel_is_posted_only_where_the_same_people_read(
    channels: ChannelsWorld, gallery: Gallery, hidden: set[int], posts: int
) -> None:
    channels.client.hidden = hidden
    await finish(channels, gallery)
    assert channels.client.tries == posts


async def test_picture_is_posted_once_by_all_processes_and_watches(channels: ChannelsWorld, gallery: Gallery) -> None:
    finished = await finish(channels, gallery)
    other = Gallery(
        channels.client,  # type: ignore[arg-type]
        channels.store.view_as("another process"),
        channels.rules,
        channels.rate_limiter,
        channels.supervisor,
        channels.clock.clock,
    )
    for each in (gallery, other):
        each.post_result(finished, result())
        await channels.clock.advance(30)
    assert len(channels.client.sent) == 1


@pytest.mark.parametrize("outcome", [refusal(503), TimeoutError()])
async def test_picture_that_discord_may_have_taken_is_not_sent_again(
    channels: ChannelsWorld, gallery: Gallery, outcome: Exception
) -> None:
    channels.client.outcomes = [outcome]
    await finish(channels, gallery)
    await channels.clock.advance(600)
    assert channels.client.tries == 1


@pytest.mark.parametrize(
    ("policy", "restricted", "files"),
    [
        ("allow", set[int](), ["a_lighthouse_1.png"]),
        ("spoiler", set[int](), ["SPOILER_a_lighthouse_1.png"]),
        ("refuse", set[int](), []),
        ("spoiler", {GALLERY_ID}, ["a_lighthouse_1.png"]),
        ("refuse", {GALLERY_ID, 5}, ["a_lighthouse_1.png"]),
        ("allow", {5}, []),
        ("spoiler", {5}, []),
    ],
)
async def test_age_policy_holds_in_the_gallery(
    channels: ChannelsWorld, gallery: Gallery, policy: str, restricted: set[int], files: list[str]
) -> None:
    channels.set_rules(age_policy=policy)
    channels.client.restricted = restricted
    await finish(channels, gallery)
    assert [name for one in channels.client.sent for name in one.files] == files


async def test_refused_picture_is_only_linked(channels: ChannelsWorld, gallery: Gallery) -> None:
    channels.client.outcomes = [refusal(400, 20009)]
    await finish(channels, gallery)
    assert [one.files for one in channels.client.sent] == [()]


async def test_burst_is_batched_and_uses_bounded_memory(channels: ChannelsWorld, gallery: Gallery) -> None:
    large = replace(PICTURE, data=bytes(MAX_WAITING_BYTES // 8))
    for number in range(1, 12):
        paid = job(number, claim_id=number)
        await channels.store.open_job(paid)
        gallery.post_result(paid, result(picture=large))
    await channels.clock.advance(120)
    sent = channels.client.sent
    assert [len(one.files) for one in sent] == [3, 3, 2]
    assert "… and 3 more pictures" in "".join(channels.client.lines)


async def test_server_without_a_gallery_costs_nothing(channels: ChannelsWorld, gallery: Gallery) -> None:
    channels.set_rules(gallery_channel_id=0)
    await finish(channels, gallery)
    assert channels.client.tries == 0
    assert channels.store.posted == set()


async def test_gallery_that_lacks_attach_files_is_named(channels: ChannelsWorld, gallery: Gallery) -> None:
    channels.client.missing = {"attach_files"}
    await finish(channels, gallery)
    assert "**Attach Files**" in gallery.find_problem(GUILD_ID)
    assert list_channel_problems((gallery, gallery), GUILD_ID) == [gallery.find_problem(GUILD_ID)]
    channels.rules.forget(GUILD_ID)
    assert gallery.find_problem(GUILD_ID)
    channels.rules.note_change(GUILD_ID)
    assert list_channel_problems((gallery,), GUILD_ID) == []
