"""Interactions become places: how a message is reached, and by whom it was asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from simcord.http.router import RequestContext

from bot.entities import Job
from tests.worlds.simcord import Actor, SimcordWorld, open_simcord_world


async def followed(w: SimcordWorld, actor: Actor, **options: object) -> Job:
    """Follow a running task and return its job's place as the store keeps it."""
    result = await w.slash(actor, "mjstatus", id=w.relay.add_task("grid"), **options)
    assert result.response is not None
    return await written(w, result.response.id)


async def written(w: SimcordWorld, message_id: int) -> Job:
    """Return the job of that message, once the store has it."""
    for _ in range(300):
        job = await w.app.store.find_job(message_id)
        if job is not None:
            return job
        await w.clock.sleep(0.1)
    raise AssertionError("no job was written")


async def test_a_servers_channel_is_reached_by_the_bot_too(tmp_path: Path) -> None:
    """The place holds the token for fifteen minutes, and the channel for ever."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member)
        assert job.place.reachable
        assert (job.place.channel_id, job.place.guild_id) == (w.channel.id, w.guild.id)
        assert job.place.application_id == w.env.backend.application_id
        left = job.place.token_expires_at - datetime.now(UTC)
        assert timedelta(minutes=14) < left <= timedelta(minutes=15, seconds=1)
        assert (job.requester.id, job.requester.name) == (w.member.id, "lien")


async def test_a_private_message_is_reached_by_its_token_only(tmp_path: Path) -> None:
    """The bot itself can never edit what only one person sees."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member, private=True)
        assert job.place.ephemeral
        assert not job.place.reachable


def made_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Discord make every message private from now on, as it does with some of a person's own install."""
    body = RequestContext.body

    def changed(self: RequestContext) -> dict[str, Any]:
        given: dict[str, Any] = body(self)
        if self.method == "POST" and self.path.endswith("/callback") and given["type"] in {4, 5}:
            return {**given, "data": {**(given.get("data") or {}), "flags": 64}}
        return {**given, "flags": 64} if self.method == "POST" and "/webhooks/" in self.path else given

    monkeypatch.setattr(RequestContext, "body", changed)


async def test_what_discord_makes_private_is_reached_by_its_token_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord's answer says how a message is, whatever was asked for: the command's, those after it, and a child."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        made_private(monkeypatch)
        two = f"{w.relay.add_task('grid')} {w.relay.add_task('grid')}"
        commanded = await w.slash(w.member, "mjstatus", id=two)
        clicked = await w.click(w.member, grid, "U2")
        assert commanded.response is not None
        await w.until(lambda: commanded.followups and clicked.followups)
        for message in (commanded.response, commanded.followups[0], clicked.followups[0]):
            assert message.ephemeral
            job = await written(w, message.id)
            assert (True, False) == (job.place.ephemeral, job.place.reachable)


async def test_the_bots_own_dm_is_reached(tmp_path: Path) -> None:
    """A DM with the bot has no server, and the bot may write there."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member.user)
        assert job.place.reachable
        assert job.place.guild_id == 0
        assert job.place.link.startswith("https://discord.com/channels/@me/")


@pytest.mark.parametrize(
    "change",
    [{"app_permissions": "0"}, {"guild_id": "4711", "guild": {"id": "4711", "features": [], "locale": "en-US"}}],
)
async def test_a_hidden_channel_is_reached_by_token_only(tmp_path: Path, change: dict[str, Any]) -> None:
    """A channel hidden from the bot, or a server it is not in, leaves the token as the only way."""
    async with open_simcord_world(tmp_path) as w:
        w.payloads = lambda payload: payload.update(change)
        job = await followed(w, w.member)
        assert not job.place.reachable
