"""Every button that the API is known to deliver, against the table that tells what a click does."""

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
    hash_custom_id,
    is_grid,
    name_button,
    resolve_action,
)
from bot.midjourney.capabilities import name_capability
from bot.midjourney.task import Button, Task
from sandbox.relay.settings import STOCK_REFUSALS
from sandbox.relay.submits.custom_ids import UnknownAction, normal_action
from tests.recorded import recorded

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
def test_meaning_of_every_button_in_the_catalog(row: tuple[str, ButtonKind, str | None, str, str, int, str]) -> None:
    """A click's kind, form, name, title, index and older way are those of the API's catalog."""
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


def test_the_only_button_without_a_custom_id_is_the_link() -> None:
    """Everything else can be pressed, and stands in the table."""
    assert [("Web", 5)] == [(each["label"], each["style"]) for each in BUTTONS if not each["customId"]]
    assert {ButtonKind.OTHER} == {resolve_action("").kind}
    ours = {kind for kind in ButtonKind if kind.is_bot_button}
    actions = [resolve_action(each["customId"]) for each in CLICKABLE]
    kinds = {action.kind for action in actions} | {action.custom_id_kind for action in actions}
    assert set(ButtonKind) - ours - {ButtonKind.OTHER, ButtonKind.SAME_PROMPT} == kinds


@pytest.mark.parametrize("button", CLICKABLE, ids=[each["customId"] for each in CLICKABLE])
def test_the_table_agrees_with_the_catalog(button: dict[str, Any]) -> None:
    """Each button has words, of its label where it has one; what stock new-api refuses is what the table says."""
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
        known = bool(normal_action(custom_id, STOCK_REFUSALS)[0])
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
def test_the_other_way_where_a_relay_refuses(custom_id: str, instead: FallbackKind, motion: str) -> None:
    """All but the heart can be done without a stock new-api's consent."""
    action = resolve_action(custom_id)
    assert (instead, motion) == (action.fallback, action.motion)


def test_what_stock_new_api_refuses_has_another_way() -> None:
    """Only the favourite has none; and only what /submit/change does has its word."""
    actions = [resolve_action(each["customId"]) for each in CLICKABLE]
    assert {ButtonKind.BOOKMARK} == {
        each.kind for each in actions if not each.new_api_action and each.fallback is FallbackKind.NONE
    }
    assert all(each.new_api_action for each in actions if each.fallback is FallbackKind.CHANGE)
    same = {each.name for each in actions if not each.is_repeatable}
    assert {"U1", "U2", "U3", "U4", "Favorite", "Show details"} == same


@pytest.mark.parametrize("custom_id", [row[0] for row in CATALOG])
def test_meaning_does_not_care_about_the_shape_of_the_id_inside(custom_id: str) -> None:
    """Youchuan's ids are hexadecimal without dashes, and mean the same."""
    assert resolve_action(custom_id) == resolve_action(custom_id.replace(UUID, HEX))


@pytest.mark.parametrize("custom_id", [row[0] for row in CATALOG])
def test_meaning_does_not_care_about_case(custom_id: str) -> None:
    """`Job` and `JOB` are both seen, and mean the same."""
    assert resolve_action(custom_id) == resolve_action(custom_id.upper())


@pytest.mark.parametrize(
    ("custom_ids", "expected"),
    [
        ([f"MJ::JOB::upsample::{n}::{UUID}" for n in range(1, 5)], "mj::job::upsample"),
        ([f"MJ::JOB::video_virtual_upscale::{n}::{UUID}" for n in range(1, 5)], "mj::job::video_virtual_upscale"),
        ([f"MJ::JOB::variation::{n}::{UUID}" for n in range(1, 5)], "mj::job::variation"),
        ([f"MJ::JOB::reroll::0::{UUID}::SOLO"], "mj::job::reroll"),
        ([f"MJ::JOB::pan_{way}::1::{UUID}::SOLO" for way in ("left", "right", "up", "down")], "mj::job::pan"),
        ([f"MJ::Outpaint::{n}::1::{UUID}::SOLO" for n in (50, 75, 100)], "mj::outpaint"),
        ([f"MJ::CustomZoom::{UUID}", f"MJ::CustomZoom::1::{UUID}"], "mj::customzoom"),
        ([f"MJ::JOB::upsample_v5_2x::1::{UUID}::SOLO"], "mj::job::upsample_v5_2x"),
        ([f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO"], "mj::job::upsample_v7_2x_subtle"),
        ([f"MJ::JOB::upsample_v7_2x_creative::1::{UUID}::SOLO"], "mj::job::upsample_v7_2x_creative"),
        ([f"MJ::JOB::animate_low::1::{UUID}::SOLO"], "mj::job::animate_low"),
        ([f"MJ::JOB::animate_low_extend::1::{UUID}"], "mj::job::animate_low_extend"),
        ([f"MJ::BOOKMARK::{UUID}"], "mj::bookmark"),
        ([f"MJ::Job::PicReader::{n}" for n in range(1, 5)], "mj::job::picreader"),
        (["MJ::Job::PicReader::all"], "mj::job::picreader::all"),
        (["nobody::knows"], "nobody::knows"),
        (["12", "12 \0"], "12"),
        ([""], ""),
    ],
)
def test_an_ability_is_one_thing_that_a_relay_can_do_or_not(custom_ids: list[str], expected: str) -> None:
    """Neither which of the four, nor whose picture, nor which way or how far; a version is another thing."""
    spelt = [*custom_ids, *(each.replace(UUID, HEX) for each in custom_ids), *map(str.upper, custom_ids)]
    assert {expected} == set(map(name_capability, spelt))


@given(st.text())
def test_an_ability_is_a_key_that_every_database_takes(custom_id: str) -> None:
    """Short printable ASCII, whatever came."""
    name = name_capability(custom_id * 50)
    assert len(name) <= 100
    assert not name or (name.isascii() and name.isprintable())


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
def test_an_id_that_no_line_knows_is_still_offered(custom_id: str) -> None:
    """What Midjourney invents tomorrow is OTHER, and has a name."""
    assert ButtonAction(ButtonKind.OTHER, "More", "Done") == resolve_action(custom_id)


@given(st.text())
def test_meaning_is_total(custom_id: str) -> None:
    """Whatever stands in a customId, there is a meaning with a name."""
    assert resolve_action(custom_id).name
    assert resolve_action("MJ::JOB::" + custom_id).name


@pytest.mark.parametrize(("pattern", "length"), LENGTHS)
def test_the_lengths_that_the_reference_counts(pattern: str, length: int) -> None:
    """These are the real forms: their lengths agree, and each is in the table."""
    custom_id = pattern.format(UUID)
    assert length == len(custom_id)
    assert resolve_action(custom_id).kind is not ButtonKind.OTHER


def test_key_is_short_and_unique_over_the_catalog_and_many_tasks() -> None:
    """No two buttons that could stand side by side share a key of ten characters."""
    forms = sorted({row[0].replace(UUID, "{}") for row in CATALOG})
    uuids = [f"{n:08x}-2a94-4d1b-9e63-71c8d40fa2b5" for n in range(1000)]
    ids = {form.format(uuid) for form in forms for uuid in uuids}
    keys = {hash_custom_id(custom_id) for custom_id in ids}
    assert len(ids) == len(keys)
    assert {10} == set(map(len, keys))


def test_key_takes_what_no_encoder_takes() -> None:
    """A lone surrogate gets a key as well."""
    assert len(hash_custom_id("\ud800")) == 10


def test_a_state_of_ours_costs_nothing() -> None:
    """Only the buttons that mjbot makes up are ours, and every kind is one letter of its own."""
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
    }
    assert free | asked == ours
    assert {1} == {len(kind) for kind in ButtonKind}


@pytest.mark.parametrize(("number", "pays"), [("upsample::2", False), ("variation::2", True), ("reroll::0", True)])
def test_only_a_pick_gives_the_same_twice(number: str, *, pays: bool) -> None:
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
def test_is_grid(name: str, *, grid: bool) -> None:
    """Four results are told by their buttons, not by the action."""
    assert grid is is_grid(Task.model_validate({**recorded(name).body, "action": "PAN"}))


@pytest.mark.parametrize("action", ["IMAGINE", "VARIATION", "REROLL", "BLEND"])
@pytest.mark.parametrize("told", [{}, {"buttons": None}, {"buttons": []}, {"buttons": [{"label": "Web", "style": 5}]}])
def test_a_grid_without_buttons_is_told_by_its_action(action: str, told: dict[str, Any]) -> None:
    """Once it is finished: what runs may still fail."""
    assert is_grid(Task.model_validate({"id": "1", "action": action, "status": "SUCCESS", **told}))
    assert not is_grid(Task.model_validate({"id": "1", "action": action, "status": "IN_PROGRESS", **told}))


@pytest.mark.parametrize("action", ["UPSCALE", "DESCRIBE", "PAN", "MODAL", ""])
def test_what_else_has_no_buttons_is_no_grid(action: str) -> None:
    """Nothing is promised of what may be a single picture."""
    assert not is_grid(Task.model_validate({"id": "1", "action": action, "status": "SUCCESS"}))
    single = {
        "id": "1",
        "action": "VARIATION",
        "status": "SUCCESS",
        "buttons": [{"customId": f"MJ::CustomZoom::{UUID}"}],
    }
    assert not is_grid(Task.model_validate(single))


def test_find_resolves_every_recorded_button() -> None:
    """A key leads back to its own button, and an unknown one to none."""
    for name in ("14_fetch_imagine_success_grid", "15_fetch_upscale_success_v7_discord", "18_fetch_describe_success"):
        buttons = _buttons(name)
        assert list(buttons) == [find_button(buttons, hash_custom_id(button.custom_id)) for button in buttons]
        assert find_button(buttons, "0" * 10) is None
    assert find_button((Button(label="Web", style=5),), hash_custom_id("")) is None


def test_said_prefers_the_label() -> None:
    """A button is said by its label, and by what it does where it has none."""
    everything = chain(_buttons("14_fetch_imagine_success_grid"), _buttons("15_fetch_upscale_success_v7_discord"))
    words = [name_button(button) for button in everything]
    expected = ["U1", "U2", "U3", "U4", "Reroll", "V1", "V2", "V3", "V4"]
    assert expected == words[:9]
    expected = ["Pan left", "Pan right", "Pan up", "Pan down"]
    assert expected == words[17:21]
    assert name_button(Button(custom_id="MJ::BOOKMARK::u", label=" ")) == "Favorite"
