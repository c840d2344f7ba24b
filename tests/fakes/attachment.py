"""A picture that a person gave with a command."""

from dataclasses import dataclass

from tests.pictures import draw_noise, encode


@dataclass
class FakePictureInput:
    """A command_requests.Given: `data`, or a picture of noise, is there when asked for; `failure` is raised instead."""

    name: str = "cat.png"
    data: bytes = b""
    failure: BaseException | None = None
    asked: int = 0

    async def read(self) -> bytes:
        """Download it."""
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.data or encode(draw_noise(80, 80))
