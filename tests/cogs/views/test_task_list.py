"""A person's list of tasks: each page is one that Discord takes, and says all that a click on it needs."""

import re
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import TaskFilter, TaskSummary
from bot.features.person_settings import TASKS_PER_PAGE, TaskPage
from bot.midjourney.task import Status
from cogs.components.custom_ids import TaskCustomId
from cogs.text import limits
from cogs.views.panels.settings_panel import SettingChoice
from cogs.views.task_list import (
    TaskListButton,
    TaskListMenu,
    TaskListPage,
    format_choice,
    format_task_line,
    get_status_emoji,
    render_task_list,
)
from tests.fakes.catalog import find_untranslated

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LINK = "https://discord.com/channels/1/2/3"


def one(number: int = 0, status: str = "SUCCESS", *, followed: bool = False, **more: Any) -> TaskSummary:  # noqa: ANN401 (any of the fields)
    given = {"prompt": "a fox --ar 3:2", "progress": None, "link": LINK, **more}
    return TaskSummary(f"173062182605345{number}", status=status, requested_at=NOON, is_followed=followed, **given)


def page(count: int = 3, number: int = 0, total: int = 3, which: TaskFilter = TaskFilter.ALL) -> TaskPage:
    return TaskPage(which, number, [one(n) for n in range(count)], total)


def items(view: ui.View) -> dict[str, Any]:
    """Return the components by the verb in their custom_id."""
    return {
        item.custom_id.split(":")[2]: item.item
        for item in view.children
        if isinstance(item, TaskListButton | TaskListMenu)
    }


@pytest.mark.parametrize(
    ("task", "sign"),
    [
        (one(), "✅"),
        (one(status="FAILURE"), "❌"),
        (one(status="CANCEL"), "🚫"),
        (one(status="IN_PROGRESS", followed=True), "🎨"),
        (one(status="MODAL", followed=True), "✋"),
        (one(status="", followed=True), "⏳"),
        (one(status="IN_PROGRESS"), "🌙"),
        (one(status=""), "🌙"),
    ],
)
def test_an_emoji_shows_each_status(task: TaskSummary, sign: str) -> None:
    """An unfinished task that no message watches has the sign for resting."""
    assert get_status_emoji(task) == sign
    assert format_choice(task).startswith(f"{sign} a fox --ar 3:2 · ")


def test_a_line_leaves_out_what_is_unknown() -> None:
    """State, progress while it runs, prompt, id, age, and the message where there is one to go to."""
    running = one(status="IN_PROGRESS", followed=True, progress=46)
    assert (
        format_task_line(running)
        == f"🎨 46% · **a fox** `--ar 3:2`\n`1730621826053450` · <t:1795435200:R> · [message]({LINK})"
    )
    assert (
        format_task_line(one(prompt="", link="", progress=100)) == "✅ no prompt\n`1730621826053450` · <t:1795435200:R>"
    )


def test_tasks_of_one_prompt_are_distinguished() -> None:
    """By what was pressed and what it brings, in each place where a task is named; the id stays to be seen."""
    made = [("Reroll", "Four pictures"), ("V1", "Four pictures"), ("U2", "Picture 2"), ("", "Four pictures"), ("", "")]
    tasks = [one(number, pressed=pressed, result_description=brings) for number, (pressed, brings) in enumerate(made)]
    kinds = ["Reroll → Four pictures", "V1 → Four pictures", "U2 → Picture 2", "Four pictures"]
    assert [format_task_line(task).split("\n")[1].split(" · ")[0] for task in tasks] == [*kinds, "`1730621826053454`"]
    assert [format_choice(task).split(": ")[0] for task in tasks[:4]] == [f"✅ {kind}" for kind in kinds]
    assert format_choice(tasks[1]) == "✅ V1 → Four pictures: a fox --ar 3:2 · 1730621826053451"
    assert (
        format_choice(one(pressed="U2", result_description="Picture 2", prompt=""))
        == "✅ U2 → Picture 2 · 1730621826053450"
    )
    options = items(render_task_list(TaskPage(TaskFilter.ALL, 0, tasks, 5), "")[1])["open"].options
    assert [option.description for option in options] == [
        *(f"{kind} · {task.task_id}" for kind, task in zip(kinds, tasks, strict=False)),
        tasks[4].task_id,
    ]


LINKS = " ".join(f"https://s.mj.run/KqYy_{number}aAbBcCdDeEfF" for number in range(4))


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        (LINKS, "🖼️ 🖼️ 🖼️ 🖼️"),
        (f"<{LINKS.split()[0]}> a fox", "🖼️ a fox"),
        ("x" * 90 + " " + LINKS, "x" * 90 + " 🖼️ 🖼️ 🖼️"),
    ],
)
def test_a_link_is_never_cut_in_half(prompt: str, shown: str) -> None:
    """midjourney-proxy tells the pictures of a blend as its prompt: each is an icon, wherever a task is named."""
    task = one(prompt=prompt, link="")
    options = items(render_task_list(TaskPage(TaskFilter.ALL, 0, [task], 1), "")[1])["open"].options
    for told in (format_task_line(task), format_choice(task), options[0].label):
        assert shown[:80] in told
        assert "mj.run" not in told
        assert "http" not in told


def test_words_of_the_relay_are_shown_as_they_are() -> None:
    """An action may be called anything, and a button too."""
    odd = one(pressed="[x](https://a.b) " * 9, result_description="**" * 90)
    assert format_task_line(odd).split("\n")[1].startswith("\\[x\\](https\\://a.b) \\[x\\]")
    assert limits.length(format_choice(odd)) <= limits.CHOICE_NAME


def test_a_page_among_others_leads_both_ways() -> None:
    """Its buttons carry the page that they show, its menus the kind that is listed."""
    embed, view = render_task_list(page(TASKS_PER_PAGE, 1, 3 * TASKS_PER_PAGE, TaskFilter.DONE), "")
    found = items(view)
    assert embed.footer.text == f"Finished: {3 * TASKS_PER_PAGE} tasks, page 2 of 3"
    assert [found[verb].custom_id for verb in ("newer", "older", "again")] == [
        "mj:t:newer:0:done",
        "mj:t:older:2:done",
        "mj:t:again:1:done",
    ]
    assert not any(found[verb].disabled for verb in ("newer", "older", "again"))
    assert [option.value for option in found["open"].options] == [each.task_id for each in page(TASKS_PER_PAGE).tasks]
    assert [option.value for option in found["only"].options if option.default] == ["done"]


def test_a_single_page_has_no_other_pages() -> None:
    """Newer and older are grayed at the ends."""
    embed, view = render_task_list(page(1, total=1), "")
    found = items(view)
    assert embed.footer.text == "All: 1 task, page 1 of 1"
    assert [found["newer"].disabled, found["older"].disabled, found["again"].disabled] == [True, True, False]


def test_an_empty_list_shows_the_next_step() -> None:
    """Where there is none of a kind the menu of kinds stays; where there is none at all, only the sentence."""
    embed, view = render_task_list(TaskPage(TaskFilter.FAILED, 0, [], 0), "None of them.")
    assert embed.description == "None of them."
    assert set(items(view)) == {"only", "newer", "older", "again"}
    assert not render_task_list(TaskPage(TaskFilter.ALL, 0, [], 0), "None yet.")[1].children


@given(
    st.lists(st.tuples(st.text(max_size=300), st.sampled_from(Status)), max_size=TASKS_PER_PAGE),
    st.sampled_from(TaskFilter),
)
def test_every_page_is_a_valid_message(tasks: list[tuple[str, Status]], which: TaskFilter) -> None:
    """For any prompts, texts fit, each id is the bot's own and occurs once, and each emoji is a real one."""
    found = [
        one(n, status, prompt=prompt, followed=bool(n % 2), pressed=prompt, result_description=prompt)
        for n, (prompt, status) in enumerate(tasks)
    ]
    embed, view = render_task_list(TaskPage(which, 0, found, len(found)), "None.")
    assert limits.length(embed.description or "") <= limits.EMBED_DESCRIPTION
    ids = [str(item.custom_id) for item in view.children if isinstance(item, TaskListButton | TaskListMenu)]
    assert len(ids) == len(set(ids)) == len(view.children)
    assert all(TaskCustomId.parse(custom_id) is None and SettingChoice.parse(custom_id) is None for custom_id in ids)
    for menu in (item for item in items(view).values() if isinstance(item, ui.Select)):
        assert 1 <= len(menu.options) <= limits.OPTIONS
        assert all(1 <= limits.length(option.label) <= limits.OPTION_TEXT for option in menu.options)
        assert all(limits.length(option.description or "") <= limits.OPTION_TEXT for option in menu.options)
        assert all(option.emoji is None or limits.is_emoji(str(option.emoji)) for option in menu.options)
    assert view.timeout is None


def test_an_id_that_no_menu_takes_is_left_out_of_it() -> None:
    """Discord takes a hundred characters; such a task is listed all the same."""
    long = TaskSummary("9" * 101, "a fox", "SUCCESS", None, "", NOON)
    embed, view = render_task_list(TaskPage(TaskFilter.ALL, 0, [long], 1), "")
    assert "a fox" in (embed.description or "")
    assert "open" not in items(view)


@pytest.mark.parametrize("custom_id", ["mj:t:newer:0:all", "mj:t:older:12:running", "mj:t:again:3:a"])
def test_a_list_click_dispatches_its_page(custom_id: str) -> None:
    """A kind that a newer version made up is all of them."""
    match = re.fullmatch(TaskListButton.__discord_ui_compiled_template__, custom_id)
    assert match is not None
    leaf = TaskListPage.from_match(match)
    assert leaf.number == int(custom_id.split(":")[3])
    assert leaf.task_filter is {"all": TaskFilter.ALL, "running": TaskFilter.RUNNING}.get(
        custom_id.rpartition(":")[2], TaskFilter.ALL
    )
    assert re.fullmatch(TaskListMenu.__discord_ui_compiled_template__, custom_id) is None


def test_the_list_has_a_title_and_a_color() -> None:
    """A title, and the colour of what is neither done nor failed."""
    embed, _ = render_task_list(page(), "")
    assert (embed.title, embed.colour) == ("Your tasks", discord.Colour(0x5865F2))


@pytest.mark.usefixtures("pseudo_language")
async def test_the_list_is_translated() -> None:
    """Only the prompts stay as they are."""
    embed, view = render_task_list(TaskPage(TaskFilter.DONE, 0, [one(prompt=""), one(1, prompt="fox")], 40), "")
    shown = items(view)
    texts = [embed.title, embed.footer.text, embed.description, *(shown[verb].label for verb in ("newer", "older"))]
    texts += [shown["open"].placeholder, *(option.label for option in (*shown["open"].options, *shown["only"].options))]
    assert find_untranslated(" ".join(map(str, texts))) == ["fox", "fox"]
    assert find_untranslated(format_choice(one(prompt="", pressed="", result_description="Picture 2"))) == []
