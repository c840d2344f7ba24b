"""What each creating command asks for: checked, and made into the order of its pictures once they are here. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bot.errors import PromptRefused, UploadCountInvalid
from bot.errors.prompt_errors import PromptProblem, PromptTextMissing, PromptTooLong
from bot.midjourney.parameters import Parameter
from bot.midjourney.prompt_builder import MAX_PROMPT_LENGTH, ImagineOptions, build_prompt
from bot.midjourney.prompt_parser import parse_prompt
from bot.midjourney.request_options import Dimensions, Motion, Speed
from bot.relay.requests import Blend, Describe, Edits, Imagine, Shorten, SubmitRequest, SwapFaces, Video

MIN_BLEND_PICTURES, MAX_BLEND_PICTURES = 2, 5
"""How many pictures /submit/blend takes."""


class PictureInput(Protocol):
    """A picture that somebody gave with a command, and that is not here yet."""

    @property
    def name(self) -> str:
        """Its file's name."""
        ...

    async def read(self) -> bytes:
        """Download it; raise a leaf of UploadRefused or PictureError where it cannot be had."""
        ...


@runtime_checkable
class GeneratedPictureInput(PictureInput, Protocol):
    """A picture that was drawn from words, known once it is read."""

    @property
    def words(self) -> str:
        """The words alone, without parameters; empty where nobody knows them."""
        ...


@dataclass(frozen=True)
class PersonDefaults:
    """What a person wants wherever they say nothing: parameters, and which queue."""

    parameters: tuple[Parameter, ...] = ()
    speed: Speed | None = None

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Return both as parameters."""
        return (*self.parameters, Parameter(self.speed)) if self.speed else self.parameters


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    """What somebody asks for: `action` is the API's word, `prompt` what the message shows until the relay tells more.

    `order` makes the submit of the pictures, in the order in which they were given, once they are checked.
    """

    action: str
    build_request: Callable[[tuple[bytes, ...]], SubmitRequest]
    prompt: str = ""
    pictures: tuple[PictureInput, ...] = ()


def build_imagine(
    options: ImagineOptions, pictures: tuple[PictureInput, ...] = (), defaults: PersonDefaults | None = None
) -> CommandRequest:
    """Ask for four pictures of a prompt.

    Raises:
        PromptRefused: Something is wrong with it; all of it is told at once.
    """
    options = replace(options, uploads=len(pictures))
    line = build_prompt(options, (defaults or PersonDefaults()).all_parameters).line
    return CommandRequest(
        action="IMAGINE", prompt=line, pictures=pictures, build_request=lambda data: Imagine(prompt=line, pictures=data)
    )


def build_describe(picture: PictureInput) -> CommandRequest:
    """Ask for four prompts that a picture could have been drawn from."""
    return CommandRequest(action="DESCRIBE", pictures=(picture,), build_request=lambda data: Describe(picture=data[0]))


def build_shorten(prompt: str) -> CommandRequest:
    """Ask which words of a prompt count.

    Raises:
        PromptRefused: There are no words, or too many.
    """
    typed = parse_prompt(prompt)
    problems: list[PromptProblem] = [] if typed.words else [PromptTextMissing(has_parameters=bool(typed.parameters))]
    if len(typed.line) > MAX_PROMPT_LENGTH:
        problems.append(PromptTooLong(len(typed.line), MAX_PROMPT_LENGTH))
    if problems:
        raise PromptRefused(problems, typed.line)
    return CommandRequest(action="SHORTEN", prompt=typed.line, build_request=lambda _: Shorten(prompt=typed.line))


def build_blend(pictures: tuple[PictureInput, ...], dimensions: Dimensions = Dimensions.SQUARE) -> CommandRequest:
    """Ask for two to five pictures to be blended.

    Raises:
        UploadsMiscounted: There are fewer, or more.
    """
    if not MIN_BLEND_PICTURES <= len(pictures) <= MAX_BLEND_PICTURES:
        raise UploadCountInvalid(len(pictures), MIN_BLEND_PICTURES, MAX_BLEND_PICTURES)
    return CommandRequest(
        action="BLEND", pictures=pictures, build_request=lambda data: Blend(pictures=data, dimensions=dimensions)
    )


def build_edit(picture: PictureInput, prompt: str) -> CommandRequest:
    """Ask for a picture to be changed as a prompt says.

    Raises:
        PromptRefused: Something is wrong with the prompt.
    """
    line = build_prompt(ImagineOptions(prompt=prompt, uploads=1)).line
    return CommandRequest(
        action="EDITS", prompt=line, pictures=(picture,), build_request=lambda data: Edits(prompt=line, image=data[0])
    )


def build_face_swap(source: PictureInput, target: PictureInput) -> CommandRequest:
    """Ask for the face of one picture to be put into another."""
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
    """Ask for clips that begin with a picture, and end with another where one is given.

    TrueAI's proxy refuses an empty prompt: without one the words that the picture was drawn from are sent, as the
    button does, and for a file, of which none are known, no more than how it shall move.

    Raises:
        PromptRefused: Something is wrong with the prompt.
    """
    # Parameters need no words beside a picture here: two of them would do without as well.
    line = build_prompt(ImagineOptions(prompt=prompt, uploads=2)).line if prompt else ""

    def order(data: tuple[bytes, ...]) -> SubmitRequest:
        asked = line or (picture.words if isinstance(picture, GeneratedPictureInput) else "") or motion.default_prompt
        return Video(prompt=asked, image=data[0], motion=motion, end_image=data[1] if end else "", loop=loop)

    return CommandRequest(
        action="VIDEO", prompt=line, pictures=(picture, end) if end else (picture,), build_request=order
    )
