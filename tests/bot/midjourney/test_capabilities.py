"""Capabilities that a relay lacks, as learned from its refusals."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ActionUnsupported
from bot.midjourney.capabilities import (
    BUTTONS_CAPABILITY,
    CANCEL_CAPABILITY,
    NO_ACCOUNT,
    NO_CHANNEL,
    SEED_CAPABILITY,
    SPEED_CAPABILITY,
    find_refusal_reason,
    get_refusal_lifetime,
    has_refused_capabilities,
    name_capability,
    name_fallback_capability,
    summarize_refusals,
)

UUID = "5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5"
HEX = UUID.replace("-", "")
ANIMATE = "MJ::JOB::animate_high::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO"
HEART = "MJ::BOOKMARK::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"


def test_a_button_is_refused_where_its_fallback_is_refused_too() -> None:
    """A button without a fallback is refused at once."""
    assert find_refusal_reason(ANIMATE, {}) is None
    assert find_refusal_reason(ANIMATE, {name_capability(ANIMATE): "no"}) is None
    assert find_refusal_reason(ANIMATE, {name_fallback_capability(ANIMATE): "no route"}) is None
    assert (
        find_refusal_reason(ANIMATE, {name_capability(ANIMATE): "no", name_fallback_capability(ANIMATE): "no route"})
        == "no route"
    )
    assert find_refusal_reason(HEART, {name_capability(HEART): ""}) == ""
    assert name_fallback_capability(HEART) == ""


def test_an_offered_button_is_refused_with_its_fallback() -> None:
    """The bot never presses an offered button at the relay."""
    offered = "MJ::JOB::variation::1"
    assert find_refusal_reason(offered, {name_capability(offered): "no"}, offered=True) is None
    assert find_refusal_reason(offered, {name_fallback_capability(offered): "no route"}, offered=True) == "no route"
    assert find_refusal_reason(offered, {name_fallback_capability(offered): "no route"}) is None


@pytest.mark.parametrize("custom_id", ["plain", "MJ:JOB:upsample:1", "::"])
def test_a_custom_id_that_relays_cannot_read_is_refused(custom_id: str) -> None:
    """new-api splits customIds at double colons."""
    assert (find_refusal_reason(custom_id, {}) is None) is ("::" in custom_id)


@pytest.mark.parametrize(
    ("custom_id", "name"),
    [
        ("MJ::JOB::upsample::3::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8", "U"),
        ("MJ::JOB::pan_up::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO", "Pan"),
        ("MJ::JOB::upsample_v7_2x_subtle::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO", "Upscale (Subtle)"),
        ("MJ::Outpaint::50::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO", "Zoom Out"),
        ("MJ::Job::PicReader::2", "Imagine"),
        (ANIMATE, "Animate (High motion)"),
        (HEART, "Favorite"),
        ("MJ::new_thing::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8", "mj::new_thing"),
    ],
)
def test_an_unavailable_capability_has_its_buttons_name(custom_id: str, name: str) -> None:
    """The name is the one on the button, without its number."""
    named, around = summarize_refusals(
        dict.fromkeys(filter(None, (name_capability(custom_id), name_fallback_capability(custom_id))), "no")
    )
    assert named == {name: "no"}
    assert around == ()


def test_capabilities_with_a_fallback_are_listed_once() -> None:
    refused = {name_capability(one): "no" for one in ("MJ::Job::PicReader::1", "MJ::Job::PicReader::4", ANIMATE, HEART)}
    assert summarize_refusals(refused) == ({"Favorite": "no"}, ("Imagine", "Animate (High motion)"))


@pytest.mark.parametrize(("lasting", "seconds"), [(False, 60), (True, 86_400)])
def test_an_outage_expires_after_a_minute_and_a_refusal_after_a_day(*, lasting: bool, seconds: int) -> None:
    assert get_refusal_lifetime(ActionUnsupported(lasting=lasting)) == timedelta(seconds=seconds)


def test_shortages_are_not_refused_capabilities() -> None:
    """They name no button, and gray none."""
    told = {NO_ACCOUNT: "3", NO_CHANNEL: "503"}
    assert summarize_refusals(told) == summarize_refusals({SEED_CAPABILITY: "no"}) == ({}, ())
    assert not has_refused_capabilities(told)
    assert all(
        has_refused_capabilities({**told, what: "no"})
        for what in (SEED_CAPABILITY, SPEED_CAPABILITY, CANCEL_CAPABILITY, name_capability(HEART))
    )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (CANCEL_CAPABILITY, "Cancel (it only stops"),
        (SPEED_CAPABILITY, "choosing a speed"),
        (BUTTONS_CAPABILITY, "all buttons (the relay sends none"),
    ],
)
def test_capabilities_without_a_button_are_listed_with_their_replacement(what: str, said: str) -> None:
    by_no_way, (around,) = summarize_refusals({what: "a page"})
    assert by_no_way == {}
    assert around.startswith(said)


def test_the_fallback_of_an_offered_button_is_listed_where_it_is_refused() -> None:
    """Where the relay sends buttons, the fallback is one of two ways, and is not listed."""
    way = name_fallback_capability("MJ::JOB::upsample::1")
    assert summarize_refusals({BUTTONS_CAPABILITY: "", way: "no route"})[0] == {"U": "no route"}
    assert summarize_refusals({way: "no route"}) == ({}, ())


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
        (["not::known"], "not::known"),
        (["12", "12 \0"], "12"),
        ([""], ""),
    ],
)
def test_buttons_that_differ_only_in_target_are_one_capability(custom_ids: list[str], expected: str) -> None:
    """Picture, direction and distance do not matter; the version of an upscaler does."""
    variants = [*custom_ids, *(custom_id.replace(UUID, HEX) for custom_id in custom_ids), *map(str.upper, custom_ids)]
    assert {expected} == set(map(name_capability, variants))


@given(st.text())
def test_the_name_of_a_capability_is_short_printable_ascii(custom_id: str) -> None:
    """Every database accepts it as a key."""
    name = name_capability(custom_id * 50)
    assert len(name) <= 100
    assert not name or (name.isascii() and name.isprintable())
