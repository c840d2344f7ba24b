"""A command that is kept until it is confirmed asks for exactly the same."""

import pytest

from bot.errors import CommandUnknown
from bot.midjourney.request_options import Dimensions, Motion
from bot.relay.requests import Blend, Describe, Edits, Imagine, Shorten, SubmitRequest, SwapFaces, Video
from bot.submissions.kept_commands import KeptCommand
from tests.fakes.attachment import FakePictureInput

A, B, C = b"a", b"b", b"c"


@pytest.mark.parametrize(
    ("action", "request_", "data"),
    [
        ("IMAGINE", Imagine(prompt="a fox --ar 3:2 --turbo"), ()),
        ("IMAGINE", Imagine(prompt="these", pictures=(A, B, C)), (A, B, C)),
        *(("BLEND", Blend(pictures=(A, B), dimensions=shape), (A, B)) for shape in Dimensions),
        ("DESCRIBE", Describe(picture=A), (A,)),
        ("SHORTEN", Shorten(prompt="a very `odd` fox"), ()),
        ("EDITS", Edits(prompt="a hat", image=A), (A,)),
        ("SWAP_FACE", SwapFaces(source=A, target=B), (A, B)),
        ("VIDEO", Video(prompt="it rises", image=A), (A,)),
        ("VIDEO", Video(prompt="it rises", image=A, motion=Motion.HIGH, loop=True), (A,)),
        ("VIDEO", Video(prompt="it rises", image=A, motion=Motion.HIGH, end_image=B), (A, B)),
        ("VIDEO", Video(prompt="it rises", image=A, end_image=B, loop=True), (A, B)),
    ],
)
def test_a_kept_command_is_the_same_request(action: str, request_: SubmitRequest, data: tuple[bytes, ...]) -> None:
    kept = KeptCommand.from_request(action, request_)
    wanted = kept.build_request(tuple(FakePictureInput() for _ in data))
    assert wanted.action == action
    assert wanted.build_request(data) == request_


@pytest.mark.parametrize(("action", "pictures"), [("BLEND", 1), ("DESCRIBE", 0), ("VIDEO", 3), ("SONG", 0)])
def test_a_command_that_cannot_be_sent_as_it_was_is_refused(action: str, pictures: int) -> None:
    with pytest.raises(CommandUnknown):
        KeptCommand(action=action).build_request(tuple(FakePictureInput() for _ in range(pictures)))
