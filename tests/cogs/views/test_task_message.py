"""Any response gives a message that Discord accepts, and each recorded one gives the message that it calls for."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import HealthCheck, given, settings

from bot.entities import ButtonStates, Person, PressedButton
from bot.imaging.reencode import Picture
from bot.midjourney.buttons import ButtonKind, hash_custom_id
from bot.midjourney.capabilities import name_capability, name_fallback_capability
from bot.midjourney.task import Task
from bot.scene import FileRefusal, JobEnding, PictureLink, Scene, TaskPrice
from cogs.components.custom_ids import TaskButton, TaskMenu
from cogs.text.limits import EMBED_DESCRIPTION, length
from cogs.views.task_message import (
    RenderedMessage,
    render_finished_buttons,
    render_message,
    render_plain_text,
    render_sending,
)
from tests.cogs.views.scenes import HOSTILE, PERSONS, TASKS, scenes
from tests.discord_payloads.message import refusals
from tests.fakes.sample_entities import LIEN, job
from tests.recordings import names, recorded

HURRIED = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def scene(task: Task | None, **more: Any) -> Scene:  # noqa: ANN401
    """A scene of a task that lien asked for."""
    own = job(task_id=task.id if task else "")
    return Scene(job=own, now=own.born_at, task=task, **more)


def sent(drawing: RenderedMessage) -> dict[str, Any]:
    """The body of the edit that discord.py would send."""
    body: dict[str, Any] = {"embeds": [drawing.embed.to_dict()], "components": drawing.view.to_components()}
    if drawing.file_name:
        body["attachments"] = [{"id": 0, "filename": drawing.file_name, "description": drawing.alt_text}]
    return body


def refused(drawing: RenderedMessage) -> list[str]:
    """Why Discord would refuse it."""
    body = sent(drawing)
    assert json.dumps(body, ensure_ascii=False).encode(), "a lone surrogate is no text"
    return refusals(body, files=[drawing.file_name] if drawing.file_name else [], edit=True)


@HURRIED
@given(scenes())
async def test_every_scene_is_rendered_as_a_valid_message(given_scene: Scene) -> None:
    """No task, no marks, no ending and no picture gives a body that Discord would refuse, careful or not."""
    for careful in (False, True):
        drawing = render_message(given_scene, careful=careful)
        assert refused(drawing) == []
        plain = {"content": render_plain_text(drawing.embed), "embeds": [], "components": drawing.view.to_components()}
        assert plain["content"]
        assert refusals(plain, files=[], edit=True) == []
        assert all(isinstance(item, TaskButton | TaskMenu) or item.url for item in drawing.view.children)  # type: ignore[attr-defined]
        assert drawing.view.timeout is None


@HURRIED
@given(PERSONS, HOSTILE, TASKS)
async def test_a_sent_child_is_a_valid_message(person: Person, pressed: str, parent: Task) -> None:
    """The first drawing of a child, and the marked buttons of its parent, hold for all that comes."""
    assert refusals({"embeds": [render_sending(person, pressed, parent).to_dict()]}) == []
    assert (
        refusals(
            {"components": render_finished_buttons(parent, ButtonStates(), set(ButtonKind)).to_components()}, edit=True
        )
        == []
    )


SHOWN = {
    "10_fetch_fresh_empty_status": "⏳ Queued",
    "11_fetch_submitted": "⏳ Queued",
    "12_fetch_in_progress_preview": "🎨 Drawing, 46%",
    "14_fetch_imagine_success_grid": "✅ Four pictures in 39 s",
    "15_fetch_upscale_success_v7_discord": "✅ Upscaled in 3 s",
    "18_fetch_describe_success": "✅ Described in 6 s",
    "19_fetch_shorten_success": "✅ Shortened in 5 s",
    "23_fetch_modal_waiting": "✋ Waiting for lien to confirm",
    "26_fetch_failure_banned": "❌ Midjourney refused this prompt",
    "27_fetch_failure_invalid_parameter": "❌ A parameter isn't valid",
    "28_fetch_failure_gateway_timeout": "❌ Midjourney took too long",
    "30_fetch_success_without_image": "✅ Four pictures in 38 s",
    "31_fetch_cancel": "🚫 Canceled",
    "49_fetch_video_success": "✅ Four clips in 1 min 13 s",
    "51_notify_hook_payload_plus_style": "✅ Four pictures in 39 s",
}


def test_every_recorded_task_is_shown() -> None:
    """No recorded answer that is a task is left out below."""
    tasks = [name for name in names() if isinstance(recorded(name).body, dict) and "status" in recorded(name).body]
    assert sorted(SHOWN) == sorted(tasks)


@pytest.mark.parametrize(("name", "title"), SHOWN.items(), ids=list(SHOWN))
async def test_recorded_answers_are_drawn(name: str, title: str) -> None:
    """Each gives its message, which Discord takes."""
    drawing = render_message(scene(Task.model_validate(recorded(name).body)))
    assert title == drawing.embed.title
    assert refused(drawing) == []


GRID = Task.model_validate(recorded("14_fetch_imagine_success_grid").body)
SINGLE = Task.model_validate(recorded("15_fetch_upscale_success_v7_discord").body)
PICTURE = Picture(b"png", "a_lighthouse_at_dawn_1754300000123417.png", 4, 4, is_reencoded=False)


async def test_a_picture_is_attached_with_its_prompt_as_alt_text() -> None:
    """The embed shows the attachment by its name."""
    drawing = render_message(scene(GRID, picture=PICTURE))
    assert drawing.embed.image.url == f"attachment://{PICTURE.name}"
    assert (drawing.file_name, drawing.alt_text) == (PICTURE.name, "a lighthouse at dawn --ar 3:2 --v 7")


async def test_what_discord_refused_is_drawn_carefully() -> None:
    """Neither the prompt nor the answer, no picture by its link, no avatar, no alt text."""
    described = Task.model_validate(recorded("18_fetch_describe_success").body)
    own = replace(job(task_id=described.id), requester=Person(1, "lien", "https://cdn.test/a.png"))
    drawing = render_message(Scene(job=own, now=own.born_at, task=described), careful=True)
    assert drawing.embed.description == ""
    assert (drawing.embed.image.url, drawing.embed.author.icon_url, drawing.alt_text) == (None, None, "")
    assert [item.item.emoji for item in drawing.view.children if isinstance(item, TaskButton)] == [None] * 7


async def test_a_careful_failure_leaves_out_the_relays_words() -> None:
    """Our own words stay."""
    failed = Task(id="1", prompt="bad", status="FAILURE", fail_reason="not a known reason")  # type: ignore[arg-type]
    assert render_message(scene(failed), careful=True).embed.description == (
        "The relay gave a reason that this bot doesn't know.\n"
        "**Next:** try again later; if it keeps failing, tell the operator of this bot."
    )


async def test_the_author_line_has_the_person_and_avatar() -> None:
    """A person with a blank name is called "someone"."""
    named = replace(job(), requester=Person(1, "  ", "https://cdn.test/a.png"), pressed="U2")
    embed = render_message(Scene(job=named, now=named.born_at)).embed
    assert (embed.author.name, embed.author.icon_url) == ("someone pressed U2", "https://cdn.test/a.png")


async def test_notes_follow_the_id_in_the_footer() -> None:
    """Grayed buttons are told there, also those of the menu; a Refresh is offered where some are grayed."""
    more = SINGLE.model_copy(update={"buttons": (*SINGLE.buttons, *GRID.buttons)})
    drawing = render_message(scene(more, marks=ButtonStates(missing_capabilities={"mj::job::pan": "unknown_action"})))
    assert drawing.embed.footer.text == (
        "Upscale · 1754300090555208\n"
        "Pan left, Pan right, Pan up, Pan down aren't available on this service: it doesn't know this action"
    )
    assert [item.item.label for item in drawing.view.children if isinstance(item, TaskButton)][-1] == "Refresh"


async def test_a_line_that_does_not_fit_is_left_out_whole() -> None:
    """Half a link is no link."""
    long = "https://cdn.test/" + "x" * 1900
    clips = Task(
        id="1",
        prompt="x" * 400,
        status="SUCCESS",  # type: ignore[arg-type]
        video_urls=(f"{long}1", f"{long}2", f"{long}3"),
    )
    text = render_message(scene(clips)).embed.description or ""
    assert length(text) <= EMBED_DESCRIPTION
    assert text == f"**{'x' * 299}…**"


async def test_an_ended_job_shows_no_picture_and_no_task_buttons() -> None:
    """What is no longer watched shows neither preview nor buttons."""
    drawing = render_message(scene(GRID, phase=JobEnding.WATCH_TIMEOUT))
    assert drawing.embed.image.url is None
    assert [item.item.label for item in drawing.view.children if isinstance(item, TaskButton)] == ["Look again"]


async def test_an_id_that_no_click_could_carry_has_no_buttons_of_ours() -> None:
    """Such a message is drawn all the same."""
    odd = Task(id="a:b", prompt="x")
    assert list(render_message(scene(odd, phase=JobEnding.WATCH_TIMEOUT)).view.children) == []


async def test_marked_buttons_are_those_of_the_finished_message() -> None:
    """The same rows, with what was pressed green, and a Refresh where some are grayed."""
    first = hash_custom_id(GRID.buttons[0].custom_id)
    variation = next(one.custom_id for one in GRID.buttons if "variation" in one.custom_id)
    refused = dict.fromkeys((name_capability(variation), name_fallback_capability(variation)), "unknown_action")
    view = render_finished_buttons(
        GRID,
        ButtonStates({first: PressedButton("2", "", is_finished=False)}, refused),
        {ButtonKind.SPLIT_GRID, ButtonKind.LINEAGE, ButtonKind.DELETE},
    )
    rows = view.to_components()
    assert [len(row["components"]) for row in rows] == [5, 4, 4]
    styles = [part["style"] for part in rows[0]["components"]]
    assert styles == [discord.ButtonStyle.success.value, *[discord.ButtonStyle.secondary.value] * 4]


async def test_sending_is_as_the_table_says() -> None:
    """Who pressed what, and the parent's prompt."""
    embed = render_sending(LIEN, "U2", GRID)
    assert (embed.author.name, embed.title, embed.footer.text) == ("lien pressed U2", "📨 Sending", "U2")
    assert embed.description == "**a lighthouse at dawn** `--ar 3:2` `--v 7`"


async def test_each_drawing_has_a_view_of_its_own() -> None:
    """discord.py must never meet one view twice."""
    shown = scene(GRID)
    views: list[ui.View] = [render_message(shown).view, render_message(shown).view]
    assert views[0] is not views[1]


@pytest.mark.parametrize(
    ("more", "careful", "plain", "shown"),
    [
        ({"picture": PICTURE}, False, False, True),
        ({"picture": PICTURE}, True, True, True),
        ({}, False, False, True),
        ({}, False, True, False),
        ({}, True, False, False),
        ({"picture_link": PictureLink.DEAD}, False, False, False),
        ({"picture_link": PictureLink.BROKEN, "is_picture_pending": True}, False, False, False),
        ({"picture_link": PictureLink.PRIVATE}, False, False, False),
        ({"file_refusal": FileRefusal.EXPLICIT}, False, False, False),
        ({"file_refusal": FileRefusal.TOO_LARGE}, False, False, True),
        ({"phase": JobEnding.WATCH_STOPPED}, True, True, True),
    ],
)
def test_a_message_knows_whether_it_shows_the_result(
    more: dict[str, Any], *, careful: bool, plain: bool, shown: bool
) -> None:
    """By a file, or by its link in an embed; a notification says so."""
    assert render_message(scene(GRID, **more), careful=careful, plain=plain).shows_result is shown


def test_a_long_text_is_cut_line_by_line_where_embeds_are_not_allowed() -> None:
    embed = discord.Embed(title="t", description="\n".join(["x" * 999] * 4))
    embed.set_image(url="https://cdn.test/a.png")
    assert render_plain_text(embed) == f"**t**\n[Open the picture](<https://cdn.test/a.png>)\n{'x' * 999}"


ABOUT = TaskPrice(amount=Decimal("0.1"), currency="USD", is_confirmed=False)


@pytest.mark.parametrize(
    ("price", "ending", "footer"),
    [
        pytest.param(None, None, "V1 · 9001", id="unknown"),
        pytest.param(ABOUT, None, "V1 · about $0.10 · 9001", id="expected"),
        pytest.param(replace(ABOUT, is_confirmed=True), None, "V1 · $0.10 · 9001", id="confirmed"),
        pytest.param(
            replace(ABOUT, currency="**x** " * 9), None, "V1 · about 0.10 **x** **x** **x** *… · 9001", id="odd"
        ),
        pytest.param(replace(ABOUT, is_credited=True), None, "V1 · 9001", id="credited"),
        pytest.param(ABOUT, JobEnding.WATCH_TIMEOUT, "V1 · about $0.10 · 9001", id="watched no more"),
        pytest.param(ABOUT, JobEnding.NOT_BILLED, "V1 · 9001", id="not charged"),
        pytest.param(ABOUT, JobEnding.FORM_DROPPED, "V1 · 9001", id="dropped"),
    ],
)
def test_footer_has_the_price(price: TaskPrice | None, ending: JobEnding | None, footer: str) -> None:
    shown = Scene(
        job=job(task_id="9001", pressed="V1"), now=job().born_at, task=Task(id="9001"), price=price, phase=ending
    )
    assert render_message(shown).embed.footer.text == footer


@pytest.mark.parametrize(
    ("status", "price", "times"),
    [
        ("FAILURE", replace(ABOUT, is_credited=True), 1),
        ("FAILURE", ABOUT, 0),
        ("FAILURE", None, 0),
        ("CANCEL", replace(ABOUT, is_credited=True), 1),
        ("SUCCESS", replace(ABOUT, is_credited=True), 0),
    ],
)
def test_credit_is_said_only_of_failed_tasks_that_the_ledger_says_are_credited(
    status: str, price: TaskPrice | None, times: int
) -> None:
    failed = Task.model_validate({"id": "9001", "status": status, "failReason": "x"})
    text = render_message(scene(failed, price=price)).embed.description or ""
    assert text.count("The relay credits failed tasks to the account.") == times
    assert "refund" not in text.lower()
