"""What a relay lacks, told by its refusals."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.abilities import NO_ACCOUNT, NO_CHANNEL, barred, believed_until, can_be_tried_again, lacking, way_round
from bot.actions import CANCEL, SEED, SPEED, ability
from bot.errors import ActionUnsupported

ANIMATE = "MJ::JOB::animate_high::1::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8::SOLO"
HEART = "MJ::BOOKMARK::c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"


def test_a_button_is_barred_where_no_way_is_open() -> None:
    """One that has no other way at once, the others once that is refused too."""
    assert barred(ANIMATE, {}) is None
    assert barred(ANIMATE, {ability(ANIMATE): "no"}) is None
    assert barred(ANIMATE, {way_round(ANIMATE): "no route"}) is None
    assert barred(ANIMATE, {ability(ANIMATE): "no", way_round(ANIMATE): "no route"}) == "no route"
    assert barred(HEART, {ability(HEART): ""}) == ""
    assert way_round(HEART) == ""


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
    named, around = lacking(dict.fromkeys(filter(None, (ability(custom_id), way_round(custom_id))), "no"))
    assert named == {name: "no"}
    assert around == ()


def test_what_goes_another_way_is_told_apart() -> None:
    """Each once."""
    refused = {ability(one): "no" for one in ("MJ::Job::PicReader::1", "MJ::Job::PicReader::4", ANIMATE, HEART)}
    assert lacking(refused) == ({"Favorite": "no"}, ("Imagine", "Animate (High motion)"))


@pytest.mark.parametrize(("lasting", "seconds"), [(False, 60), (True, 86_400)])
def test_a_channel_that_is_down_is_believed_for_a_minute(*, lasting: bool, seconds: int) -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert believed_until(ActionUnsupported(lasting=lasting), now) - now == timedelta(seconds=seconds)


def test_what_is_only_told_of_is_nothing_to_be_tried_again() -> None:
    """It names no button, and greys none."""
    told = {NO_ACCOUNT: "3", NO_CHANNEL: "503"}
    assert lacking(told) == lacking({SEED: "no"}) == ({}, ())
    assert not can_be_tried_again(told)
    assert all(can_be_tried_again({**told, what: "no"}) for what in (SEED, SPEED, CANCEL, ability(HEART)))


@pytest.mark.parametrize(("what", "said"), [(CANCEL, "Cancel (it only stops"), (SPEED, "a speed of one's own")])
def test_what_no_button_stands_for_is_told_with_what_is_done_instead(what: str, said: str) -> None:
    """It is greyed nowhere, so it is not among what is."""
    by_no_way, (around,) = lacking({what: "a page"})
    assert by_no_way == {}
    assert around.startswith(said)
