"""Faces for the sandbox's people: Discord's own default avatars are out of reach without a network."""

import io
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

_COLOURS = (("#ff8a5c", "#e9457a"), ("#5cc8ff", "#5865f2"), ("#7ee081", "#1f9d8b"))
_SIDE = 64


def draw_avatars(people: Iterable[tuple[int, str]]) -> dict[str, tuple[str, bytes]]:
    """Return a picture for each person's (id, name) avatar link, as the page wants them: file name and bytes."""
    found: dict[str, tuple[str, bytes]] = {}
    for number, (user_id, name) in enumerate(people):
        # Discord's CDN reference: the default avatar of a migrated account is (id >> 22) % 6.
        link = f"https://cdn.discordapp.com/embed/avatars/{(user_id >> 22) % 6}.png?size=64"
        found.setdefault(link, (f"avatar{number}.png", _face(name, _COLOURS[number % len(_COLOURS)])))
    return found


def _face(name: str, colours: tuple[str, str]) -> bytes:
    """Draw an initial on a soft slope of two colours."""
    slope = Image.linear_gradient("L").rotate(30, Image.Resampling.BICUBIC)
    slope.thumbnail((_SIDE, _SIDE))
    image = Image.composite(Image.new("RGB", slope.size, colours[1]), Image.new("RGB", slope.size, colours[0]), slope)
    pen = ImageDraw.Draw(image)
    pen.text((_SIDE / 2, _SIDE / 2), name[:1].upper(), fill="white", anchor="mm", font=ImageFont.load_default(34))
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()
