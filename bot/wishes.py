"""What each creating command asks for: checked, and made into the order of its pictures once they are here. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.parameters import Parameter
from bot.prompt import Options, Speed, compose
from bot.submits import Imagine, Order


class Given(Protocol):
    """A picture that somebody gave with a command, and that is not here yet."""

    @property
    def name(self) -> str:
        """Its file's name."""
        ...

    async def read(self) -> bytes:
        """Download it; raise a leaf of UploadRefused or PictureError where it cannot be had."""
        ...


@dataclass(frozen=True)
class Defaults:
    """What a person wants wherever they say nothing: parameters, and which queue."""

    parameters: tuple[Parameter, ...] = ()
    speed: Speed = ""

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
    pictures: tuple[Given, ...] = field(default=())


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
