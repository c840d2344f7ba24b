"""The requests that commands make of their options and pictures."""

from dataclasses import dataclass

import pytest

from bot.errors import PromptRefused, UploadCountInvalid
from bot.errors.prompt_errors import PromptTextMissing, PromptTooLong
from bot.midjourney.prompts.parameters import Parameter
from bot.midjourney.prompts.prompt_builder import MAX_PROMPT_LENGTH, ImagineOptions
from bot.midjourney.request_options import Motion, Speed
from bot.relay.requests import Blend, SwapFaces, Video
from bot.submissions.command_requests import (
    PersonDefaults,
    PictureInput,
    build_animate,
    build_blend,
    build_face_swap,
    build_imagine,
    build_shorten,
)
from tests.fakes.attachment import FakePictureInput


@dataclass
class GeneratedPicture(FakePictureInput):
    """A picture that was drawn from known words."""

    words: str = ""


def test_defaults_add_what_the_command_does_not_set() -> None:
    """What was typed wins, also where it only excludes a default."""
    defaults = PersonDefaults((Parameter("ar", "16:9"), Parameter("stylize", "50")), Speed.RELAX)
    assert build_imagine(ImagineOptions(prompt="x --ar 3:2"), (), defaults).prompt == "x --ar 3:2 --stylize 50 --relax"
    assert (
        build_imagine(ImagineOptions(prompt="x", speed=Speed.FAST), (), defaults).prompt
        == "x --fast --ar 16:9 --stylize 50"
    )


def test_invalid_prompt_is_refused_with_all_problems() -> None:
    """All problems are reported at once."""
    with pytest.raises(PromptRefused) as refused:
        build_imagine(ImagineOptions(prompt="x --ar 0:0 --chaos 900"))
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    ("prompt", "problem"), [("--ar 3:2", PromptTextMissing), ("x" * (MAX_PROMPT_LENGTH + 1), PromptTooLong)]
)
def test_shorten_refuses_a_prompt_without_words_or_too_long(prompt: str, problem: type) -> None:
    with pytest.raises(PromptRefused) as refused:
        build_shorten(prompt)
    assert [type(one) for one in refused.value.problems] == [problem]


@pytest.mark.parametrize(("count", "is_allowed"), [(1, False), (2, True), (5, True), (6, False)])
def test_blend_takes_two_to_five_pictures(count: int, *, is_allowed: bool) -> None:
    pictures = (FakePictureInput(),) * count
    if is_allowed:
        assert build_blend(pictures).build_request((b"png",) * count) == Blend(pictures=(b"png",) * count)
        return
    with pytest.raises(UploadCountInvalid):
        build_blend(pictures)


def test_face_swap_keeps_the_order_of_its_pictures() -> None:
    request = build_face_swap(FakePictureInput(), FakePictureInput()).build_request((b"face", b"scene"))
    assert request == SwapFaces(source=b"face", target=b"scene")


@pytest.mark.parametrize(
    ("picture", "typed", "sent"),
    [
        (GeneratedPicture(words="a fox"), "a running fox", "a running fox"),
        (GeneratedPicture(words="a fox"), "", "a fox"),
        (GeneratedPicture(), "", Motion.HIGH.default_prompt),
        (FakePictureInput(), "", Motion.HIGH.default_prompt),
    ],
)
def test_animate_without_a_prompt_sends_the_words_of_its_picture(picture: PictureInput, typed: str, sent: str) -> None:
    """TrueAI's proxy refuses an empty prompt."""
    request = build_animate(picture, typed, Motion.HIGH).build_request((b"png",))
    assert request == Video(prompt=sent, image=b"png", motion=Motion.HIGH)


def test_animate_sends_the_last_frame_where_one_is_given() -> None:
    wanted = build_animate(FakePictureInput(), "a fox", end=FakePictureInput(), loop=True)
    assert len(wanted.pictures) == 2
    request = wanted.build_request((b"first", b"last"))
    assert request == Video(prompt="a fox", image=b"first", motion=Motion.LOW, end_image=b"last", loop=True)
