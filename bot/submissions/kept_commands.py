"""Keep what a command asked for outside the process, until the person confirms it; then ask for exactly that. Pure."""

from dataclasses import dataclass
from typing import Final

from bot.errors import CommandUnknown
from bot.midjourney.request_options import Dimensions, Motion
from bot.relay.requests import Blend, Describe, Edits, Imagine, Shorten, SubmitRequest, SwapFaces, Video
from bot.submissions.command_requests import CommandRequest, PictureInput

_LOOP: Final = "loop"
_END: Final = "end"
_PICTURES: Final = {
    "IMAGINE": range(4),
    "BLEND": range(2, 6),
    "DESCRIBE": range(1, 2),
    "SHORTEN": range(1),
    "EDITS": range(1, 2),
    "SWAP_FACE": range(2, 3),
    "VIDEO": range(1, 3),
}
"""How many pictures each action takes."""


@dataclass(frozen=True, kw_only=True)
class KeptCommand:
    """A command without its pictures: `prompt` is the finished one, and `options` are words joined by "+"."""

    action: str
    prompt: str = ""
    options: str = ""

    @classmethod
    def from_request(cls, action: str, request: SubmitRequest) -> "KeptCommand":
        """Keep a request of a command."""
        options: list[str] = []
        if isinstance(request, Blend):
            options = [request.dimensions]
        elif isinstance(request, Video):
            options = [request.motion, *([_LOOP] if request.loop else []), *([_END] if request.end_image else [])]
        prompt = request.body.get("prompt")
        return cls(action=action, prompt=prompt if isinstance(prompt, str) else "", options="+".join(options))

    def build_request(self, pictures: tuple[PictureInput, ...]) -> CommandRequest:
        """Ask for the command once more, with the same pictures in the same order.

        Raises:
            CommandUnknown: Another version of the bot kept it, or a picture is missing.
        """
        if len(pictures) not in _PICTURES.get(self.action, ()):
            raise CommandUnknown
        return CommandRequest(action=self.action, prompt=self.prompt, pictures=pictures, build_request=self._build)

    def _build(self, data: tuple[bytes, ...]) -> SubmitRequest:
        words = self.options.split("+")
        match self.action:
            case "BLEND":
                shape = next((one for one in Dimensions if one in words), Dimensions.SQUARE)
                return Blend(pictures=data, dimensions=shape)
            case "DESCRIBE":
                return Describe(picture=data[0])
            case "SHORTEN":
                return Shorten(prompt=self.prompt)
            case "EDITS":
                return Edits(prompt=self.prompt, image=data[0])
            case "SWAP_FACE":
                return SwapFaces(source=data[0], target=data[1])
            case "VIDEO":
                motion = next((one for one in Motion if one in words), Motion.LOW)
                begin, *ends = data
                end = ends[0] if ends and _END in words else ""
                return Video(prompt=self.prompt, image=begin, motion=motion, end_image=end, loop=_LOOP in words)
            case _:
                return Imagine(prompt=self.prompt, pictures=data)
