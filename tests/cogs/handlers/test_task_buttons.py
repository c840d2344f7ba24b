"""Clicks and forms, on discord.py's own machinery, a real relay and a real database."""

import asyncio
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from bot.entities import ClaimState, PersonSettings
from bot.midjourney.buttons import hash_custom_id
from sandbox.relay import RelaySettings
from tests.worlds.simcord import GUILD_ID, SimcordWorld, button, open_simcord_world, rows, title_of

GREEN, GRAY = discord.ButtonStyle.success, discord.ButtonStyle.secondary
SLOW = RelaySettings(seconds_per_task=0.2, submit_seconds=3.0, picture_side=64)


async def settled(w: SimcordWorld) -> None:
    """Wait until no claim is on its way any more."""
    for _ in range(600):
        if not await w.app.store.list_claims(ClaimState.SUBMITTING):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a claim is still on its way")


def style(w: SimcordWorld, message: discord.Message, label: str) -> discord.ButtonStyle:
    """Return how a button looks now."""
    found = w.message(message.id)
    assert found is not None
    return button(found, label).style


# ---------------------------------------------------------------------------------------------------- a press


async def test_a_child_is_shown_before_the_relay_has_answered(tmp_path: Path) -> None:
    """A slow submit doesn't delay the answer: the click is acknowledged, and the child shows that it is sending."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", delay=600, passes=True)
        pressed = await w.click(w.member, parent, "U2")
        assert pressed.acknowledged
        child = await w.child(pressed, "📨 Sending")
        assert child.embeds[0].author.name == "lien pressed U2"
        assert not w.relay.submits


async def test_a_press_lives_to_its_picture(tmp_path: Path) -> None:
    """One submit; the child ends with the picture and links to its parent, whose button is green and enabled."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        pressed = await w.click(w.member, parent, "U2")
        child = await w.child(pressed, "✅ Picture 2")
        assert f"from [these four]({parent.jump_url})" in (child.embeds[0].description or "")
        assert (await w.pictured(child.id)).attachments
        await w.until(lambda: style(w, parent, "U2") is GREEN)
        shown = w.message(parent.id)
        assert shown is not None
        assert not button(shown, "U2").disabled
        assert style(w, parent, "U1") is GRAY
        assert title_of(shown).startswith("✅ Four pictures")
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/action"]
        assert not w.env.errors


async def test_what_is_on_its_way_is_linked_and_not_sent_again(tmp_path: Path) -> None:
    """While the child is unfinished, a second press by anyone gets a private link to it."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=30, picture_side=64)) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        pressed = await w.click(w.member, parent, "V1")
        child = await w.child(pressed, "")
        await w.until(lambda: style(w, parent, "V1") is GREEN)
        again = await w.click(w.stranger, parent, "V1")
        said = await w.told(again)
        assert "Already on its way" in said
        assert child.jump_url in said
        assert len(w.relay.submits) == 1
        assert len(w.public) == 2


async def test_a_u_already_done_is_linked_unpaid(tmp_path: Path) -> None:
    """The second U2 is the same picture, so it always answers with the link."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, parent, "U2"), "✅")
        await w.until(lambda: style(w, parent, "U2") is GREEN)
        said = await w.told(await w.click(w.stranger, parent, "U2"))
        assert "Already done" in said
        assert child.jump_url in said
        assert len(w.relay.submits) == 1


async def test_a_v_already_done_pays_anew(tmp_path: Path) -> None:
    """A variation is pressed again to get something new."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        for _ in range(2):
            child = await w.child(await w.click(w.member, parent, "V3"), "✅ Four pictures")
            await w.pictured(child.id)
            await w.clock.sleep(3.5)  # twins within 3 s are one press
        assert len(w.relay.submits) == 2
        assert len(w.public) == 3


async def test_a_double_click_submits_once(tmp_path: Path) -> None:
    """Two clicks at once are one submit, one child, and one private word."""
    async with open_simcord_world(tmp_path, SLOW) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.click(w.member, parent, "U1")
        second = await w.click(w.member, parent, "U1")
        assert "already have this click" in await w.told(second)
        await w.until(lambda: w.relay.submits)
        await settled(w)
        assert len(w.relay.submits) == 1
        assert len(w.public) == 2


# ---------------------------------------------------------------------------------------------------- refusals


def answer(code: int, description: str = "", result: object = None, **properties: object) -> dict[str, Any]:
    """Return a relay's scripted answer to a submit."""
    return {"body": {"code": code, "description": description, "result": result, "properties": properties}}


def error(status: int, message: str, code: str = "") -> dict[str, Any]:
    """Return the middleware's scripted error."""
    return {"status": status, "body": {"error": {"message": message, "type": "new_api_error", "code": code}}}


REFUSALS: list[tuple[dict[str, Any], str]] = [
    (answer(24, "可能包含敏感词", bannedWord="blood"), "blood"),
    (answer(3, "无可用的账号实例"), "You weren't charged"),
    (answer(4, "参数错误"), "You weren't charged"),
    (answer(30, "当前分组上游负载已饱和"), "You weren't charged"),
    (answer(9, "参数错误"), "You weren't charged"),
    (error(401, "无效的令牌"), "`MJ_API_KEY`"),
    (error(401, "该令牌额度已用尽"), "is used up"),
    (error(503, "当前分组 drawing 下对于模型 mj_upscale 无可用渠道", "model_not_found"), "right now"),
]


@pytest.mark.parametrize(("script", "said"), REFUSALS)
async def test_a_refusal_takes_the_child_back(tmp_path: Path, script: dict[str, Any], said: str) -> None:
    """Nothing is left but a private sentence, and nothing counts against anybody."""
    async with open_simcord_world(tmp_path, daily_submits_per_person=1) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", times=2, **script)
        pressed = await w.click(w.member, parent, "U2")
        assert said in await w.told(pressed)
        await w.until(lambda: len(w.public) == 1)
        await settled(w)
        assert not w.relay.submits
        assert style(w, parent, "U2") is GRAY
        assert len(await w.app.store.list_claims(ClaimState.REFUSED)) == 1
        w.relay.clear_scripts()
        await w.clock.sleep(3.5)  # twins within 3 s are one press
        await w.child(await w.click(w.member, parent, "V1"), "✅")


UNCERTAIN: list[dict[str, Any]] = [
    answer(5, "submit_failed"),
    {"drop": True},
    {"status": 504, "text": "<html>504</html>", "content_type": "text/html"},
]


@pytest.mark.parametrize("script", UNCERTAIN)
async def test_a_lost_answer_is_said_on_the_message(tmp_path: Path, script: dict[str, Any]) -> None:
    """What may have been accepted is not sent again, and its message says how to look."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", **script)
        pressed = await w.click(w.member, parent, "U2")
        child = await w.child(pressed, "")
        await w.titled(child.id, "❔")
        await settled(w)
        assert len(await w.app.store.list_claims(ClaimState.UNKNOWN)) == 1
        assert w.relay.requests["action"] == 1


async def test_a_task_met_later_closes_its_claim(tmp_path: Path) -> None:
    """An answer that got lost is found again by the tag that travels in the task's state."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", drop=True)
        await w.child(await w.click(w.member, parent, "U2"), "❔")
        (claim,) = await w.app.store.list_claims(ClaimState.UNKNOWN)
        await w.finished(w.relay.add_task("single", state=claim.tag))
        assert [one.id for one in await w.app.store.list_claims(ClaimState.ACCEPTED)] == [claim.id]


PANIC = error(500, "Panic detected, error: runtime error: index out of range [1] with length 1.")


@pytest.mark.parametrize("script", [None, PANIC])
async def test_an_unsupported_button_is_grayed_out_and_refresh_offered(
    tmp_path: Path, script: dict[str, Any] | None
) -> None:
    """An unknown action, or a panic over it, is said and grayed, and Refresh draws the message anew."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single"))
        if script is not None:
            w.relay.script("action", **script)
        pressed = await w.click(w.member, single, "❤️")
        assert "doesn't support that" in await w.told(pressed)
        await w.until(lambda: button(w.message(single.id) or single, "❤️").disabled)
        shown = w.message(single.id)
        assert shown is not None
        assert not button(shown, "Animate (High motion)").disabled
        assert not button(shown, "Upscale (Subtle)").disabled
        refreshed = await w.click(w.stranger, shown, "Refresh")
        assert refreshed.acknowledged
        await w.until(lambda: "on this service" in ((w.message(single.id) or single).embeds[0].footer.text or ""))
        assert not w.relay.submits


async def test_a_relay_without_actions_is_asked_the_older_way(tmp_path: Path) -> None:
    """Where there is no action route, /submit/change does the same."""
    async with open_simcord_world(
        tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=64, has_actions=False)
    ) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U3"), "✅ Picture 3")
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/change"]
        assert w.relay.submits[0].body["index"] == 3


async def test_a_message_that_cannot_be_sent_costs_nothing(tmp_path: Path) -> None:
    """Where the child has no message, nothing is submitted, and the claim is given back."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.env.inject_error("POST", "/webhooks/*", status=403, code=50013)
        pressed = await w.click(w.member, parent, "U2")
        assert await w.told(pressed)
        await settled(w)
        assert not w.relay.submits


async def test_nothing_is_sent_without_a_database(tmp_path: Path) -> None:
    """Where no claim can be written, nothing is sent: the member is told, and no child is shown."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        (tmp_path / "mjbot.db").rename(tmp_path / "away.db")
        pressed = await w.click(w.member, parent, "U2")
        assert "can't reach my database" in await w.told(pressed)
        assert len(w.public) == 1
        assert w.relay.requests["action"] == 0
        (tmp_path / "away.db").rename(tmp_path / "mjbot.db")
        await w.child(await w.click(w.member, parent, "U2"), "✅")


# ---------------------------------------------------------------------------------------------------- privacy


async def test_a_private_parent_has_private_children(tmp_path: Path) -> None:
    """Children are as private as the message that was pressed, and are drawn by its token."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=True)
        assert answer.response is not None
        parent = await w.pictured(answer.response.id)
        child = await w.child(await w.click(w.member, parent, "U2"), "✅ Picture 2")
        assert child.flags.ephemeral
        assert not w.public
        await w.until(lambda: style(w, parent, "U2") is GREEN)


async def test_a_press_works_where_only_the_person_installed_it(tmp_path: Path) -> None:
    """In a DM of two other people, the click's own token draws the child to its end; ALLOWED_USERS may spend."""

    def elsewhere(payload: dict[str, Any]) -> None:
        payload.update(context=2, app_permissions="0")

    async with open_simcord_world(tmp_path) as w:
        w.payloads = elsewhere
        dm = w.owner.user.dm_channel
        pressed = await pressed_in_dm(w, w.owner)
        await w.until(lambda: pressed.followups)
        await w.pictured(pressed.followups[0].id, channel=dm)
        assert w.requests("PATCH", f"/channels/{dm.id}") == 0
        assert w.requests("POST", f"/channels/{dm.id}") == 0


async def test_a_press_that_took_long_mentions_the_person(tmp_path: Path) -> None:
    """The child ends with one line that mentions its presser."""
    async with open_simcord_world(
        tmp_path, RelaySettings(seconds_per_task=0.6, picture_side=64), notify_after_seconds=2
    ) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.stranger, parent, "U2"), "✅")
        said = await w.until(lambda: [m.content for m in w.public if m.content])
        assert said == [f"<@{w.stranger.id}> your U2 is ready: {child.jump_url}"]


# ---------------------------------------------------------------------------------------------------- who may


async def refused(w: SimcordWorld, pressed: InteractionResult, said: str) -> None:
    """Expect a private refusal, and that nothing was sent."""
    assert said in await w.told(pressed)
    assert len(w.public) == 1
    assert w.relay.requests["action"] == 0


async def test_an_untrusted_server_may_not_spend(tmp_path: Path) -> None:
    """With no ALLOWED_GUILDS, a server that no owner runs is refused; reading stays free."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset()) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await refused(w, await w.click(w.member, parent, "U1"), "The operator of this bot can allow it in `/mjadmin`")


async def test_a_server_that_an_owner_manages_may_spend(tmp_path: Path) -> None:
    """With no ALLOWED_GUILDS, a server in which the application's owner manages the server is trusted."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset()) as w:
        role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
        w.env.backend.get_guild(GUILD_ID).members[w.owner.id].role_ids.append(role.id)
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U1"), "✅")


async def test_another_server_may_not_spend(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Only the servers in ALLOWED_GUILDS may, even where the application's owner manages another one.

    The operator and the log are told this server's id.
    """
    caplog.set_level(logging.INFO, "cogs.messaging.responses")
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset({1})) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await refused(w, await w.click(w.member, parent, "U1"), "The operator of this bot can add the server's id")
        said = f"`ALLOWED_GUILDS` names only other servers. Add this one's id, `{GUILD_ID}`, and restart me."
        await refused(w, await w.click(w.owner, parent, "U1"), said)
    logged = f"the operator may not draw in server {GUILD_ID}, because ALLOWED_GUILDS names only other servers."
    assert f"Refused component: ServerNotAllowed, {logged}" in caplog.text


async def test_a_direct_message_is_for_those_who_are_named(tmp_path: Path) -> None:
    """In a DM only ALLOWED_USERS may spend; with none named, the application's owners."""
    async with open_simcord_world(tmp_path) as w:
        theirs = await pressed_in_dm(w, w.member)
        assert "ALLOWED_USERS" in await w.told(theirs)
        assert not w.relay.submits
        ours = await pressed_in_dm(w, w.owner)
        await w.until(lambda: ours.followups)
        await w.pictured(ours.followups[0].id, channel=w.owner.user.dm_channel)


async def pressed_in_dm(w: SimcordWorld, actor: MemberActor) -> InteractionResult:
    """Press U1 of a finished grid in the bot's DM with a member."""
    followed = await w.slash(actor.user, "mjstatus", id=w.relay.add_task("grid"))
    assert followed.response is not None
    parent = await w.pictured(followed.response.id, channel=actor.user.dm_channel)
    return await w.click(actor.user, parent, "U1")


async def test_only_the_requester_may_press(tmp_path: Path) -> None:
    """With PRESS_POLICY=requester, another member is told to make their own message, even after a lost database."""
    async with open_simcord_world(tmp_path, press_policy="requester") as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await refused(w, await w.click(w.stranger, parent, "U1"), "person who asked")
        await w.restart(lose_database=True, press_policy="requester")
        await refused(w, await w.click(w.stranger, parent, "U1"), "person who asked")
        await w.child(await w.confirm(w.member, await w.click(w.member, parent, "U1")), "✅")


async def test_without_any_trace_of_the_requester_a_press_is_refused(tmp_path: Path) -> None:
    """Where nothing tells who asked, the policy refuses, and says the way out."""
    async with open_simcord_world(tmp_path, press_policy="requester") as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.payloads = lambda payload: payload["message"].pop("interaction_metadata")
        await w.restart(lose_database=True, press_policy="requester")
        await refused(w, await w.click(w.member, parent, "U1"), "can't tell anymore who")


async def test_a_cooldown_says_when_to_try_again(tmp_path: Path) -> None:
    """Within the cooldown another button is refused, with a time that counts down."""
    async with open_simcord_world(tmp_path, press_cooldown_seconds=600) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U1"), "✅")
        said = await w.told(await w.click(w.member, parent, "U2"))
        assert re.search(r"Try again <t:\d+:R>", said)
        assert len(w.relay.submits) == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [("daily_submits_per_person", "You've used your 1 job"), ("daily_submits", "This bot has used its 1 job")],
)
async def test_the_day_has_its_limits(tmp_path: Path, setting: str, said: str) -> None:
    """The limit of a person, and that of all, are counted in the store and say when they start anew."""
    limit: dict[str, Any] = {setting: 1}
    async with open_simcord_world(tmp_path, **limit) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U1"), "✅")
        await w.restart(**limit)
        told = await w.told(await w.click(w.member, parent, "U2"))
        assert said in told
        assert re.search(r"<t:\d+:R>", told)
        assert len(w.relay.submits) == 1


# ---------------------------------------------------------------------------------------------------- forms


async def zoomed(w: SimcordWorld, prompt: str, *, restart: bool = False) -> tuple[InteractionResult, discord.Message]:
    """Press Custom Zoom on a single picture and send the form."""
    single = await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 3:2"))
    shown = await w.click(w.member, single, "Custom Zoom")
    assert shown.modal is not None
    if restart:
        await w.restart()
    return await w.submit(w.member, shown, prompt), single


async def test_custom_zoom_opens_its_form_at_once(tmp_path: Path) -> None:
    """The modal is the first answer, filled in with the prompt and --zoom 2; nothing is sent yet."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 3:2"))
        shown = await w.click(w.member, single, "Custom Zoom")
        assert shown.modal is not None
        assert shown.modal["title"] == "Custom Zoom"
        value = shown.modal["components"][0]["component"]["value"]
        assert value.startswith("a lighthouse --ar 3:2")
        assert value.endswith(" --zoom 2")
        assert not w.relay.submits


async def test_an_open_form_is_kept_for_a_minute_only(tmp_path: Path) -> None:
    """discord.py would hold each for as long as it says; what is submitted later is read without it."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single"))
        shown = await w.click(w.member, single, "Custom Zoom")
        await w.until(lambda: shown.modal)
        state: Any = w.app.bot._connection
        assert [60.0] == [modal.timeout for modal in state._view_store._modals.values()]


async def test_a_form_opens_empty_where_the_prompt_is_unknown(tmp_path: Path) -> None:
    """A relay that is down and an empty database do not keep a form from opening."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single"))
        await w.restart(lose_database=True)
        w.relay.down = True
        shown = await w.click(w.member, single, "Custom Zoom")
        await w.until(lambda: shown.modal)
        assert shown.modal is not None
        assert not shown.modal["components"][0]["component"].get("value")


async def test_only_one_process_takes_a_form(tmp_path: Path) -> None:
    """A form that another process has acknowledged is not sent from here."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single"))
        shown = await w.click(w.member, single, "Custom Zoom")
        w.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060, times=None)
        w.is_answered = False
        await w.submit(w.member, shown, "a lighthouse --zoom 2")
        await w.clock.sleep(3)
        assert w.relay.requests["action"] == 0
        assert not w.env.errors


@pytest.mark.parametrize("prompt", ["a lighthouse", "a --zoom 3", "a --zoom 0.5", "a --zoom nan", "a --zoom x"])
async def test_a_zoom_out_of_range_is_refused_unpaid(tmp_path: Path, prompt: str) -> None:
    """A form that Midjourney would refuse is not sent."""
    async with open_simcord_world(tmp_path) as w:
        sent, _ = await zoomed(w, prompt)
        told = await w.told(sent)
        assert "--zoom" in told
        assert told.endswith(f"You wrote:\n```\n{prompt}\n```")
        assert w.relay.requests["action"] == 0


@pytest.mark.parametrize(("zoom", "restart"), [("\u2014zoom=1.5", False), ("--zoom 1.5", True)])
async def test_a_form_is_one_action_and_one_modal(tmp_path: Path, zoom: str, *, restart: bool) -> None:
    """The form leads to a finished child, also where another process opened it."""
    async with open_simcord_world(tmp_path) as w:
        sent, single = await zoomed(w, f"a lighthouse --ar 3:2 {zoom}", restart=restart)
        child = await w.child(sent, "✅ Four pictures")
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/modal"]
        assert w.relay.requests["action"] == 1
        assert w.relay.submits[0].body["prompt"] == "a lighthouse --ar 3:2 --zoom 1.5"
        assert child.embeds[0].author.name == "lien pressed Custom Zoom"
        await w.until(lambda: style(w, single, "Custom Zoom") is GREEN)
        assert not w.env.errors


async def waiting(w: SimcordWorld) -> discord.Message:
    """Press V1 where the relay remixes, and return the child that waits for its form."""
    parent = await w.finished(w.relay.add_task("grid", prompt="a fox"))
    return await w.child(await w.click(w.member, parent, "V1"), "✋ Waiting for lien to confirm")


REMIX = RelaySettings(seconds_per_task=0.2, picture_side=64, has_remix=True)


async def test_a_form_learnt_late_is_answered_from_its_message(tmp_path: Path) -> None:
    """The child waits with two buttons for its requester alone, and goes on once the form is sent."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        child = await waiting(w)
        assert rows(child) == [["Open form", "Drop it"]]
        theirs = await w.click(w.stranger, child, "Drop it")
        assert "person who asked" in await w.told(theirs)
        shown = await w.click(w.member, child, "Open form")
        assert shown.modal is not None
        assert shown.modal["components"][0]["component"]["value"] == "a fox"
        await w.submit(w.member, shown, "a fox in snow")
        finished = await w.pictured(child.id)
        assert title_of(finished).startswith("✅ Four pictures")
        assert w.relay.submits[-1].body["prompt"] == "a fox in snow"
        assert w.relay.requests["modal"] == 1
        assert not w.env.errors


async def test_another_person_cannot_answer_a_modal(tmp_path: Path) -> None:
    """A stranger does not even see the form, and it stays open for its requester."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        child = await waiting(w)
        shown = await w.click(w.stranger, child, "Open form")
        assert shown.modal is None
        assert "person who asked" in await w.told(shown)
        assert w.relay.requests["modal"] == 0


async def test_a_form_may_be_dropped(tmp_path: Path) -> None:
    """Dropped, the message ends, and a form that was open already finds nothing to answer."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        child = await waiting(w)
        shown = await w.click(w.member, child, "Open form")
        await w.click(w.member, child, "Drop it")
        dropped = await w.titled(child.id, "🚫 Dropped")
        assert rows(dropped) == [["🗑️"]]
        assert w.relay.requests["modal"] == 0
        assert shown.modal is not None


async def test_a_form_learnt_late_survives_a_restart(tmp_path: Path) -> None:
    """A form opened before the process ended is answered in the next."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        child = await waiting(w)
        shown = await w.click(w.member, child, "Open form")
        await w.restart()
        await w.submit(w.member, shown, "a fox at night")
        await w.titled(child.id, "✅ Four pictures")
        assert w.relay.requests["modal"] == 1


# ---------------------------------------------------------------------------------------------------- restarts


async def test_an_unfinished_message_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A process that ends in the middle leaves rows, and the next one takes them up."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=1.0, picture_side=64)) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
        assert answer.response is not None
        await w.titled(answer.response.id, "🎨")
        await w.restart()
        await w.pictured(answer.response.id)


async def test_a_submit_cut_off_by_the_end_is_told_as_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that was being sent is not sent again: its message says that the outcome is unknown."""
    async with open_simcord_world(tmp_path, SLOW) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, parent, "U2"), "📨")
        await w.until(lambda: w.relay.requests["action"])
        monkeypatch.setattr("bot.ops.shutdown.SUBMISSION_SECONDS", 0)
        await w.restart()
        await w.titled(child.id, "❔")
        assert w.relay.requests["action"] == 1


@pytest.mark.parametrize("lose_database", [False, True])
async def test_old_buttons_work_after_a_restart(tmp_path: Path, *, lose_database: bool) -> None:
    """Old messages keep their buttons, also where the database is empty; green ones stay green."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U1"), "✅")
        await w.until(lambda: style(w, parent, "U1") is GREEN)
        await w.restart(lose_database=lose_database)
        pressed = await w.click(w.member, parent, "U2")
        await w.child(await w.confirm(w.member, pressed) if lose_database else pressed, "✅ Picture 2")
        await w.until(lambda: style(w, parent, "U2") is GREEN)
        assert style(w, parent, "U1") is GREEN
        assert style(w, parent, "U3") is GRAY


async def test_a_click_on_an_unknown_button_is_answered(tmp_path: Path) -> None:
    """What no class of ours takes gets a sentence in time, instead of "interaction failed"."""
    async with open_simcord_world(tmp_path) as w:
        await w.finished(w.relay.add_task("grid"))
        stored = w.channel.history()[-1]
        raw = w.env.backend.messages[w.channel.id][stored.id].components
        raw[0]["components"][0]["custom_id"] = "another:bots:button"
        pressed = await w.click(w.member, stored, custom_id="another:bots:button")
        assert "no longer know this button" in await w.told(pressed)


async def test_a_known_button_is_not_called_unknown_while_its_handler_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may take longer than another process has to answer for an unknown button."""
    async with open_simcord_world(tmp_path) as w:
        panel = (await w.slash(w.member, "mjsettings")).response
        assert panel is not None
        shown = await w.titled(panel.id, "Your settings")
        is_slow, found = asyncio.Event(), w.app.person_settings.get_settings_in_time

        async def read_slowly(person_id: int) -> PersonSettings:
            await w.clock.sleep(10)
            is_slow.set()
            return await found(person_id)

        monkeypatch.setattr(w.app.person_settings, "get_settings_in_time", read_slowly)
        pressed = await w.click(w.member, shown, "Default parameters")
        assert is_slow.is_set()
        assert pressed.modal is not None
        assert not w.said(pressed)


async def test_a_button_that_the_task_lost_is_explained(tmp_path: Path) -> None:
    """A key that no button of the task has is refused, not sent."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        raw = w.env.backend.messages[w.channel.id][parent.id].components
        task_id = raw[0]["components"][0]["custom_id"].split(":")[2]
        raw[0]["components"][0]["custom_id"] = strange = f"mj:u:{task_id}:{hash_custom_id('no such button')}"
        await refused(w, await w.click(w.member, parent, custom_id=strange), "no longer offers")


async def test_only_one_process_acts_on_a_click(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If Discord says that another process has acknowledged a click, this one ends it silently and sends nothing."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060, times=None)
        w.is_answered = False
        pressed = await w.click(w.member, parent, "U1")
        await w.until(lambda: "does not answer an interaction" in caplog.text)
        assert not pressed.acknowledged
        assert w.relay.requests["action"] == 0
        assert len(w.public) == 1
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_looking_again_is_free_for_everyone(tmp_path: Path) -> None:
    """Any member can have a message watched again."""
    async with open_simcord_world(
        tmp_path, RelaySettings(seconds_per_task=30.0, picture_side=64), watch_minutes=0.4
    ) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
        assert answer.response is not None
        asleep = await w.titled(answer.response.id, "🌙")
        await w.restart(watch_minutes=70)
        await w.click(w.stranger, asleep, "Look again")
        await w.titled(asleep.id, "🎨")
        assert not w.relay.submits


# ---------------------------------------------------------------------------------------------------- remix


async def remixing(w: SimcordWorld) -> discord.Message:
    """Let lien remix, and return a finished grid."""
    await w.app.store.update_person_settings(w.member.id, lambda settings: replace(settings, remix=True))
    return await w.finished(w.relay.add_task("grid", prompt="a fox"))


@pytest.mark.parametrize("label", ["V2", "🔄"])
async def test_remix_asks_for_a_new_prompt_first(tmp_path: Path, label: str) -> None:
    """The form is filled in; what is typed answers the relay's window at once, and the child is drawn from it."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        grid = await remixing(w)
        shown = await w.click(w.member, grid, custom_id=button(grid, label).custom_id or "")
        assert shown.modal is not None
        assert shown.modal["title"] == "Remix"
        assert shown.modal["components"][0]["component"]["value"] == "a fox"
        assert w.relay.requests["action"] == 0
        sent = await w.submit(w.member, shown, "a fox in snow")
        child = await w.pictured((await w.child(sent, "")).id)
        assert (child.embeds[0].description or "").startswith("**a fox in snow**")
        assert w.relay.submits[-1].body["prompt"] == "a fox in snow"
        assert [w.relay.requests["action"], w.relay.requests["modal"]] == [1, 1]
        assert not w.env.errors


async def test_remix_asks_only_the_person_who_turned_it_on(tmp_path: Path) -> None:
    """The switch is each person's own, and a U never asks."""
    async with open_simcord_world(tmp_path) as w:
        grid = await remixing(w)
        for actor, label in ((w.stranger, "V2"), (w.member, "U1")):
            pressed = await w.click(actor, grid, label)
            assert pressed.modal is None
            await w.child(pressed, "✅")


async def test_a_form_that_was_not_asked_for_is_answered_from_its_message(tmp_path: Path) -> None:
    """Where the relay's account remixes and the person does not, the child waits as it always did."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        await w.app.store.update_person_settings(w.member.id, lambda settings: replace(settings, remix=False))
        assert rows(await waiting(w)) == [["Open form", "Drop it"]]


async def test_a_relay_that_does_not_remix_is_said(tmp_path: Path) -> None:
    """The picture comes, from the old prompt, and the person learns why."""
    async with open_simcord_world(tmp_path) as w:
        grid = await remixing(w)
        sent = await w.submit(w.member, await w.click(w.member, grid, "V1"), "a fox in snow")
        child = await w.child(sent, "✅")
        assert (child.embeds[0].description or "").startswith("**a fox**")
        assert "didn't ask for the new prompt" in await w.told(sent)
        assert w.relay.submits[0].body["enableRemix"] is True


async def test_a_relay_may_remix_on_demand(tmp_path: Path) -> None:
    """Where a submit can ask for the window, the person's switch decides, and the relay's account does not."""
    on_demand = RelaySettings(seconds_per_task=0.2, picture_side=64, has_remix_on_demand=True)
    async with open_simcord_world(tmp_path, on_demand) as w:
        grid = await remixing(w)
        sent = await w.submit(w.member, await w.click(w.member, grid, "V1"), "a fox in snow")
        child = await w.child(sent, "✅")
        assert (child.embeds[0].description or "").startswith("**a fox in snow**")
        await w.child(await w.click(w.stranger, grid, "V4"), "✅ Four")
        assert w.relay.requests["modal"] == 1
        assert not w.said(sent)


async def test_a_remix_survives_a_restart(tmp_path: Path) -> None:
    """A form opened before the process ended is answered in the next."""
    async with open_simcord_world(tmp_path, REMIX) as w:
        shown = await w.click(w.member, await remixing(w), "V3")
        await w.restart()
        sent = await w.submit(w.member, shown, "a fox at night")
        assert (await w.child(sent, "✅")).embeds[0].description
        assert w.relay.submits[-1].body["prompt"] == "a fox at night"


async def test_remix_is_off_while_the_database_is_away(tmp_path: Path) -> None:
    """The press goes on without a form, and ends as any press without a database: unpaid, and said."""
    async with open_simcord_world(tmp_path) as w:
        grid = await remixing(w)
        store: Any = w.app.store
        store.database._closed = True
        pressed = await w.click(w.member, grid, "V1")
        assert pressed.modal is None
        assert "can't reach my database" in await w.told(pressed)
        assert w.relay.requests["action"] == 0
