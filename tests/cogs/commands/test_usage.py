"""/mjusage, on discord.py's own machinery and a real database."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord import MemberActor

from bot.entities import Claim, ClaimState, Cost, LedgerOutcome, LimitSetting, Period
from bot.imaging.chart_drawer import ChartDrawer
from tests.worlds.simcord import GUILD_ID, Actor, SimcordWorld, open_simcord_world, rows

PNG = b"\x89PNG\r\n\x1a\n"
ALL_PAGES = ["You", "This server", "Everything"]


@pytest.fixture(autouse=True)
def _patient_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a chart take as long as it needs on a busy machine."""
    monkeypatch.setattr(ChartDrawer.__init__, "__kwdefaults__", {"seconds": 600.0})


async def spend(w: SimcordWorld, person_id: int, number: int = 1, **more: Any) -> None:  # noqa: ANN401
    """Write a claim as a request leaves it: accepted, with an expected price."""
    changes = {"action": "IMAGINE", "expected": Decimal("0.10"), "currency": "USD", "channel_id": w.channel.id}
    guild_id = more.pop("guild_id", GUILD_ID)
    claim = Claim(
        id=10_000 + number,
        person_id=person_id,
        guild_id=guild_id,
        message_id=0,
        task_id="",
        button=f"imagine:{number}",
        made_at=w.clock.now(),
        cost=Cost(**{**changes, **more}),
    )
    await w.app.store.create_claim(claim, lambda _: None)
    await w.app.store.settle_claim(claim.id, ClaimState.ACCEPTED, f"900{number}", submits=1)


def may_manage(w: SimcordWorld, member: MemberActor) -> int:
    """Let a member manage the server; return the role's id."""
    role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    w.env.backend.get_guild(GUILD_ID).members[member.id].role_ids.append(role.id)
    return role.id


async def opened(w: SimcordWorld, actor: Actor) -> discord.Message:
    """Run the command and return its message."""
    answer = (await w.slash(actor, "mjusage")).response
    assert answer is not None
    assert answer.ephemeral
    return await shown(w, answer.id, "Your usage", actor)


async def shown(w: SimcordWorld, message_id: int, title: str, actor: Actor) -> discord.Message:
    channel = None if isinstance(actor, MemberActor) else actor.dm_channel
    return await w.titled(message_id, title, channel=channel)


def text_of(message: discord.Message) -> str:
    embed = message.embeds[0]
    return "\n".join([embed.description or "", *(f"{one.name}: {one.value}" for one in embed.fields)])


async def test_a_member_sees_their_own_usage(tmp_path: Path) -> None:
    """Today, this month, what is left, and the last requests; nothing about others, and no other page."""
    async with open_simcord_world(tmp_path) as w:
        await spend(w, w.member.id, 1)
        await spend(w, w.member.id, 2, is_private=True, action="VIDEO")
        await spend(w, w.stranger.id, 3, expected=Decimal(70))
        await w.app.store.ledger.confirm({10_002: Decimal("0.25")}, "USD")
        message = await opened(w, w.member)
        text = text_of(message)
        assert "Today: 2 jobs · about $0.35 ($0.10 of it not confirmed yet)" in text
        assert "**28** of 30 jobs today (you, everywhere), resets <t:" in text
        assert "**497** of 500 jobs today (everyone together)" in text
        assert "Video · $0.25 · running · private" in text
        assert "Imagine · about $0.10 · running" in text
        assert "70" not in text
        assert rows(message) == [["Refresh"]]
        assert not w.public
        assert not w.env.errors


async def test_without_prices_only_jobs_are_counted(tmp_path: Path) -> None:
    """No sum of money is shown anywhere, neither in limits nor in the report."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await w.app.store.rules.change_server_rules(
            GUILD_ID,
            lambda now: (
                now.model_copy(update={"member_limits": (LimitSetting(period=Period.MONTH, amount=Decimal(5)),)}),
                (),
            ),
        )
        await spend(w, w.member.id, expected=None, currency="")
        message = await opened(w, w.member)
        assert "Today: 1 job\n" in text_of(message)
        await w.click(w.member, message, "This server")
        report = await w.titled(message.id, "Usage of this server")
        assert f"`{1:>2}` <@{w.member.id}> · 1 job" in text_of(report)
        assert "$" not in text_of(message) + text_of(report)
        assert "🟦 jobs" in text_of(report)


async def test_a_manager_sees_the_server_with_a_chart(tmp_path: Path) -> None:
    """By person, action and day; in each range; after a restart too."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await spend(w, w.member.id, 1, expected=Decimal(2))
        await spend(w, w.stranger.id, 2, expected=Decimal(7), action="VIDEO")
        await spend(w, w.stranger.id, 3, expected=Decimal(40), guild_id=5)
        message = await opened(w, w.member)
        assert rows(message) == [["You", "This server"], ["Refresh"]]
        await w.click(w.member, message, "This server")
        report = await w.titled(message.id, "Usage of this server")
        assert rows(report) == [
            ["You", "This server"],
            ["Today", "7 days", "This month", "Last month"],
            ["By person", "By action", "By day"],
            ["CSV file"],
        ]
        lines = (report.embeds[0].description or "").splitlines()
        assert lines[1] == "**Total**: 2 jobs · about $9.00"
        assert lines[3:5] == [
            f"` 1` <@{w.stranger.id}> · 1 job · about $7.00",
            f"` 2` <@{w.member.id}> · 1 job · about $2.00",
        ]
        assert report.attachments[0].filename == "usage.png"
        assert (await report.attachments[0].read()).startswith(PNG)
        assert "1: 7" in (report.attachments[0].description or "")
        await w.restart()
        await w.click(w.member, report, "By action")
        await w.until(lambda: "Video · 1 job" in text_of(w.message(message.id) or report))
        await w.click(w.member, w.message(message.id) or report, "Last month")
        last = await w.until(lambda: _with(w, message, "Nothing was drawn in this time."))
        assert not last.attachments
        await w.click(w.member, last, "You")
        assert await w.titled(message.id, "Your usage")
        assert not w.env.errors


def _with(w: SimcordWorld, message: discord.Message, text: str) -> discord.Message | None:
    now = w.message(message.id)
    return now if now and text in text_of(now) else None


async def test_rights_are_checked_at_every_click(tmp_path: Path) -> None:
    """A manager who is none any more gets one sentence, and no figures."""
    async with open_simcord_world(tmp_path) as w:
        role_id = may_manage(w, w.member)
        message = await opened(w, w.member)
        await w.click(w.member, message, "This server")
        report = await w.titled(message.id, "Usage of this server")
        w.env.backend.get_guild(GUILD_ID).members[w.member.id].role_ids.remove(role_id)
        for label in ("By day", "CSV file"):
            told = await w.told(await w.click(w.member, report, label))
            assert told.startswith("Only people with the permission **Manage Server** can see")
        assert not w.env.errors


async def test_the_operator_sees_all_servers(tmp_path: Path) -> None:
    """By server too, with the names that are known; also in a DM, where there is no server."""
    async with open_simcord_world(tmp_path) as w:
        await spend(w, w.member.id, 1)
        await spend(w, w.member.id, 2, guild_id=4711, expected=Decimal(1))
        await spend(w, w.member.id, 3, guild_id=0, expected=Decimal(2))
        message = await opened(w, w.owner)
        assert rows(message)[0] == ALL_PAGES
        await w.click(w.owner, message, "Everything")
        report = await w.titled(message.id, "Usage of all servers")
        await w.click(w.owner, report, "By server")
        named = await w.until(lambda: _with(w, message, "Art"))
        lines = (named.embeds[0].description or "").splitlines()
        assert [line.split(" · ")[0] for line in lines[3:6]] == ["` 1` Direct messages", "` 2` `4711`", "` 3` Art"]
        assert not w.env.errors


async def test_an_unknown_button_is_explained(tmp_path: Path) -> None:
    """As one of a newer version."""
    async with open_simcord_world(tmp_path) as w:
        message = await opened(w, w.member)
        stored: Any = w.env.backend.messages[w.channel.id][message.id]
        stored.components[0]["components"][0]["custom_id"] = "mj:usage:page:forecast:month:person"
        now = w.message(message.id)
        assert now is not None
        told = await w.told(await w.click(w.member, now, custom_id="mj:usage:page:forecast:month:person"))
        assert told == "I no longer know this button. Run `/mjusage` for fresh ones."


async def test_a_chart_that_fails_does_not_lose_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await spend(w, w.member.id)

        async def draw(_: Sequence[object]) -> None:
            return None

        monkeypatch.setattr(w.app.charts, "draw", draw)
        message = await opened(w, w.member)
        await w.click(w.member, message, "This server")
        report = await w.titled(message.id, "Usage of this server")
        assert "The chart couldn't be drawn now." in text_of(report)
        assert not report.attachments


async def test_the_ledger_comes_as_a_file(tmp_path: Path) -> None:
    """Of this server only, without the link of a private request."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await spend(w, w.member.id, 1, model="=cmd()")
        await spend(w, w.member.id, 2, is_private=True)
        await spend(w, w.member.id, 3, guild_id=4711)
        await w.app.store.ledger.save_outcomes(["9001"], LedgerOutcome.DONE)
        message = await opened(w, w.member)
        await w.click(w.member, message, "This server")
        report = await w.titled(message.id, "Usage of this server")
        result = await w.click(w.member, report, "CSV file")
        told = await w.told(result)
        assert told.startswith("All 2 requests of this time. Ids begin with #")
        [file] = result.followups[0].attachments
        assert file.filename == "ledger.csv"
        text = (await file.read()).decode("utf-8-sig")
        newest, oldest = csv.DictReader(StringIO(text, newline=""))
        assert (newest["private"], newest["link"], newest["outcome"]) == ("yes", "", "running")
        assert (oldest["model"], oldest["person"], oldest["outcome"]) == ("'=cmd()", f"#{w.member.id}", "done")
        assert not w.env.errors


async def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        message = await opened(w, w.member)
        store: Any = w.app.store
        store.database._closed = True
        for act in (w.slash(w.member, "mjusage"), w.click(w.member, message, "This server")):
            assert "can't reach my database" in await w.told(await act)


async def test_the_operator_sees_everything_in_a_dm(tmp_path: Path) -> None:
    """There is no server there; others get only their own usage."""
    async with open_simcord_world(tmp_path) as w:
        await spend(w, w.member.id, 1)
        for user, pages in ((w.owner.user, ["You", "Everything"]), (w.member.user, ["Refresh"])):
            answer = (await w.slash(user, "mjusage")).response
            assert answer is not None
            message = await w.until(lambda answer=answer: _with_embed(w, answer))  # type: ignore[misc]
            assert rows(message)[0] == pages


def _with_embed(w: SimcordWorld, answer: discord.Message) -> discord.Message | None:
    for messages in w.env.backend.messages.values():
        stored = messages.get(answer.id)
        if stored is not None and stored.embeds:
            return simcord.results.to_discord_message(w.env, stored)
    return None


async def test_a_person_who_cannot_draw_is_told_why(tmp_path: Path) -> None:
    """As a press would be; but nothing was asked for, so nothing is said about a charge."""
    async with open_simcord_world(tmp_path, daily_submits_per_person=1) as w:
        await spend(w, w.member.id)
        text = text_of(await opened(w, w.member))
        assert text.startswith("**You can't draw here now.** ")
        assert "charged" not in text
        assert "\u26d4 **0** of 1 jobs today" in text
