"""Check what a command asks for, and build its request once its pictures are downloaded. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bot.errors import PromptRefused, UploadCountInvalid
from bot.errors.prompt_errors import PromptProblem, PromptTextMissing, PromptTooLong
from bot.midjourney.prompts.parameters import Parameter
from bot.midjourney.prompts.prompt_builder import MAX_PROMPT_LENGTH, ImagineOptions, build_prompt
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.request_options import Dimensions, Motion, Speed
from bot.relay.requests import Blend, Describe, Edits, Imagine, Shorten, SubmitRequest, SwapFaces, Video

MIN_BLEND_PICTURES, MAX_BLEND_PICTURES = 2, 5
"""How many pictures /submit/blend takes."""


class PictureInput(Protocol):
    """A picture that a person gave with a command, and that is not downloaded yet."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...

    async def read(self) -> bytes:
        """Download it; raise a leaf of UploadRefused or PictureError if that fails."""
        ...


@runtime_checkable
class GeneratedPictureInput(PictureInput, Protocol):
    """A picture that Midjourney drew from words, which are known once it is read."""

    @property
    def words(self) -> str:
        """The prompt without its parameters; empty if unknown."""
        ...


@dataclass(frozen=True)
class PersonDefaults:
    """The parameters and the speed that a person has chosen for all prompts which do not set them."""

    parameters: tuple[Parameter, ...] = ()
    speed: Speed | None = None

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters, with the speed as one of them."""
        return (*self.parameters, Parameter(self.speed)) if self.speed else self.parameters


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    """What a command asks for: `action` is the API's word, `prompt` what the message shows until the first poll.

    `build_request` takes the data of `pictures`, in the same order, once they are downloaded and checked.
    """

    action: str
    build_request: Callable[[tuple[bytes, ...]], SubmitRequest]
    prompt: str = ""
    pictures: tuple[PictureInput, ...] = ()


def build_imagine(
    options: ImagineOptions, pictures: tuple[PictureInput, ...] = (), defaults: PersonDefaults | None = None
) -> CommandRequest:
    """Request four pictures of a prompt.

    Raises:
        PromptRefused: The prompt has problems; the error lists all of them.
    """
    options = replace(options, uploads=len(pictures))
    line = build_prompt(options, (defaults or PersonDefaults()).all_parameters).line
    return CommandRequest(
        action="IMAGINE", prompt=line, pictures=pictures, build_request=lambda data: Imagine(prompt=line, pictures=data)
    )


def build_describe(picture: PictureInput) -> CommandRequest:
    """Request four prompts that a picture could have been drawn from."""
    return CommandRequest(action="DESCRIBE", pictures=(picture,), build_request=lambda data: Describe(picture=data[0]))


def build_shorten(prompt: str) -> CommandRequest:
    """Request which words of a prompt matter.

    Raises:
        PromptRefused: The prompt has no words, or is too long.
    """
    typed = parse_prompt(prompt)
    problems: list[PromptProblem] = [] if typed.words else [PromptTextMissing(has_parameters=bool(typed.parameters))]
    if len(typed.line) > MAX_PROMPT_LENGTH:
        problems.append(PromptTooLong(len(typed.line), MAX_PROMPT_LENGTH))
    if problems:
        raise PromptRefused(problems, typed.line)
    return CommandRequest(action="SHORTEN", prompt=typed.line, build_request=lambda _: Shorten(prompt=typed.line))


def build_blend(pictures: tuple[PictureInput, ...], dimensions: Dimensions = Dimensions.SQUARE) -> CommandRequest:
    """Request a blend of two to five pictures.

    Raises:
        UploadCountInvalid: There are fewer, or more.
    """
    if not MIN_BLEND_PICTURES <= len(pictures) <= MAX_BLEND_PICTURES:
        raise UploadCountInvalid(count=len(pictures), fewest=MIN_BLEND_PICTURES, most=MAX_BLEND_PICTURES)
    return CommandRequest(
        action="BLEND", pictures=pictures, build_request=lambda data: Blend(pictures=data, dimensions=dimensions)
    )


def build_edit(picture: PictureInput, prompt: str) -> CommandRequest:
    """Request a change of a picture, described by a prompt.

    Raises:
        PromptRefused: The prompt has problems.
    """
    line = build_prompt(ImagineOptions(prompt=prompt, uploads=1)).line
    return CommandRequest(
        action="EDITS", prompt=line, pictures=(picture,), build_request=lambda data: Edits(prompt=line, image=data[0])
    )


def build_face_swap(source: PictureInput, target: PictureInput) -> CommandRequest:
    """Request the face of one picture to be put into another."""
    return CommandRequest(
        action="SWAP_FACE",
        pictures=(source, target),
        build_request=lambda data: SwapFaces(source=data[0], target=data[1]),
    )


def build_animate(
    picture: PictureInput,
    prompt: str = "",
    motion: Motion = Motion.LOW,
    end: PictureInput | None = None,
    *,
    loop: bool = False,
) -> CommandRequest:
    """Request clips that start with a picture, and end with another if one is given.

    TrueAI's proxy refuses an empty prompt. Without one the request holds the words that the picture was drawn from, as
    the button's request does; for a file, whose words are unknown, it only says how much should move.

    Raises:
        PromptRefused: The prompt has problems.
    """
    # Beside a picture parameters need no words, which the check allows from two uploads on.
    line = build_prompt(ImagineOptions(prompt=prompt, uploads=2)).line if prompt else ""

    def build_video(data: tuple[bytes, ...]) -> SubmitRequest:
        words = picture.words if isinstance(picture, GeneratedPictureInput) else ""
        return Video(
            prompt=line or words or motion.default_prompt,
            image=data[0],
            motion=motion,
            end_image=data[1] if end else "",
            loop=loop,
        )

    return CommandRequest(
        action="VIDEO", prompt=line, pictures=(picture, end) if end else (picture,), build_request=build_video
    )
