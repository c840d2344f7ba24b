"""Draw avatars for the sandbox's members: Discord's default avatars cannot be loaded without a network."""

import io
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

_COLORS = (("#ff8a5c", "#e9457a"), ("#5cc8ff", "#5865f2"), ("#7ee081", "#1f9d8b"))
_SIDE = 64


def draw_avatars(members: Iterable[tuple[int, str]]) -> dict[str, tuple[str, bytes]]:
    """Return file name and PNG bytes by the avatar link of each member, given as (id, name)."""
    files: dict[str, tuple[str, bytes]] = {}
    for number, (user_id, name) in enumerate(members):
        # Discord's CDN reference: the default avatar of a migrated account is (id >> 22) % 6.
        link = f"https://cdn.discordapp.com/embed/avatars/{(user_id >> 22) % 6}.png?size=64"
        files.setdefault(link, (f"avatar{number}.png", _draw_avatar(name, _COLORS[number % len(_COLORS)])))
    return files


def _draw_avatar(name: str, colors: tuple[str, str]) -> bytes:
    """Draw the initial of a name on a gradient of two colors."""
    gradient = Image.linear_gradient("L").rotate(30, Image.Resampling.BICUBIC)
    gradient.thumbnail((_SIDE, _SIDE))
    image = Image.composite(
        Image.new("RGB", gradient.size, colors[1]), Image.new("RGB", gradient.size, colors[0]), gradient
    )
    pen = ImageDraw.Draw(image)
    pen.text((_SIDE / 2, _SIDE / 2), name[:1].upper(), fill="white", anchor="mm", font=ImageFont.load_default(34))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
