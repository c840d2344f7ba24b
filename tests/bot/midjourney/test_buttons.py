"""Every button that the API is known to deliver, against the table of buttons."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.buttons import (
    ButtonAction,
    ButtonKind,
    FallbackKind,
    find_button,
    get_submitted_action,
    hash_custom_id,
    is_grid,
    makes_video,
    name_button,
    resolve_action,
)
from bot.midjourney.capabilities import name_capability
from bot.midjourney.task import Button, Task
from sandbox.relay.settings import STOCK_REFUSALS
from sandbox.relay.submits.custom_ids import UnknownAction, parse_custom_id
from tests.recordings import recorded

UUID = "5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5"
HEX = "5b0c6f7e2a944d1b9e6371c8d40fa2b5"

# (customId, kind, form, name, done, index, change), in the order in which the reference lists them.
CATALOG: list[tuple[str, ButtonKind, str | None, str, str, int, str]] = [
    *(
        (f"MJ::JOB::upsample::{n}::{UUID}", ButtonKind.PICK_FROM_GRID, None, f"U{n}", f"Picture {n}", n, "UPSCALE")
        for n in range(1, 5)
    ),
    (f"MJ::JOB::reroll::0::{UUID}::SOLO", ButtonKind.REROLL, None, "Reroll", "Rerolled", 0, "REROLL"),
    *(
        (f"MJ::JOB::variation::{n}::{UUID}", ButtonKind.VARIATION, None, f"V{n}", "Varied", n, "VARIATION")
        for n in range(1, 5)
    ),
    *(
        (f"MJ::JOB::upsample_{version}_2x_{how}::1::{UUID}::SOLO", ButtonKind.UPSCALE, None, name, "Upscaled", 0, "")
        for version in ("v6", "v6r1", "v7")
        for how, name in (("subtle", "Upscale (Subtle)"), ("creative", "Upscale (Creative)"))
    ),
    (f"MJ::JOB::upsample_v5_2x::1::{UUID}::SOLO", ButtonKind.UPSCALE, None, "Upscale (2x)", "Upscaled", 0, ""),
    (f"MJ::JOB::upsample_v5_4x::1::{UUID}::SOLO", ButtonKind.UPSCALE, None, "Upscale (4x)", "Upscaled", 0, ""),
    (f"MJ::JOB::upsample_beta::1::{UUID}::SOLO", ButtonKind.UPSCALE, None, "Upscale", "Upscaled", 0, ""),
    (f"MJ::JOB::low_variation::1::{UUID}::SOLO", ButtonKind.VARY, None, "Vary (Subtle)", "Varied", 0, ""),
    (f"MJ::JOB::high_variation::1::{UUID}::SOLO", ButtonKind.VARY, None, "Vary (Strong)", "Varied", 0, ""),
    (f"MJ::Inpaint::1::{UUID}::SOLO", ButtonKind.VARY_REGION, None, "Vary (Region)", "Repainted", 0, ""),
    (f"MJ::Outpaint::50::1::{UUID}::SOLO", ButtonKind.ZOOM, None, "Zoom Out 2x", "Zoomed out", 0, ""),
    (f"MJ::Outpaint::75::1::{UUID}::SOLO", ButtonKind.ZOOM, None, "Zoom Out 1.5x", "Zoomed out", 0, ""),
    (f"MJ::Outpaint::100::1::{UUID}::SOLO", ButtonKind.ZOOM, None, "Make Square", "Squared", 0, ""),
    (f"MJ::Outpaint::66::1::{UUID}::SOLO", ButtonKind.ZOOM, None, "Zoom Out", "Zoomed out", 0, ""),
    (f"MJ::CustomZoom::{UUID}", ButtonKind.CUSTOM_ZOOM, "zoom", "Custom Zoom", "Zoomed out", 0, ""),
    (f"MJ::CustomZoom::1::{UUID}", ButtonKind.CUSTOM_ZOOM, "zoom", "Custom Zoom", "Zoomed out", 0, ""),
    *(
        (f"MJ::JOB::pan_{way}::1::{UUID}::SOLO", ButtonKind.PAN, None, f"Pan {way}", f"Panned {way}", 0, "")
        for way in ("left", "right", "up", "down")
    ),
    (f"MJ::JOB::animate_high::1::{UUID}::SOLO", ButtonKind.ANIMATE, None, "Animate (High motion)", "Animated", 0, ""),
    (f"MJ::JOB::animate_low::1::{UUID}::SOLO", ButtonKind.ANIMATE, None, "Animate (Low motion)", "Animated", 0, ""),
    (
        f"MJ::JOB::animate_high_extend::1::{UUID}::SOLO",
        ButtonKind.ANIMATE,
        None,
        "Extend (High motion)",
        "Extended",
        1,
        "",
    ),
    (f"MJ::JOB::animate_low_extend::1::{UUID}", ButtonKind.ANIMATE, None, "Extend (Low motion)", "Extended", 1, ""),
    *(
        (f"MJ::JOB::video_virtual_upscale::{n}::{UUID}", ButtonKind.PICK_FROM_GRID, None, f"U{n}", f"Clip {n}", n, "")
        for n in range(1, 5)
    ),
    (f"MJ::BOOKMARK::{UUID}", ButtonKind.BOOKMARK, None, "Favorite", "Favorited", 0, ""),
    *((f"MJ::Job::PicReader::{n}", ButtonKind.DESCRIBE, "prompt", f"Imagine {n}", "Drawn", n, "") for n in range(1, 5)),
    ("MJ::Picread::Retry", ButtonKind.DESCRIBE, None, "Describe again", "Described", 0, ""),
    ("MJ::Job::PicReader::all", ButtonKind.DESCRIBE, None, "Imagine all", "Drawn", 0, ""),
    *(
        (f"MJ::Job::PromptAnalyzer::{n}", ButtonKind.SHORTEN, "prompt", f"Imagine {n}", "Drawn", n, "")
        for n in range(1, 6)
    ),
    ("MJ::JOB::PromptAnalyzer::1", ButtonKind.SHORTEN, "prompt", "Imagine 1", "Drawn", 1, ""),
    ("MJ::Job::PromptAnalyzerDetails", ButtonKind.SHORTEN, None, "Show details", "Shortened", 0, ""),
]

# Section 5.2 of the reference, with a uuid of 36 characters.
LENGTHS = [
    ("MJ::JOB::upsample_v6r1_2x_creative::1::{}::SOLO", 81),
    ("MJ::JOB::upsample::1::{}", 58),
    ("MJ::JOB::variation::1::{}", 59),
    ("MJ::JOB::reroll::0::{}::SOLO", 62),
    ("MJ::JOB::upsample_v5_2x::1::{}::SOLO", 70),
    ("MJ::JOB::upsample_v6_2x_subtle::1::{}::SOLO", 77),
    ("MJ::JOB::upsample_v7_2x_creative::1::{}::SOLO", 79),
    ("MJ::JOB::high_variation::1::{}::SOLO", 70),
    ("MJ::Outpaint::100::1::{}::SOLO", 64),
    ("MJ::Inpaint::1::{}::SOLO", 58),
    ("MJ::CustomZoom::{}", 52),
    ("MJ::CustomZoom::1::{}", 55),
    ("MJ::JOB::pan_right::1::{}::SOLO", 65),
    ("MJ::JOB::animate_high::1::{}::SOLO", 68),
    ("MJ::JOB::animate_high_extend::1::{}::SOLO", 75),
    ("MJ::JOB::video_virtual_upscale::1::{}", 71),
    ("MJ::BOOKMARK::{}", 50),
]


@pytest.mark.parametrize("row", CATALOG, ids=[row[0] for row in CATALOG])
def test_the_action_of_every_button_in_the_catalog(row: tuple[str, ButtonKind, str | None, str, str, int, str]) -> None:
    """Kind, modal, name, title and index agree with the API's catalog."""
    custom_id, kind, form, name, done, index, change = row
    action = resolve_action(custom_id)
    assert (kind, form, name, done, index, change) == (
        action.kind,
        action.modal_kind,
        action.name,
        action.result_title,
        action.index,
        action.new_api_action if action.fallback is FallbackKind.CHANGE else "",
    )


# A copy of the catalog of buttons, with what a stock new-api makes of each: null where it refuses.
BUTTONS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "buttons.json").read_text(encoding="utf-8")
)
CLICKABLE = [button for button in BUTTONS if button["customId"]]


def test_only_the_link_has_no_custom_id() -> None:
    """Every other button can be pressed, and every kind has one in the catalog."""
    assert [("Web", 5)] == [(each["label"], each["style"]) for each in BUTTONS if not each["customId"]]
    assert {ButtonKind.OTHER} == {resolve_action("").kind}
    ours = {kind for kind in ButtonKind if kind.is_bot_button}
    actions = [resolve_action(each["customId"]) for each in CLICKABLE]
    kinds = {action.kind for action in actions} | {action.custom_id_kind for action in actions}
    assert set(ButtonKind) - ours - {ButtonKind.OTHER, ButtonKind.SAME_PROMPT} == kinds


@pytest.mark.parametrize("button", CLICKABLE, ids=[each["customId"] for each in CLICKABLE])
def test_the_table_agrees_with_the_catalog(button: dict[str, Any]) -> None:
    """Names match the labels, and `new_api_action` is empty exactly where an unmodified new-api refuses the button."""
    custom_id = button["customId"].replace("{uuid}", UUID)
    action = resolve_action(custom_id)
    assert action.kind is not ButtonKind.OTHER
    assert action.name
    assert action.result_title
    assert (button["stock"] or "") == action.new_api_action
    if button["label"]:
        assert button["label"].lower() == action.name.lower()
    assert name_capability(custom_id)
    try:
        known = bool(parse_custom_id(custom_id, STOCK_REFUSALS)[0])
    except UnknownAction:
        known = False
    assert known is bool(action.new_api_action)


@pytest.mark.parametrize(
    ("custom_id", "instead", "motion"),
    [
        ("MJ::JOB::upsample::2::u", FallbackKind.CHANGE, "low"),
        ("MJ::JOB::upsample_v7_2x_subtle::1::u::SOLO", FallbackKind.NONE, "low"),
        ("MJ::JOB::animate_high::1::u::SOLO", FallbackKind.VIDEO, "high"),
        ("MJ::JOB::animate_LOW::1::u::SOLO", FallbackKind.VIDEO, "low"),
        ("MJ::JOB::animate_high_extend::1::u", FallbackKind.EXTEND, "high"),
        ("MJ::JOB::animate_low_extend::1::u::SOLO", FallbackKind.EXTEND, "low"),
        ("MJ::JOB::video_virtual_upscale::3::u", FallbackKind.SHOW_CLIP, "low"),
        ("MJ::Job::PicReader::4", FallbackKind.IMAGINE, "low"),
        ("MJ::Job::PicReader::all", FallbackKind.IMAGINE_ALL, "low"),
        ("MJ::Picread::Retry", FallbackKind.DESCRIBE, "low"),
        ("MJ::Job::PromptAnalyzer::5", FallbackKind.IMAGINE, "low"),
        ("MJ::Job::PromptAnalyzerDetails", FallbackKind.SHOW_TEXT, "low"),
        ("MJ::BOOKMARK::u", FallbackKind.NONE, "low"),
        ("MJ::JOB::dance::1::u", FallbackKind.NONE, "low"),
    ],
)
def test_the_fallback_of_a_button(custom_id: str, instead: FallbackKind, motion: str) -> None:
    """Every button but the heart has a fallback where an unmodified new-api refuses it."""
    action = resolve_action(custom_id)
    assert (instead, motion) == (action.fallback, action.motion)


def test_buttons_that_new_api_refuses_have_a_fallback() -> None:
    """Only the favorite has none."""
    actions = [resolve_action(each["customId"]) for each in CLICKABLE]
    assert {ButtonKind.BOOKMARK} == {
        each.kind for each in actions if not each.new_api_action and each.fallback is FallbackKind.NONE
    }
    assert all(each.new_api_action for each in actions if each.fallback is FallbackKind.CHANGE)
    same = {each.name for each in actions if not each.is_repeatable}
    assert {"U1", "U2", "U3", "U4", "Favorite", "Show details"} == same


@pytest.mark.parametrize("custom_id", [row[0] for row in CATALOG])
def test_ids_without_dashes_have_the_same_action(custom_id: str) -> None:
    """Youchuan's ids are hexadecimal without dashes."""
    assert resolve_action(custom_id) == resolve_action(custom_id.replace(UUID, HEX))


@pytest.mark.parametrize("custom_id", [row[0] for row in CATALOG])
def test_the_case_of_a_custom_id_does_not_matter(custom_id: str) -> None:
    """Relays send both `Job` and `JOB`."""
    assert resolve_action(custom_id) == resolve_action(custom_id.upper())


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "U1",
        "MJ",
        "MJ::JOB::dance::1::u",
        "MJ::JOB::upsample::12::u",
        "MJ::JOB::upsample::0::u",
        "MJ::JOB::upsample::\u0661::u",
        "MJ::JOB::variation::",
        "MJ::JOB::pan_sideways::1::u",
        "xMJ::JOB::upsample::1::u",
        f"MJ::JOB::redo_everything::1::{UUID}::SOLO",
    ],
)
def test_an_unknown_custom_id_is_other(custom_id: str) -> None:
    """Buttons that Midjourney adds in the future are OTHER, and have a name."""
    assert ButtonAction(ButtonKind.OTHER, "More", "Done") == resolve_action(custom_id)


@given(st.text())
def test_every_text_has_an_action(custom_id: str) -> None:
    """Any text has an action with a name."""
    assert resolve_action(custom_id).name
    assert resolve_action("MJ::JOB::" + custom_id).name


@pytest.mark.parametrize(("pattern", "length"), LENGTHS)
def test_custom_ids_have_the_lengths_of_the_reference(pattern: str, length: int) -> None:
    """The patterns are real ones: their lengths agree, and each is in the table."""
    custom_id = pattern.format(UUID)
    assert length == len(custom_id)
    assert resolve_action(custom_id).kind is not ButtonKind.OTHER


def test_keys_are_short_and_unique() -> None:
    """No two buttons of the catalog share a key, over a thousand tasks."""
    forms = sorted({row[0].replace(UUID, "{}") for row in CATALOG})
    uuids = [f"{n:08x}-2a94-4d1b-9e63-71c8d40fa2b5" for n in range(1000)]
    ids = {form.format(uuid) for form in forms for uuid in uuids}
    keys = {hash_custom_id(custom_id) for custom_id in ids}
    assert len(ids) == len(keys)
    assert {10} == set(map(len, keys))


def test_a_lone_surrogate_has_a_key() -> None:
    assert len(hash_custom_id("\ud800")) == 10


def test_the_bots_own_buttons_are_listed() -> None:
    """Every kind is one letter."""
    ours = {kind for kind in ButtonKind if kind.is_bot_button}
    free = {
        ButtonKind.SPLIT_GRID,
        ButtonKind.SPLIT_MENU,
        ButtonKind.ORIGINAL_FILE,
        ButtonKind.LINEAGE,
        ButtonKind.STOP,
        ButtonKind.OVERFLOW_MENU,
        ButtonKind.REFRESH,
    }
    asked = {
        ButtonKind.DELETE,
        ButtonKind.DELETE_CONFIRMED,
        ButtonKind.CONFIRM_REGION,
        ButtonKind.CHANGE_REGION,
        ButtonKind.OPEN_MODAL,
        ButtonKind.DISCARD_MODAL,
        ButtonKind.FORGET_REFUSALS,
        ButtonKind.DRAW_AGAIN,
        ButtonKind.REPAINT_AGAIN,
        ButtonKind.CONFIRM_PRICE,
        ButtonKind.REPORT,
    }
    assert free | asked == ours
    assert {1} == {len(kind) for kind in ButtonKind}


@pytest.mark.parametrize(("number", "pays"), [("upsample::2", False), ("variation::2", True), ("reroll::0", True)])
def test_only_a_pick_is_not_repeatable(number: str, *, pays: bool) -> None:
    """The second U2 is the same picture; the second V2 and reroll are new ones."""
    assert pays is resolve_action(f"MJ::JOB::{number}::{UUID}").is_repeatable


def _buttons(name: str) -> tuple[Button, ...]:
    return Task.model_validate(recorded(name).body).buttons


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("14_fetch_imagine_success_grid", True),
        ("49_fetch_video_success", True),
        ("51_notify_hook_payload_plus_style", True),
        ("15_fetch_upscale_success_v7_discord", False),
        ("18_fetch_describe_success", False),
        ("19_fetch_shorten_success", False),
        ("12_fetch_in_progress_preview", False),
    ],
)
def test_is_grid_reads_the_buttons(name: str, *, grid: bool) -> None:
    """The buttons decide, not the action."""
    assert grid is is_grid(Task.model_validate({**recorded(name).body, "action": "PAN"}))


@pytest.mark.parametrize("action", ["IMAGINE", "VARIATION", "REROLL", "BLEND"])
@pytest.mark.parametrize("told", [{}, {"buttons": None}, {"buttons": []}, {"buttons": [{"label": "Web", "style": 5}]}])
def test_is_grid_reads_the_action_of_a_task_without_buttons(action: str, told: dict[str, Any]) -> None:
    """Only a finished task counts, because a running one may fail."""
    assert is_grid(Task.model_validate({"id": "1", "action": action, "status": "SUCCESS", **told}))
    assert not is_grid(Task.model_validate({"id": "1", "action": action, "status": "IN_PROGRESS", **told}))


@pytest.mark.parametrize("action", ["UPSCALE", "DESCRIBE", "PAN", "MODAL", ""])
def test_other_tasks_without_buttons_are_no_grid(action: str) -> None:
    """They may have a single picture."""
    assert not is_grid(Task.model_validate({"id": "1", "action": action, "status": "SUCCESS"}))
    single = {
        "id": "1",
        "action": "VARIATION",
        "status": "SUCCESS",
        "buttons": [{"customId": f"MJ::CustomZoom::{UUID}"}],
    }
    assert not is_grid(Task.model_validate(single))


def test_find_button_resolves_every_recorded_key() -> None:
    """An unknown key finds nothing."""
    for name in ("14_fetch_imagine_success_grid", "15_fetch_upscale_success_v7_discord", "18_fetch_describe_success"):
        buttons = _buttons(name)
        assert list(buttons) == [find_button(buttons, hash_custom_id(button.custom_id)) for button in buttons]
        assert find_button(buttons, "0" * 10) is None
    assert find_button((Button(label="Web", style=5),), hash_custom_id("")) is None


def test_name_button_prefers_the_label() -> None:
    """A button without a label is named by its action."""
    everything = chain(_buttons("14_fetch_imagine_success_grid"), _buttons("15_fetch_upscale_success_v7_discord"))
    words = [name_button(button) for button in everything]
    expected = ["U1", "U2", "U3", "U4", "Reroll", "V1", "V2", "V3", "V4"]
    assert expected == words[:9]
    expected = ["Pan left", "Pan right", "Pan up", "Pan down"]
    assert expected == words[17:21]
    assert name_button(Button(custom_id="MJ::BOOKMARK::u", label=" ")) == "Favorite"


VIDEO_BUTTONS = [
    f"MJ::JOB::animate_low::1::{UUID}::SOLO",
    f"MJ::JOB::animate_low_manual::1::{UUID}::SOLO",
    f"MJ::JOB::animate_high_extend::1::{UUID}",
    f"MJ::JOB::video_v2_upscale::1::{UUID}",
    f"MJ::Job::Extend::{UUID}",
]
UPSCALE, REROLL = f"MJ::JOB::upsample::1::{UUID}", f"MJ::JOB::reroll::0::{UUID}::SOLO"


@pytest.mark.parametrize("custom_id", VIDEO_BUTTONS)
def test_button_that_is_named_like_a_video_makes_one(custom_id: str) -> None:
    """It has the price of one too, where no row of the table matches it."""
    assert makes_video(custom_id, Task(id="1"))
    assert get_submitted_action(custom_id) == "VIDEO"


@pytest.mark.parametrize(
    ("custom_id", "parent", "expected"),
    [
        (REROLL, Task(id="1", action="VIDEO"), True),
        (REROLL, Task(id="1", buttons=(Button(custom_id=VIDEO_BUTTONS[2]),)), True),
        (REROLL, Task(id="1", action="IMAGINE"), False),
        (UPSCALE, Task(id="1", buttons=(Button(custom_id=VIDEO_BUTTONS[0]),)), False),
        (f"MJ::Unknown::1::{UUID}", Task(id="1", action="VIDEO"), True),
        (f"MJ::Unknown::1::{UUID}", Task(id="1"), False),
        (f"MJ::BOOKMARK::{UUID}", Task(id="1", action="VIDEO"), False),
    ],
)
def test_button_of_a_video_makes_one(custom_id: str, parent: Task, *, expected: bool) -> None:
    """Whatever it is called, except the favorite, which draws nothing."""
    assert makes_video(custom_id, parent) is expected
    assert get_submitted_action(REROLL) == "REROLL"
