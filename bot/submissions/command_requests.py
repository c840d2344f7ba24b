"""What each creating command asks for: checked, and made into the order of its pictures once they are here. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bot.errors import PromptRefused, UploadsMiscounted
from bot.errors.prompt_errors import NoWords, Problem, TooLong
from bot.midjourney.parameters import Parameter
from bot.midjourney.prompt_builder import LIMIT, Options, compose
from bot.midjourney.prompt_parser import parse
from bot.relay.requests import Blend, Describe, Dimensions, Edits, Imagine, Motion, Order, Shorten, Speed, Swap, Video

FEWEST_BLENDED, MOST_BLENDED = 2, 5
"""How many pictures /submit/blend takes."""


class Given(Protocol):
    """A picture that somebody gave with a command, and that is not here yet."""

    @property
    def name(self) -> str:
        """Its file's name."""
        ...

    async def read(self) -> bytes:
        """Download it; raise a leaf of UploadRefused or PictureError where it cannot be had."""
        ...


@runtime_checkable
class Drawn(Given, Protocol):
    """A picture that was drawn from words, known once it is read."""

    @property
    def words(self) -> str:
        """The words alone, without parameters; empty where nobody knows them."""
        ...


@dataclass(frozen=True)
class Defaults:
    """What a person wants wherever they say nothing: parameters, and which queue."""

    parameters: tuple[Parameter, ...] = ()
    speed: Speed | None = None

    @property
    def all(self) -> tuple[Parameter, ...]:
        """Return both as parameters."""
        return (*self.parameters, Parameter(self.speed)) if self.speed else self.parameters


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for: `action` is the API's word, `prompt` what the message shows until the relay tells more.

    `order` makes the submit of the pictures, in the order in which they were given, once they are checked.
    """

    action: str
    order: Callable[[tuple[bytes, ...]], Order]
    prompt: str = ""
    pictures: tuple[Given, ...] = ()


def imagine(options: Options, pictures: tuple[Given, ...] = (), defaults: Defaults | None = None) -> Wish:
    """Ask for four pictures of a prompt.

    Raises:
        PromptRefused: Something is wrong with it; all of it is told at once.
    """
    options = replace(options, uploads=len(pictures))
    line = compose(options, (defaults or Defaults()).all).line
    return Wish(
        action="IMAGINE", prompt=line, pictures=pictures, order=lambda data: Imagine(prompt=line, pictures=data)
    )


def describe(picture: Given) -> Wish:
    """Ask for four prompts that a picture could have been drawn from."""
    return Wish(action="DESCRIBE", pictures=(picture,), order=lambda data: Describe(picture=data[0]))


def shorten(prompt: str) -> Wish:
    """Ask which words of a prompt count.

    Raises:
        PromptRefused: There are no words, or too many.
    """
    typed = parse(prompt)
    problems: list[Problem] = [] if typed.words else [NoWords(parameters=bool(typed.parameters))]
    if len(typed.line) > LIMIT:
        problems.append(TooLong(len(typed.line), LIMIT))
    if problems:
        raise PromptRefused(problems, typed.line)
    return Wish(action="SHORTEN", prompt=typed.line, order=lambda _: Shorten(prompt=typed.line))


def blend(pictures: tuple[Given, ...], dimensions: Dimensions = Dimensions.SQUARE) -> Wish:
    """Ask for two to five pictures to be blended.

    Raises:
        UploadsMiscounted: There are fewer, or more.
    """
    if not FEWEST_BLENDED <= len(pictures) <= MOST_BLENDED:
        raise UploadsMiscounted(len(pictures), FEWEST_BLENDED, MOST_BLENDED)
    return Wish(action="BLEND", pictures=pictures, order=lambda data: Blend(pictures=data, dimensions=dimensions))


def edit(picture: Given, prompt: str) -> Wish:
    """Ask for a picture to be changed as a prompt says.

    Raises:
        PromptRefused: Something is wrong with the prompt.
    """
    line = compose(Options(prompt=prompt, uploads=1)).line
    return Wish(action="EDITS", prompt=line, pictures=(picture,), order=lambda data: Edits(prompt=line, image=data[0]))


def swap(source: Given, target: Given) -> Wish:
    """Ask for the face of one picture to be put into another."""
    return Wish(action="SWAP_FACE", pictures=(source, target), order=lambda data: Swap(source=data[0], target=data[1]))


def animate(
    picture: Given, prompt: str = "", motion: Motion = Motion.LOW, end: Given | None = None, *, loop: bool = False
) -> Wish:
    """Ask for clips that begin with a picture, and end with another where one is given.

    TrueAI's proxy refuses an empty prompt: without one the words that the picture was drawn from are sent, as the
    button does, and for a file, of which none are known, no more than how it shall move.

    Raises:
        PromptRefused: Something is wrong with the prompt.
    """
    # Parameters need no words beside a picture here: two of them would do without as well.
    line = compose(Options(prompt=prompt, uploads=2)).line if prompt else ""

    def order(data: tuple[bytes, ...]) -> Order:
        asked = line or (picture.words if isinstance(picture, Drawn) else "") or motion.words
        return Video(prompt=asked, image=data[0], motion=motion, end_image=data[1] if end else "", loop=loop)

    return Wish(action="VIDEO", prompt=line, pictures=(picture, end) if end else (picture,), order=order)
