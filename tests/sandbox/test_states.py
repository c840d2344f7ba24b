"""Every state of a message, drawn by the real renderer and shown by a real browser, to be looked at."""

import asyncio
import io
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, expect

from bot.entities import ButtonStates, Job, Person, Place, PressedButton
from bot.imaging.reencode import Picture
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.task import Button, Properties, Status, Task
from bot.scene import AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from cogs.views.task_message import render_message
from sandbox.avatars import draw_avatars
from sandbox.environment import Environment, open_environment
from sandbox.pictures import compose_shots, render_picture
from sandbox.relay import RelaySettings
from tests.recordings import recorded
from tests.sandbox.chromium import IN_BROWSER, open_page
from tests.sandbox.sandbox_process import PATIENCE

pytestmark = IN_BROWSER

SHOT = Path(__file__).parents[2] / "build" / "states.png"
NOW = datetime.now(UTC)
LINK = "https://cdn.test/a_lighthouse_at_dawn.png"
PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


TASK = Task(
    id="1754300000123417",
    action="IMAGINE",
    prompt=PROMPT,
    submit_time=_milliseconds(NOW - timedelta(seconds=41)),
    start_time=_milliseconds(NOW - timedelta(seconds=39)),
)
PLACE = Place(
    channel_id=3,
    message_id=4,
    guild_id=2,
    application_id=1,
    token="t",
    token_expires_at=NOW + timedelta(minutes=14),
    ephemeral=False,
    reachable=True,
)


def _picture(shots: int) -> Picture:
    data = render_picture(compose_shots(PROMPT, "states")[:shots], 512)
    return Picture(data=data, name="a_lighthouse_at_dawn_1754300000123417.png", width=0, height=0, is_reencoded=False)


def _scenes(avatar: str) -> list[Scene]:
    job = Job(place=PLACE, requester=Person(9, "lien", avatar), task_id=TASK.id, born_at=NOW - timedelta(minutes=1))
    pressed = replace(job, pressed="U2", done="Picture 2", parent_link="https://discord.com/channels/2/3/4")
    grid = recorded("14_fetch_imagine_success_grid").body["buttons"]
    single = recorded("15_fetch_upscale_success_v7_discord").body["buttons"]
    done = _milliseconds(NOW)
    over = TASK.model_copy(update={"status": Status.SUCCESS, "finish_time": done, "progress": 100, "image_url": LINK})
    four = over.model_copy(update={"buttons": tuple(map(Button.model_validate, grid))})
    one = over.model_copy(update={"buttons": tuple(map(Button.model_validate, single)), "start_time": done - 4000})
    crowd = tuple(Button(custom_id=f"MJ::JOB::restyle::{at}::a", label=f"Restyle {at}") for at in range(1, 9))
    crowded = one.model_copy(update={"buttons": (*one.buttons, *crowd)})
    ran = TASK.model_copy(update={"status": Status.IN_PROGRESS, "progress": 46})
    queued = TASK.model_copy(update={"properties": Properties(number_of_queues=2)})
    failed = over.model_copy(
        update={"status": Status.FAILURE, "fail_reason": "[Banned prompt detected] Sorry! Our AI moderator thinks ..."}
    )
    waits = TASK.model_copy(update={"status": Status.MODAL})
    refused = dict.fromkeys(("mj::job::animate_high", "mj::job::animate_low"), "unknown_action")
    marks = ButtonStates(
        pressed={hash_custom_id(one.buttons[3].custom_id): PressedButton("", "", is_finished=True)},
        missing_capabilities=refused,
    )
    return [
        Scene(job=replace(pressed, task_id=""), now=NOW),
        Scene(job=replace(job, claim_id=1), now=NOW, task=queued),
        Scene(job=job, now=NOW, task=ran, silent_since=NOW - timedelta(seconds=40), picture=_picture(4)),
        Scene(job=job, now=NOW, task=ran, unchanged_since=NOW - timedelta(minutes=11)),
        Scene(job=job, now=NOW, task=four, picture=_picture(4)),
        Scene(job=job, now=NOW, task=four, is_picture_pending=True, picture_link=PictureLink.BROKEN),
        Scene(job=pressed, now=NOW, task=TASK, phase=SubmitRetry(NOW + timedelta(seconds=30), RetryReason.PARENT_BUSY)),
        Scene(job=pressed, now=NOW, task=one, picture=_picture(1), marks=marks),
        Scene(job=pressed, now=NOW, task=crowded, picture=_picture(1)),
        Scene(job=job, now=NOW, task=failed),
        Scene(job=replace(pressed, pressed="Custom Zoom"), now=NOW, task=waits),
        Scene(job=replace(job, born_at=NOW - timedelta(minutes=70)), now=NOW, task=ran, phase=JobEnding.WATCH_TIMEOUT),
        Scene(job=job, now=NOW, task=ran, phase=JobEnding.MESSAGE_UNREACHABLE),
        Scene(job=job, now=NOW, task=ran, phase=JobEnding.WATCH_STOPPED),
        Scene(job=job, now=NOW, task=TASK.model_copy(update={"status": Status.CANCEL})),
        Scene(job=pressed, now=NOW, phase=AnswerSearch()),
        Scene(job=pressed, now=NOW, phase=JobEnding.ANSWER_LOST),
        Scene(job=pressed, now=NOW, phase=JobEnding.RELAY_UNDER_MAINTENANCE),
        Scene(job=pressed, now=NOW, phase=JobEnding.ANSWER_NOT_FOLLOWED),
        Scene(job=pressed, now=NOW, phase=JobEnding.NOT_BILLED),
        Scene(job=pressed, now=NOW, phase=JobEnding.NOT_SENT),
        Scene(job=pressed, now=NOW, phase=JobEnding.NOT_ACCEPTED),
        Scene(job=job, now=NOW, task=ran, phase=JobEnding.TASK_NOT_FOUND),
        Scene(job=pressed, now=NOW, task=waits, phase=JobEnding.FORM_DROPPED),
        Scene(job=pressed, now=NOW, task=waits, phase=JobEnding.FORM_DROPPED_MAYBE_BILLED),
    ]


async def _send(scene: Environment, shown: Scene) -> str:
    """Send a scene as the bot would; return its title."""
    drawing = render_message(shown)
    channel = scene.app.bot.get_partial_messageable(scene.channel.id)
    files = [discord.File(io.BytesIO(shown.picture.data), drawing.file_name)] if shown.picture else []
    await channel.send(embed=drawing.embed, view=drawing.view, files=files)
    return drawing.embed.title or ""


async def _shot(message: Locator) -> bytes:
    """Take one message, once its pictures have arrived."""
    arrived = "it => [...it.querySelectorAll('img')].every(one => one.complete && one.naturalWidth)"
    await message.scroll_into_view_if_needed()
    async with asyncio.timeout(PATIENCE):
        while not await message.evaluate(arrived):  # noqa: ASYNC110 - a page has no event
            await asyncio.sleep(0.05)
    return await message.screenshot(animations="disabled")


def _sheet(shots: list[bytes]) -> None:
    """Lay the messages out in three columns, for one look at them all."""
    pictures = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    width, tall = max(picture.width for picture in pictures), sum(picture.height for picture in pictures) // 3 + 200
    sheet = Image.new("RGB", (3 * width, tall + 400), "#313338")
    column, top = 0, 0
    for picture in pictures:
        if top > tall - picture.height // 2 and column < 2:
            column, top = column + 1, 0
        sheet.paste(picture, (column * width, top))
        top += picture.height + 12
    SHOT.parent.mkdir(exist_ok=True)
    sheet.save(SHOT)


async def test_every_state_is_shown(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """Each state of the design's table reaches the page with its title; build/states.png keeps them."""
    caplog.set_level(logging.ERROR)
    async with open_environment(RelaySettings()) as scene:
        faces = draw_avatars([(scene.member.id, "lien")])
        titles = [await _send(scene, shown) for shown in _scenes(next(iter(faces)))]
        await scene.env.settle()
        async with (
            scene.env.preview(scene.channel, viewers=(scene.member,), layout="channel", assets=faces) as preview,
            open_page(browser, preview.url, width=900, height=1000) as page,
        ):
            for title in titles:
                await expect(page.get_by_text(title, exact=True).first).to_be_attached()
            messages = await page.locator("article.channel-message").all()
            _sheet([await _shot(message) for message in messages])

    assert len(titles) == len(messages)
