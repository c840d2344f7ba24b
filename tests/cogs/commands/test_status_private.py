"""Private tasks, and those of hidden channels, by their ids: to others they do not exist."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, InteractionResult, MemberActor

from bot.entities import ServerRules
from tests.pictures import draw_noise, encode
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world

UNKNOWN = "1730621826053455"
BY_ID: Mapping[str, Mapping[str, Any]] = {
    "mjstatus": {}, "mjstatus, private": {"private": True}, "seed": {}, "seed, public": {"private": False},
    "animate": {},
}  # fmt: skip


def create_staff_channel(w: SimcordWorld) -> ChannelHandle:
    """Create a channel that the stranger cannot view."""
    return w.guild.create_text_channel(
        "staff", overwrites={w.stranger: discord.PermissionOverwrite(view_channel=False)}
    )


async def imagine(w: SimcordWorld, channel: ChannelHandle, *, private: bool) -> str:
    """Let the member draw a picture, and return its task's id once it is finished."""
    answer = await w.act(w.member.slash(channel, "imagine", prompt="a secret cat", private=private))
    assert answer.response is not None
    await w.titled(answer.response.id, "✅ Four", channel=channel)
    job = await w.app.store.find_job(answer.response.id)
    assert job is not None
    return job.task_id


async def ask(w: SimcordWorld, actor: MemberActor, name: str, task_id: str) -> tuple[InteractionResult, str]:
    """Ask for a task by its id; return what the bot told this person alone, without the id."""
    result = await w.slash(actor, name.partition(",")[0], id=task_id, **BY_ID[name])

    def found() -> str:
        shown = w.message(result.response.id) if result.response else None
        texts = [w.said(result), shown.content if shown else ""]
        return next((text for text in texts if "no task" in text), "")

    return result, (await w.until(found)).replace(task_id, "ID")


@pytest.mark.parametrize("is_private", [True, False], ids=["private", "hidden channel"])
async def test_a_task_of_others_is_answered_like_an_unknown_one(tmp_path: Path, *, is_private: bool) -> None:
    """By every command that takes an id: in the same words, with no message, no row and nothing sent."""
    async with open_simcord_world(tmp_path) as w:
        channel = w.channel if is_private else create_staff_channel(w)
        task_id = await imagine(w, channel, private=is_private)
        jobs = await w.app.store.list_jobs_of_task(task_id)
        for name in BY_ID:
            answers = {(await ask(w, w.stranger, name, one))[1] for one in (task_id, UNKNOWN)}
            assert len(answers) == 1, (name, answers)
        assert await w.app.store.list_jobs_of_task(task_id) == jobs
        assert w.public == []
        assert len(w.relay.submits) == 1
        offered = await w.act(w.stranger.autocomplete(w.channel, "mjstatus", "id", ""))
        assert offered.autocomplete_choices == []
        own = await w.slash(w.member, "mjstatus", id=task_id, private=True)
        assert own.response is not None
        await w.titled(own.response.id, "✅ Four")


async def test_a_deleted_private_message_stays_private_after_a_restart(tmp_path: Path) -> None:
    """The database keeps where it was; the menu of a message that names its id says no more."""
    async with open_simcord_world(tmp_path) as w:
        task_id = await imagine(w, w.channel, private=True)
        [job] = await w.app.store.list_jobs_of_task(task_id)
        await w.app.store.delete_job(job.id)
        await w.restart()
        _, told = await ask(w, w.stranger, "mjstatus", task_id)
        assert "has no task" in told
        message = await w.stranger.send(w.channel, f"what is {task_id}?")
        assert "has no task" in await w.told(await w.menu(w.stranger, message))


async def test_a_public_task_stays_public_after_a_private_look(tmp_path: Path) -> None:
    """Of its requester, or of anyone else; so does a task that the bot did not submit."""
    async with open_simcord_world(tmp_path) as w:
        foreign = w.relay.add_task("grid")
        for task_id in (await imagine(w, w.channel, private=False), foreign):
            for actor in (w.member, w.owner):
                await w.slash(actor, "mjstatus", id=task_id, private=True)
            shown = await w.slash(w.stranger, "mjstatus", id=task_id)
            assert shown.response is not None
            await w.titled(shown.response.id, "✅ Four")


async def test_the_menu_of_a_private_message_answers_privately(tmp_path: Path) -> None:
    """It must not publish what only this person sees."""
    async with open_simcord_world(tmp_path) as w:
        private = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=True)
        assert private.response is not None
        await w.titled(private.response.id, "✅ Four")
        again = await w.menu(w.member, w.message(private.response.id))
        assert again.response is not None
        await w.titled(again.response.id, "✅ Four")
        assert again.response.ephemeral
        described = await w.menu(w.member, w.message(private.response.id), "Describe this image")
        assert described.response is not None
        assert described.response.ephemeral
        assert w.public == []


@pytest.mark.parametrize("chosen", [None, False, True])
async def test_clips_of_a_private_task_are_private(tmp_path: Path, chosen: bool | None) -> None:  # noqa: FBT001
    """Unless the person says otherwise."""
    async with open_simcord_world(tmp_path) as w:
        task_id = await imagine(w, w.channel, private=True)
        option = {} if chosen is None else {"private": chosen}
        answer = await w.slash(w.member, "animate", id=task_id, **option)
        assert answer.response is not None
        assert answer.response.ephemeral is (chosen is not False)


async def test_clips_of_a_public_task_are_public(tmp_path: Path) -> None:
    """Also where the person has looked at it in private since."""
    async with open_simcord_world(tmp_path) as w:
        task_id = await imagine(w, w.channel, private=False)
        looked = await w.slash(w.member, "mjstatus", id=task_id, private=True)
        assert looked.response is not None
        await w.titled(looked.response.id, "✅ Four")
        answer = await w.slash(w.member, "animate", id=task_id)
        assert answer.response is not None
        assert not answer.response.ephemeral


async def test_a_description_of_a_private_link_is_private(tmp_path: Path) -> None:
    """The link is that of the relay's own picture; another link is not private."""
    async with open_simcord_world(tmp_path) as w:
        for is_private in (True, False):
            task_id = await imagine(w, w.channel, private=is_private)
            answer = await w.slash(w.member, "describe", link=f"{w.relay.url}/mj/image/{task_id}")
            assert answer.response is not None
            assert answer.response.ephemeral is is_private
            await w.clock.sleep(4)


@pytest.mark.parametrize("menu", ["Describe this image", "Blend with ...", "Upscale picture"])
async def test_menus_of_a_private_message_lead_to_private_messages(tmp_path: Path, menu: str) -> None:
    """Whatever is made of its picture, and whichever button or form leads there."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "imagine", prompt="a secret cat", private=True)
        assert answer.response is not None
        grid = await w.pictured(answer.response.id)
        shown = await w.menu(w.member, grid, menu)
        assert shown.response is not None
        assert shown.response.ephemeral
        if menu == "Blend with ...":
            form = await w.click(w.member, await w.titled(shown.response.id, "Blend with"), "Add pictures")
            others = [("owl.png", encode(draw_noise(80, 120)))]
            done = await w.act(w.member.submit_modal(form, {"shape": ["SQUARE"], "others": others}))
            assert done.response is not None
            assert done.response.ephemeral
        if menu == "Upscale picture":
            await w.click(w.member, w.message(shown.response.id), "U1")
            await w.until(lambda: len(w.relay.submits) == 2)
        await w.until(lambda: len(w.relay.submits) == 2)
        assert w.public == []


async def test_private_answers_can_be_switched_off(tmp_path: Path) -> None:
    """Then no task is shown to one person alone, not even their own; everyone may still see it."""
    async with open_simcord_world(tmp_path) as w:
        await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (ServerRules(private_answers=False), ()))
        w.app.server_rules.note_change(GUILD_ID)
        task_id = w.relay.add_task("grid")
        refused = await w.slash(w.member, "mjstatus", id=f"{task_id} {w.relay.add_task('grid')}", private=True)
        answer = refused.response
        assert answer is not None
        await w.until(lambda: "don't allow results that only you can see" in str(answer.content))
        assert not refused.followups
        await w.finished(task_id)
        assert not w.env.errors
