"""Reporting a message and resolving the report, on discord.py's own machinery and a real database."""

import re
from pathlib import Path

import discord
import pytest
from simcord import ChannelHandle, InteractionResult, MemberActor

from bot.entities import Person, Report, ReportReason, ReportState, ServerRules
from bot.features.reports import REPORTS_PER_HOUR
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import TaskCustomId
from tests.worlds.simcord import GUILD_ID, SimcordWorld, buttons, open_simcord_world, rows

REASON = {"reason": ["hate"], "comment": "look *here* @everyone"}


async def moderator(w: SimcordWorld, name: str = "mod") -> MemberActor:
    role = w.guild.create_role(name, permissions=discord.Permissions(manage_messages=True))
    return w.guild.add_member(w.env.create_user(name), roles=[role])


async def open_log(w: SimcordWorld, name: str = "log") -> ChannelHandle:
    """Give the server a log channel."""
    log = w.guild.create_text_channel(name)
    rules = ServerRules(log_channel_id=log.id)
    await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (rules, ()))
    w.app.server_rules.note_change(GUILD_ID)
    return log


async def report(w: SimcordWorld, actor: MemberActor, message: discord.Message) -> str:
    """Report a message, and return the answer."""
    form = await w.menu(actor, message, "Report")
    assert form.modal is not None, w.said(form)
    answer = await w.act(actor.submit_modal(form, REASON))
    return await w.told(answer)


async def line(w: SimcordWorld, log: ChannelHandle, *words: str) -> discord.Message:
    """Wait for the line about a report that says these words."""

    def find() -> discord.Message | None:
        return next(
            (one for one in log.history() if "🚩" in one.content and all(word in one.content for word in words)), None
        )

    return await w.until(find)


async def click(w: SimcordWorld, actor: MemberActor, message: discord.Message, label: str) -> InteractionResult:
    return await w.click(actor, message, label)


async def test_report_is_one_line_with_buttons_and_resolved_once(tmp_path: Path) -> None:
    """Two people report a message; after a restart one moderator dismisses it, and the second is told so."""
    async with open_simcord_world(tmp_path) as w:
        log = await open_log(w)
        first, second = await moderator(w), await moderator(w, "second")
        task_id = w.relay.add_task("grid", prompt="a secret fox")
        grid = await w.finished(task_id)
        assert await report(w, w.stranger, grid) == (
            "Reported. The moderators of this server and the operator of this bot can see it, with your name. The "
            "person who asked for the picture isn't told."
        )
        shown = await line(w, log, "1 person reported a message")
        assert f"[message]({grid.jump_url}) · task `{task_id}`" in shown.content
        assert re.search(
            rf"- <@{w.stranger.id}>, <t:\d+:R>: Hate or harassment · look \\\*here\\\* \\@everyone", shown.content
        )
        assert "fox" not in shown.content
        assert rows(shown) == [["Delete", "Block", "Dismiss"]]
        assert "You have reported that message before" in await report(w, w.stranger, grid)
        await report(w, w.member, grid)
        shown = await line(w, log, "2 people reported a message")
        assert len([one for one in log.history() if "🚩" in one.content]) == 1

        await w.restart()
        refused = await click(w, w.member, shown, "Dismiss")
        assert "Only moderators" in await w.told(refused)
        # As in another process, which has not edited the line yet.
        [report_id] = {int(str(one.custom_id).split(":")[4]) for one in buttons(shown)}
        await w.app.reports.dismiss(report_id, Person(first.id, "mod"))
        late = await click(w, second, shown, "Delete")
        assert re.match(rf"<@{first.id}> resolved this <t:\d+:R>, by dismissing it\.", await w.told(late))
        done = await line(w, log, f"✅ <@{first.id}> dismissed this")
        assert rows(done) == []
        assert w.message(grid.id) is not None
        changes = await w.app.store.rules.list_changes(GUILD_ID, 10)
        assert [(one.what, one.after) for one in changes] == [(f"report of message {grid.id}", ReportState.DISMISSED)]
        assert not w.env.errors


async def test_moderator_deletes_the_message(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        log = await open_log(w)
        mod = await moderator(w)
        grid = await w.finished(w.relay.add_task("grid"))
        await report(w, w.stranger, grid)
        await click(w, mod, await line(w, log), "Delete")
        await line(w, log, f"✅ <@{mod.id}> deleted the message")
        assert w.message(grid.id) is None
        assert not w.env.errors


async def test_moderator_blocks_the_requester_by_the_rules_of_mjblock(tmp_path: Path) -> None:
    """With hours and a reason; a moderator can't block another one, and hours must be a number."""
    async with open_simcord_world(tmp_path) as w:
        log = await open_log(w)
        mod = await moderator(w)
        grid = await w.finished(w.relay.add_task("grid"))
        own = await w.finished(w.relay.add_task("grid"), mod)
        await report(w, w.stranger, own)
        shown = await line(w, log)
        form = await click(w, mod, shown, "Block")
        assert "can't block yourself" in await w.told(await w.act(mod.submit_modal(form, {})))

        await report(w, w.stranger, grid)
        shown = await line(w, log, str(grid.id))
        form = await click(w, mod, shown, "Block")
        answer = await w.act(mod.submit_modal(form, {"hours": "soon"}))
        assert "The hours must be a number above 0" in await w.told(answer)
        form = await click(w, mod, shown, "Block")
        await w.act(mod.submit_modal(form, {"hours": "24", "why": "spam"}))
        await line(w, log, f"✅ <@{mod.id}> blocked the person")
        [block] = await w.app.moderation.list_blocks(GUILD_ID)
        assert (block.person_id, block.reason, block.until is None) == (w.member.id, "spam", False)
        assert not w.env.errors


async def test_without_a_log_channel_reports_wait_in_the_panels(tmp_path: Path) -> None:
    """Managers and the operator see them, page by page, with the same buttons."""
    async with open_simcord_world(tmp_path) as w:
        role = w.guild.create_role("manager", permissions=discord.Permissions(manage_guild=True))
        manager = w.guild.add_member(w.env.create_user("manager"), roles=[role])
        grids = [await w.finished(w.relay.add_task("grid")) for _ in range(5)]
        for grid in grids:
            await report(w, w.stranger, grid)
        answer = await w.slash(manager, "mjserver")
        assert answer.response is not None
        panel = await w.titled(answer.response.id, "Set up")
        await w.click(manager, panel, "Skip the guide")
        panel = await w.titled(panel.id, "Server settings: Who")
        page = next(
            str(part.custom_id) for row in panel.components for part in getattr(row, "children", [])
            if ":page:" in str(part.custom_id)
        )  # fmt: skip
        await w.act(manager.select(panel, ["log"], custom_id=page))
        panel = await w.titled(panel.id, "Server settings: Log")
        await w.click(manager, panel, "Open reports: 5")
        listed = await w.titled(panel.id, "Open reports")
        assert "5 messages have open reports." in str(listed.embeds[0].description)
        assert [row[0] for row in rows(listed)] == ["1. Delete", "2. Delete", "3. Delete", "4. Delete", "◀"]
        await w.click(manager, listed, "▶")
        listed = await w.until(lambda: _find_rows(w, panel.id, 2))
        await w.click(manager, listed, "1. Dismiss")
        listed = await w.until(lambda: _find_rows(w, panel.id, 5))
        assert listed.content == "✅ The report is dismissed."
        await w.click(manager, listed, "Back")
        await w.titled(panel.id, "Server settings: Log")

        answer = await w.slash(w.owner, "mjadmin")
        assert answer.response is not None
        panel = await w.titled(answer.response.id, "Servers")
        await w.click(w.owner, panel, "Everything")
        panel = await w.titled(panel.id, "Everything")
        await w.click(w.owner, panel, "Open reports: 4")
        listed = await w.titled(panel.id, "Open reports")
        assert f"server `{GUILD_ID}`" in str(listed.embeds[0].description)
        form = await w.click(w.owner, listed, "1. Block")
        await w.act(w.owner.submit_modal(form, {}))
        await w.until(lambda: "blocked" in str((w.message(panel.id) or panel).content))
        assert [one.person_id for one in await w.app.moderation.list_blocks(0)] == [w.member.id]
        assert not w.env.errors


def _find_rows(w: SimcordWorld, message_id: int, count: int) -> discord.Message | None:
    message = w.message(message_id)
    buttons = rows(message) if message else []
    is_list = bool(buttons) and buttons[0][0] == "1. Delete"
    return message if is_list and len(buttons) == count else None


async def test_what_cannot_be_reported_is_said(tmp_path: Path) -> None:
    """A member's message, a private one, and more than a few an hour."""
    async with open_simcord_world(tmp_path) as w:
        theirs = await w.member.send(w.channel, "hello")
        told = await w.told(await w.menu(w.stranger, theirs, "Report"))
        assert told.startswith("I can only pass on reports of my own messages.")
        grid = await w.finished(w.relay.add_task("grid"))
        for number in range(REPORTS_PER_HOUR - 1):
            await w.app.store.reports.add_report(_make_report(w, number), since=w.clock.now(), most=99)
        assert (await report(w, w.stranger, grid)).startswith("Reported.")
        other = await w.finished(w.relay.add_task("grid"))
        assert "You can report 5 messages an hour." in await report(w, w.stranger, other)
        assert not w.env.errors


def _make_report(w: SimcordWorld, number: int) -> Report:
    return Report(
        guild_id=GUILD_ID, channel_id=1, message_id=number + 1, task_id="", reporter_id=w.stranger.id,
        reason=ReportReason.OTHER, comment="", made_at=w.clock.now(),
    )  # fmt: skip


@pytest.mark.parametrize("hides", [True, False])
async def test_operator_gets_a_line_of_their_own(tmp_path: Path, *, hides: bool) -> None:
    """With the server's id; a line that is resolved there is edited in the server's log too."""
    async with open_simcord_world(tmp_path) as w:
        log = await open_log(w)
        mine = w.guild.create_text_channel("operator")
        await w.app.operator_rules.set_log_channel(w.owner.id, mine.id)
        grid = await w.finished(w.relay.add_task("grid"))
        await report(w, w.stranger, grid)
        shown = await line(w, mine, f"server `{GUILD_ID}`")
        await line(w, log)
        if hides:
            assert "Only the operator" in await w.told(await w.act(w.stranger.click(shown, label="Dismiss")))
        await click(w, w.owner, shown, "Dismiss")
        for where in (mine, log):
            assert rows(await line(w, where, f"✅ <@{w.owner.id}> dismissed this")) == []
        assert not w.env.errors


async def test_report_in_a_direct_message_reaches_the_operator(tmp_path: Path) -> None:
    """By its button; the line names no channel that the operator can't open, and Delete works."""
    async with open_simcord_world(tmp_path) as w:
        mine = w.guild.create_text_channel("operator")
        await w.app.operator_rules.set_log_channel(w.owner.id, mine.id)
        dm, actor = w.stranger.user.dm_channel, w.stranger.user
        task_id = w.relay.add_task("grid")
        followed = await w.slash(actor, "mjstatus", id=task_id)
        assert followed.response is not None
        grid = await w.pictured(followed.response.id, channel=dm)
        custom_id = TaskCustomId(ButtonKind.REPORT, task_id).custom_id
        button = {"type": 2, "style": 2, "label": "Report", "custom_id": custom_id}
        w.env.backend.messages[dm.id][grid.id].components = [{"type": 1, "components": [button]}]
        form = await w.act(actor.click(grid, custom_id=custom_id))
        told = await w.told(await w.act(actor.submit_modal(form, REASON)))
        assert told.startswith("Reported. The operator of this bot can see it, with your name.")
        shown = await line(w, mine, "in a direct message")
        assert "discord.com/channels" not in shown.content
        await click(w, w.owner, shown, "Delete")
        await line(w, mine, f"✅ <@{w.owner.id}> deleted the message")
        assert w.message(grid.id, channel=dm) is None
        assert not w.env.errors


async def test_refused_log_channel_leaves_the_report_in_the_list(tmp_path: Path) -> None:
    """The person who reports is told the same; the next report of the message gets both into the channel."""
    async with open_simcord_world(tmp_path) as w:
        log = await open_log(w)
        grid = await w.finished(w.relay.add_task("grid"))
        w.env.inject_error("POST", f"/channels/{log.id}/messages", status=403, code=50013, times=1)
        assert (await report(w, w.stranger, grid)).startswith("Reported. The moderators of this server")
        await w.until(lambda: w.requests("POST", f"/channels/{log.id}/messages"))
        assert await w.app.reports.count_open_cases(GUILD_ID) == 1
        await report(w, w.member, grid)
        await line(w, log, "2 people reported a message")
        assert len(log.history()) == 1
        assert not w.env.errors


async def test_deleted_line_is_sent_again_while_its_case_is_open(tmp_path: Path) -> None:
    """A case that is resolved gets no new one."""
    async with open_simcord_world(tmp_path) as w:
        log, mod = await open_log(w), await moderator(w)
        grid = await w.finished(w.relay.add_task("grid"))
        await report(w, w.stranger, grid)
        await mod.delete(await line(w, log))
        await report(w, w.member, grid)
        shown = await line(w, log, "2 people reported a message")
        [report_id] = {int(str(one.custom_id).split(":")[4]) for one in buttons(shown)}
        await mod.delete(shown)
        await w.app.reports.dismiss(report_id, Person(mod.id, "mod"))
        patched = w.requests("PATCH", f"/channels/{log.id}/messages")
        w.app.report_lines.show(report_id)
        await w.until(lambda: w.requests("PATCH", f"/channels/{log.id}/messages") > patched)
        await report(w, mod, await w.finished(w.relay.add_task("grid")))
        await line(w, log, "1 person reported a message")
        assert len(log.history()) == 1
        assert not w.env.errors


async def test_line_survives_a_discord_that_refuses_to_edit_it(tmp_path: Path) -> None:
    """It is not sent a second time, and its buttons still work."""
    async with open_simcord_world(tmp_path) as w:
        log, mod = await open_log(w), await moderator(w)
        grid = await w.finished(w.relay.add_task("grid"))
        await report(w, w.stranger, grid)
        shown = await line(w, log)
        w.env.inject_error("PATCH", f"/channels/{log.id}/messages/*", status=403, code=50001, times=1)
        await report(w, w.member, grid)
        await w.until(lambda: w.requests("PATCH", f"/channels/{log.id}/messages"))
        await click(w, mod, shown, "Dismiss")
        await line(w, log, f"✅ <@{mod.id}> dismissed this", "2 people")
        assert len(log.history()) == 1
        assert not w.env.errors
