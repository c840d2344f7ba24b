"""/mjstatus and the context menu, on discord.py's own machinery and a real relay."""

import logging
from pathlib import Path
from typing import Any

import discord
import pytest

from sandbox.relay import RelaySettings
from tests.worlds.simcord import open_simcord_world, rows, title_of

UNKNOWN, OTHER = "1730621826053455", "1730621826053456"


async def test_a_task_is_followed_to_its_picture_and_buttons(tmp_path: Path) -> None:
    """One message goes from running to the grid, with the picture, Midjourney's buttons and the bot's."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("running", prompt="a lighthouse at dawn --ar 3:2")
        answer = await w.slash(w.member, "mjstatus", id=task_id)
        assert answer.response is not None
        shown = await w.pictured(answer.response.id)
        assert title_of(shown).startswith("✅ Four pictures")
        assert rows(shown) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"], ["Split", "🗑️"]]
        assert (shown.embeds[0].description or "").startswith("**a lighthouse at dawn** `--ar 3:2`")
        assert len(w.public) == 1
        assert not w.env.errors


@pytest.mark.parametrize(
    "text",
    ["`{}`", "please look at {} thanks", "https://relay.example/mj/task/{}/fetch", "https://x.example/mj/image/{}"],
)
async def test_an_id_is_found_in_pasted_text(tmp_path: Path, text: str) -> None:
    """Inside code, a sentence or a link."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        answer = await w.slash(w.member, "mjstatus", id=text.format(task_id))
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Four")


async def test_five_ids_become_five_messages(tmp_path: Path) -> None:
    """The first task is the answer, the others follow as messages of their own, an unknown one as a private word."""
    async with open_simcord_world(tmp_path) as w:
        ids = [w.relay.add_task("grid") for _ in range(4)]
        answer = await w.slash(w.member, "mjstatus", id=f"{ids[0]}, {ids[1]} {UNKNOWN} {ids[2]}\n{ids[3]}")
        await w.until(lambda: sum(title_of(m).startswith("✅") for m in w.public) == 4)
        assert "has no task" in await w.told(answer)
        footers = [m.embeds[0].footer.text or "" for m in w.public]
        assert [footer.rpartition(" ")[2] for footer in footers] == ids
        assert len(answer.followups) <= 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "isn't a task id"),
        ("?!", "isn't a task id"),
        (" ".join(str(10**15 + n) for n in range(6)), "up to five"),
    ],
)
async def test_malformed_ids_are_refused_before_deferring(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, said: str
) -> None:
    """The first response is one ephemeral sentence, and the log has a line."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=text)
        assert said in w.said(answer)
        assert not answer.followups
        assert not w.public
        assert w.relay_requests == 0
        assert sum("ids" in line for line in caplog.messages) == 1


FAILURES: list[tuple[dict[str, Any], str]] = [
    ({"status": 401, "body": {"error": {"message": "无效的令牌", "type": "new_api_error"}}}, "`MJ_API_KEY`"),
    (
        {"status": 401, "body": {"error": {"message": "该令牌额度已用尽", "type": "new_api_error"}}},
        "is used up",
    ),
    ({"status": 502, "text": "<html>502</html>", "content_type": "text/html"}, "didn't respond properly"),
    ({"text": "<!doctype html><title>New API</title>", "content_type": "text/html"}, "didn't respond properly"),
]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(("script", "said"), FAILURES)
async def test_each_relay_error_has_its_own_ephemeral_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, script: dict[str, Any], said: str, private: bool
) -> None:
    """After a public defer the original is gone and the person alone knows why; one line is in the log."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        for route in ("list", "fetch"):
            w.relay.script(route, times=20, **script)
        answer = await w.slash(w.member, "mjstatus", id=task_id, private=private)
        assert said in await w.told(answer)
        await w.until(lambda: not w.public)
        assert bool(answer.response) is private
        assert sum(line.startswith("Refused application_command") for line in caplog.messages) == 1


async def test_other_ids_are_followed_if_the_first_is_unknown(tmp_path: Path) -> None:
    """An unknown first id is a private word, and the rest go on."""
    async with open_simcord_world(tmp_path) as w:
        known = w.relay.add_task("grid")
        answer = await w.slash(w.member, "mjstatus", id=f"{UNKNOWN} {known}")
        await w.until(lambda: [m for m in w.public if title_of(m).startswith("✅")])
        assert UNKNOWN in await w.told(answer)
        assert len(w.public) == 1


async def test_an_unknown_id_is_reported_ephemerally(tmp_path: Path) -> None:
    """The original is edited, an ephemeral followup names the id, and the original is deleted."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=UNKNOWN)
        assert UNKNOWN in await w.told(answer)
        await w.until(lambda: answer.response is None)
        assert not w.public
        assert w.requests("PATCH", "@original") == 1
        assert w.requests("DELETE", "@original") == 1


async def test_private_makes_the_response_ephemeral(tmp_path: Path) -> None:
    """With `private` only the person sees the message, and it lives all the same."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"), private=True)
        assert answer.response is not None
        assert answer.response.ephemeral
        await w.titled(answer.response.id, "✅ Four")
        assert not w.public


async def test_a_slow_task_mentions_the_person_once(tmp_path: Path) -> None:
    """With `notify`, a slow task ends with one reply that mentions the person."""
    async with open_simcord_world(
        tmp_path, RelaySettings(seconds_per_task=0.6, picture_side=64), notify_after_seconds=2
    ) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"), notify=True)
        assert answer.response is not None
        told = await w.until(lambda: [m for m in w.public if m.content])
        assert [m.content for m in told] == [f"<@{w.member.id}> your picture is ready: {told[0].reference.jump_url}"]  # type: ignore[union-attr]


async def test_a_quick_task_sends_no_mention(tmp_path: Path) -> None:
    """Before NOTIFY_AFTER_SECONDS an edit is enough."""
    async with open_simcord_world(tmp_path, notify_after_seconds=60) as w:
        await w.finished(w.relay.add_task("running"))
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"), notify=True)
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "✅")
        await w.pictured(shown.id)
        await w.until(lambda: len(w.app.poller.watch_list) == 0)
        assert len(w.public) == 2


async def test_without_an_id_the_last_five_tasks_are_listed(tmp_path: Path) -> None:
    """Ephemerally; a person without tasks learns where ids come from."""
    async with open_simcord_world(tmp_path) as w:
        nothing = await w.slash(w.member, "mjstatus")
        assert "have no tasks yet" in await w.told(nothing)
        ids = [w.relay.add_task("grid", prompt=f"picture {number}") for number in range(6)]
        for task_id in ids:
            await w.finished(task_id)
        mine = (await w.slash(w.member, "mjstatus")).response
        assert mine is not None
        assert mine.ephemeral
        await w.until(lambda: mine.embeds)
        text = mine.embeds[0].description or ""
        assert [task_id for task_id in reversed(ids) if task_id in text] == ids[:0:-1]
        assert "✅ **picture 5**" in text


async def test_own_tasks_are_suggested(tmp_path: Path) -> None:
    """With prompt and state, filtered by the typed text."""
    async with open_simcord_world(tmp_path) as w:
        for prompt in ("a lighthouse", "a fox"):
            await w.finished(w.relay.add_task("grid", prompt=prompt))
        offered = await w.act(w.member.autocomplete(w.channel, "mjstatus", "id", "FOX"))
        assert offered.autocomplete_choices is not None
        [choice] = offered.autocomplete_choices
        assert choice["name"].startswith("✅ Four pictures: a fox · ")
        theirs = await w.act(w.stranger.autocomplete(w.channel, "mjstatus", "id", ""))
        assert theirs.autocomplete_choices == []


async def test_suggestions_are_empty_without_the_database(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If another process has answered, nothing is logged."""
    async with open_simcord_world(tmp_path) as w:
        w.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060)
        w.is_answered = False
        lost = await w.act(w.member.autocomplete(w.channel, "mjstatus", "id", ""))
        assert not lost.acknowledged
        w.is_answered = True
        store: Any = w.app.store
        store.database._closed = True
        none = await w.act(w.member.autocomplete(w.channel, "mjstatus", "id", ""))
        assert none.autocomplete_choices == []
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("given", [{}, {"id": UNKNOWN}, {"id": f"{UNKNOWN} {OTHER}"}])
async def test_an_unreachable_database_is_reported(tmp_path: Path, given: dict[str, str]) -> None:
    """A list or a status that cannot be kept is one private sentence, and nothing stays at "thinking"."""
    async with open_simcord_world(tmp_path) as w:
        for task_id in (UNKNOWN, OTHER):
            w.relay.add_task("grid", task_id=task_id)
        store: Any = w.app.store
        store.database._closed = True
        answer = await w.slash(w.member, "mjstatus", **given)
        assert "can't reach my database" in await w.told(answer)
        await w.until(lambda: not w.public)


async def test_it_works_in_a_direct_message(tmp_path: Path) -> None:
    """In a DM with the bot a status is followed just as well."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member.user, "mjstatus", id=w.relay.add_task("running"))
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Four", channel=w.member.user.dm_channel)


async def test_it_works_where_only_the_person_installed_it(tmp_path: Path) -> None:
    """In other people's DMs only the token can edit the message, which works to the end; no mention is sent."""

    def elsewhere(payload: dict[str, Any]) -> None:
        owners = {"1": payload["user"]["id"]}
        payload.update(context=2, authorizing_integration_owners=owners, app_permissions="0")

    async with open_simcord_world(tmp_path, notify_after_seconds=0.001) as w:
        w.payloads = elsewhere
        answer = await w.slash(w.member.user, "mjstatus", id=w.relay.add_task("running"), notify=True)
        assert answer.response is not None
        dm = w.member.user.dm_channel
        await w.titled(answer.response.id, "✅ Four", channel=dm)
        await w.pictured(answer.response.id, channel=dm)
        assert w.requests("PATCH", f"/channels/{dm.id}") == 0
        assert len(dm.history()) == 1


async def test_the_menu_finds_ids_in_text_embeds_and_buttons(tmp_path: Path) -> None:
    """Also on the bot's own messages."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        in_text = await w.member.send(w.channel, f"look: {task_id}")
        hook = w.guild.create_webhook(w.channel)
        in_embed = await hook.send(
            "", embed=discord.Embed(description="a link", url=f"https://r.example/mj/image/{task_id}")
        )
        ours = await w.finished(task_id)
        for message in (in_text, in_embed, ours):
            answer = await w.menu(w.stranger, message)
            assert answer.response is not None
            shown = await w.titled(answer.response.id, "✅ Four")
            assert (shown.embeds[0].footer.text or "").endswith(task_id)


async def test_the_menu_refuses_a_message_without_ids(tmp_path: Path) -> None:
    """With one ephemeral sentence."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.menu(w.member, await w.member.send(w.channel, "hello, call me on 5551234"))
        assert "can't find a task id in that message" in w.said(answer)
        assert not answer.deferred


async def test_an_internal_error_is_reported(tmp_path: Path) -> None:
    """With a number for the person, in place of "thinking"."""
    async with open_simcord_world(tmp_path) as w:
        broken: Any = w.app.tracker

        async def look(task_id: str) -> None:
            raise RuntimeError(task_id)

        broken.fetch_task = look
        answer = await w.slash(w.member, "mjstatus", id=UNKNOWN)
        assert "Something went wrong on my side" in await w.told(answer)
        await w.until(lambda: answer.response is None)


async def test_only_one_of_two_processes_follows_the_task(tmp_path: Path) -> None:
    """Discord tells the other one that the interaction has been answered."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        w.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060)
        w.is_answered = False
        answer = await w.slash(w.member, "mjstatus", id=task_id)
        assert not answer.acknowledged
        assert w.relay_requests == 0
        assert not w.public
        assert not w.env.errors
