"""Blocked words: in which paid requests they are looked for, and that nothing is claimed or sent where one is found."""

from collections.abc import Awaitable, Callable

import pytest

from bot.entities import ServerRules
from bot.errors import WordBlocked
from bot.midjourney.buttons import resolve_action
from bot.midjourney.task import Status
from bot.relay.requests import Describe, Imagine, Video
from bot.submissions.checked_prompts import find_drawn_prompt, find_sent_prompt
from bot.submissions.command_requests import CommandRequest, build_animate, build_edit, build_shorten
from tests.bot.submissions.test_command_requests import GeneratedPicture
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.sample_entities import CHILD, PARENT, U2, V2, ZOOM, job, task
from tests.fakes.submissions import command, imagine, press
from tests.worlds.services import ServiceProcess, ServiceWorld

LINES = "1️⃣ a red fox\n\n2️⃣ an old tower\n\n3️⃣ the sea"
HIDDEN = "an o\u200bld \u0422ower"
REROLL, VARY, UPSCALE = (
    "MJ::JOB::reroll::0::aa::SOLO",
    "MJ::JOB::low_variation::1::aa",
    "MJ::JOB::upsample_v6_2x::1::aa",
)

_Ask = Callable[[ServiceProcess, FakePressFollowups], Awaitable[object]]


def submit(wanted: CommandRequest) -> _Ask:
    return lambda process, followups: process.commands.submit_command(command(), wanted, followups)


def press_button(button: str, prompt: str) -> _Ask:
    return lambda process, followups: process.presses.submit_press(press(button=button), followups, prompt=prompt)


async def answer_modal(process: ServiceProcess, followups: FakePressFollowups) -> None:
    await process.store.open_job(job(800, CHILD))
    process.store.snapshots[CHILD] = task(CHILD, Status.MODAL)
    await process.presses.answer_modal(press(task_id=CHILD, button="-"), HIDDEN, followups)


async def check_region(process: ServiceProcess, followups: FakePressFollowups) -> None:
    await process.presses.check_prompt(press(button=ZOOM), HIDDEN)


@pytest.mark.parametrize(
    "ask",
    [
        submit(imagine(HIDDEN)),
        submit(imagine(f"a cat --no {HIDDEN}")),
        submit(build_shorten(HIDDEN)),
        submit(build_edit(FakePictureInput(), HIDDEN)),
        submit(build_animate(FakePictureInput(), HIDDEN)),
        submit(build_animate(GeneratedPicture(words="an old tower"))),
        press_button(V2, HIDDEN),
        press_button(ZOOM, f"{HIDDEN} --zoom 2"),
        answer_modal,
        check_region,
    ],
)
async def test_a_blocked_word_is_refused_wherever_it_was_typed(
    world: ServiceWorld, process: ServiceProcess, ask: _Ask
) -> None:
    world.store.rules.servers[6] = ServerRules(blocked_words=("tower*",))
    followups = FakePressFollowups()
    with pytest.raises(WordBlocked) as caught:
        await ask(process, followups)
    assert caught.value.words == ("tower*",)
    assert world.store.claimed == {}
    assert followups.opened == []
    await world.clock.advance(1.0)
    assert world.relay.sent == []


@pytest.mark.parametrize(("button", "is_refused"), [(V2, True), (U2, False)])
async def test_a_button_repeats_a_blocked_prompt_only_to_show_a_picture(
    world: ServiceWorld, process: ServiceProcess, button: str, *, is_refused: bool
) -> None:
    """The word was blocked after the pictures were drawn."""
    world.store.rules.servers[6] = ServerRules(blocked_words=("lighthouse",))
    if is_refused:
        with pytest.raises(WordBlocked):
            await process.presses.submit_press(press(button=button), FakePressFollowups())
    else:
        await process.presses.submit_press(press(button=button), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == int(not is_refused)


async def test_outside_servers_no_server_blocks_words(world: ServiceWorld, process: ServiceProcess) -> None:
    world.allow(allowed_users=(1,))
    world.store.rules.servers[6] = ServerRules(blocked_words=("tower",))
    async with world.process() as allowed:
        await allowed.commands.submit_command(command(guild_id=0), imagine(HIDDEN), FakePressFollowups())


@pytest.mark.parametrize(
    ("button", "typed", "checked"),
    [
        (U2, None, ""),
        (UPSCALE, None, ""),
        ("MJ::BOOKMARK::aa", None, ""),
        ("MJ::Picread::Retry", None, ""),
        ("MJ::Job::PromptAnalyzer", None, ""),
        (U2, "typed", "typed"),
        (V2, None, "an old prompt\nan old prompt, refined"),
        (REROLL, None, "an old prompt\nan old prompt, refined"),
        (VARY, None, "an old prompt\nan old prompt, refined"),
        ("MJ::Outpaint::50::1::aa::SOLO", None, "an old prompt\nan old prompt, refined"),
        ("MJ::JOB::animate_low::1::aa::SOLO", None, "an old prompt\nan old prompt, refined"),
        ("MJ::JOB::unknown::1", None, "an old prompt\nan old prompt, refined"),
        ("MJ::Job::PicReader::2", None, "an old tower"),
        ("MJ::Job::PicReader::all", None, "a red fox\nan old tower\nthe sea"),
    ],
)
def test_the_prompt_of_a_press_that_is_checked(button: str, typed: str | None, checked: str) -> None:
    properties = {"finalPrompt": "an old prompt, refined"}
    if "PicReader" in button:
        parent = task(PARENT, Status.SUCCESS, action="DESCRIBE", prompt="", properties={"finalPrompt": LINES})
    else:
        parent = task(PARENT, Status.SUCCESS, action="IMAGINE", prompt="an old prompt", properties=properties)
    assert find_drawn_prompt(resolve_action(button), parent, typed) == checked


def test_the_prompt_of_a_request_that_is_checked() -> None:
    assert find_sent_prompt(Imagine(prompt="a cat")) == "a cat"
    assert find_sent_prompt(Video(prompt="a fox", image=b"")) == "a fox"
    assert find_sent_prompt(Describe(picture=b"")) == ""
