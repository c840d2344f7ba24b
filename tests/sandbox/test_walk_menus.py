"""What needs more than the page: messages' menus, which SimCord's page has not, and other relays' buttons.

The sandbox is opened in this process, so that SimCord's own interface can stand in for the one thing that its page
(3.2.1: a composer, buttons, menus of a message and forms, but no menu of a message's own) does not offer.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, expect

from sandbox.__main__ import OpenPage
from sandbox.relay import RelaySettings
from sandbox.relay.tasks.buttons import ButtonJson, Version, single_buttons
from sandbox.relay.tasks.upstream_task import UpstreamTask
from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.sandbox_process import pictures
from tests.sandbox.visits import visit

pytestmark = IN_BROWSER

QUICK = RelaySettings(seconds_per_task=1, picture_side=160)

_FOUR = "Four pictures in"
_FREE = "Only you can see this"


async def _chosen(sandbox: OpenPage, message: Locator, name: str) -> None:
    """Open a message's menu, Apps, and choose there, as the person at the page."""
    message_id = await message.get_attribute("data-message-id")
    async with sandbox.page.pause_refresh():
        scene = sandbox.scene
        target = next(one for one in scene.channel.history() if str(one.id) == message_id)
        await scene.member.context_menu(scene.channel, name, target)


async def test_the_context_menu_of_a_message(browser: Browser) -> None:
    """Description, status and upscale of a message reach the page with their pictures."""
    async with visit(browser, QUICK) as (visitor, sandbox):
        grid = visitor.page.locator("article.channel-message").filter(has_text="pig --v").first
        answers: dict[str, Locator] = {}
        for name in ("Describe this image", "Midjourney status", "Upscale picture"):
            with visitor.step(name):
                answers[name] = await visitor.new(partial(_chosen, sandbox, grid, name))
        await visitor.gets(answers["Describe this image"], "Described in")
        await visitor.gets(answers["Midjourney status"], "Four pictures")
        await visitor.sees(answers["Upscale picture"], f"{_FREE}.*Which one")
        await visitor.gets(await visitor.presses(answers["Upscale picture"], "U3"), f"{_FREE}.*Picture 3 in")


async def test_a_message_is_blended_from_its_context_menu(browser: Browser, tmp_path: Path) -> None:
    """Its pictures are shown again, a form adds others to them, and everyone in the channel sees the result."""
    other = tmp_path / "sunset.png"
    Image.effect_noise((160, 120), 60).save(other)
    async with visit(browser, QUICK) as (visitor, sandbox):
        grid = visitor.page.locator("article.channel-message").filter(has_text="pig --v").first
        with visitor.step("Blend with ..."):
            offered = await visitor.new(partial(_chosen, sandbox, grid, "Blend with ..."))
        await visitor.gets(offered, f"{_FREE}.*Add others to this picture")
        form = await visitor.opens(offered, "Add pictures")
        await visitor.keep(form, "blend")
        await form.locator("input[type=file]").set_input_files(other)
        await visitor.marks(form, "square, 1:1", "landscape, 3:2")
        await visitor.gets(await visitor.new(lambda: visitor.submits(form)), _FOUR)
        assert [one.path for one in sandbox.scene.relay.submits] == ["/mj/submit/blend"]


async def test_buttons_of_other_relays(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip is extended; more buttons than there is room for stand in a menu; a running task is cancelled."""
    monkeypatch.setattr(UpstreamTask, "buttons", _many(UpstreamTask.buttons))
    relay = replace(QUICK, slow_prompt_word="slow", has_cancel=True)
    async with visit(browser, relay) as (visitor, sandbox):
        clip = sandbox.scene.relay.add_task("clip", prompt="a kite over the sea")
        single = sandbox.scene.relay.add_task("single", prompt="a fox in snow")
        running = sandbox.scene.relay.add_task(prompt="a slow city at night")
        begun = await visitor.sends("imagine", prompt="a slow knight")
        await visitor.changes(begun, "Cancel", "Canceled")
        watched = await visitor.sends("mjstatus", id=running)
        await visitor.changes(watched, "Stop watching", "Stopped watching")
        one = await visitor.sends("mjstatus", id=single)
        await visitor.gets(one, "Upscaled|Picture")
        larger = await visitor.new(lambda: visitor.chooses(one, "More", "Upscale (4x)"))
        moving = await visitor.sends("mjstatus", id=clip)
        await pictures(moving)
        extended = await visitor.presses(moving, "Extend (Low motion)")
        sandbox.scene.relay.finish_task(running)
        await visitor.changes(watched, "Look again", _FOUR)
        await visitor.gets(larger, "Upscaled in")
        await visitor.gets(extended, "Four clips in")


async def test_rare_states_and_buttons(browser: Browser) -> None:
    """A task that waits for its form is given one, or dropped; words are weighed; what was refused is tried again."""
    async with visit(browser, QUICK) as (visitor, sandbox):
        add = sandbox.scene.relay.add_task
        waits = await visitor.sends("mjstatus", id=add("modal", prompt="a form"))
        form = await visitor.opens(waits, "Open form")
        await form.locator("textarea").fill("a form, filled in")
        await visitor.submits(form)
        dropped = await visitor.sends("mjstatus", id=add("modal", prompt="a second form"))
        await visitor.changes(dropped, "Drop it", "Dropped")
        await visitor.gets(waits, f"{_FOUR}.*a form, filled in")

        further = {"MJ::Job::PromptAnalyzerDetails": "Show details"}
        short = await visitor.sends("mjstatus", id=add("shorten", extra_buttons=further))
        await visitor.is_told(short, "Show details", "lien pressed Show details")

        one = await visitor.sends("mjstatus", id=add("single", prompt="a fox in snow"))
        await visitor.gets(one, "Upscaled")
        heart = visitor.button(one, "❤️")
        await visitor.is_told(one, "❤️", "doesn't support that")
        await expect(heart).to_be_disabled()
        check = await visitor.sends("mjcheck")
        await visitor.changes(check, "Try refused buttons again", "the relay has refused none recently")
        await visitor.changes(one, "Refresh", "Upscaled")
        await expect(heart).to_be_enabled()


async def test_a_slow_relay_is_not_reported_as_uncertain(browser: Browser) -> None:
    """A command whose submit takes its time leaves the composer empty, is sent once, and is not called uncertain."""
    relay = replace(QUICK, submit_seconds=1.5)
    async with visit(browser, relay) as (visitor, sandbox):
        drawn = await visitor.sends("imagine", prompt="a knight")
        await expect(visitor.page.get_by_placeholder("Message #art")).to_be_visible()
        await expect(visitor.page.locator("#inspector-count")).to_be_hidden()
        await visitor.gets(drawn, _FOUR)
        assert len(sandbox.scene.relay.submits) == 1


def _many(few: Callable[[UpstreamTask], list[ButtonJson]]) -> Callable[[UpstreamTask], list[ButtonJson]]:
    """Offer every upscaler that there was, as a relay might: more than Discord has room for."""

    def buttons(work: UpstreamTask) -> list[ButtonJson]:
        others: tuple[Version, ...] = ("6", "6.1", "5") if work.result == "single" else ()
        return [*few(work), *(one for version in others for one in single_buttons(work.uuid, version, square=False))]

    return buttons
