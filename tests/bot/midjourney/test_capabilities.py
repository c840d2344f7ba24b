"""What a relay lacks, told by its refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ActionUnsupported
from bot.midjourney.capabilities import (
    BUTTONS_CAPABILITY,
    CANCEL_CAPABILITY,
    NO_ACCOUNT,
    NO_CHANNEL,
    SEED_CAPABILITY,
    SPEED_CAPABILITY,
    compute_refusal_expiry,
    find_refusal_reason,
    has_refused_capabilities,
    name_capability,
    name_fallback_capability,
    summarize_refusals,
)

ANIMATE = "MJ::JOB::animate_high::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO"
HEART = "MJ::BOOKMARK::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"


def test_a_button_is_barred_where_no_way_is_open() -> None:
    """One that has no other way at once, the others once that is refused too."""
    assert find_refusal_reason(ANIMATE, {}) is None
    assert find_refusal_reason(ANIMATE, {name_capability(ANIMATE): "no"}) is None
    assert find_refusal_reason(ANIMATE, {name_fallback_capability(ANIMATE): "no route"}) is None
    assert (
        find_refusal_reason(ANIMATE, {name_capability(ANIMATE): "no", name_fallback_capability(ANIMATE): "no route"})
        == "no route"
    )
    assert find_refusal_reason(HEART, {name_capability(HEART): ""}) == ""
    assert name_fallback_capability(HEART) == ""


def test_what_is_offered_is_barred_with_its_only_way() -> None:
    """Whatever is known of the button, which is never pressed."""
    offered = "MJ::JOB::variation::1"
    assert find_refusal_reason(offered, {name_capability(offered): "no"}, offered=True) is None
    assert find_refusal_reason(offered, {name_fallback_capability(offered): "no route"}, offered=True) == "no route"
    assert find_refusal_reason(offered, {name_fallback_capability(offered): "no route"}) is None


@pytest.mark.parametrize("custom_id", ["plain", "MJ:JOB:upsample:1", "::"])
def test_what_relays_cannot_read_is_barred(custom_id: str) -> None:
    """new-api takes apart what stands between double colons."""
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
def test_what_is_lacking_has_a_name(custom_id: str, name: str) -> None:
    """As a person reads it on the button, without its number."""
    named, around = summarize_refusals(
        dict.fromkeys(filter(None, (name_capability(custom_id), name_fallback_capability(custom_id))), "no")
    )
    assert named == {name: "no"}
    assert around == ()


def test_what_goes_another_way_is_told_apart() -> None:
    """Each once."""
    refused = {name_capability(one): "no" for one in ("MJ::Job::PicReader::1", "MJ::Job::PicReader::4", ANIMATE, HEART)}
    assert summarize_refusals(refused) == ({"Favorite": "no"}, ("Imagine", "Animate (High motion)"))


@pytest.mark.parametrize(("lasting", "seconds"), [(False, 60), (True, 86_400)])
def test_a_channel_that_is_down_is_believed_for_a_minute(*, lasting: bool, seconds: int) -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert compute_refusal_expiry(ActionUnsupported(lasting=lasting), now) - now == timedelta(seconds=seconds)


def test_what_is_only_told_of_is_nothing_to_be_tried_again() -> None:
    """It names no button, and greys none."""
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
def test_what_no_button_stands_for_is_told_with_what_is_done_instead(what: str, said: str) -> None:
    """It is greyed nowhere, so it is not among what is."""
    by_no_way, (around,) = summarize_refusals({what: "a page"})
    assert by_no_way == {}
    assert around.startswith(said)


def test_the_only_way_of_what_is_offered_is_named_where_it_is_refused() -> None:
    """Where the relay sends buttons it is one way of two, and not spoken of."""
    way = name_fallback_capability("MJ::JOB::upsample::1")
    assert summarize_refusals({BUTTONS_CAPABILITY: "", way: "no route"})[0] == {"U": "no route"}
    assert summarize_refusals({way: "no route"}) == ({}, ())
