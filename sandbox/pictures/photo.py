"""Draw from uploaded photos: unchanged, blended, edited, with a swapped face, or extended past their edges."""

from __future__ import annotations

import colorsys
import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps, ImageStat

from sandbox.pictures.canvas import View
from sandbox.pictures.light import Palette

_MAX_SIDE = 1024
_MAX_PIXELS = 8192 * 4096
Size = tuple[int, int]
Way = Literal["plain", "blend", "edit", "face"]


@dataclass(frozen=True)
class Photo:
    """An uploaded picture, scaled down to 1,024 pixels a side; `words` describe what it shows."""

    data: bytes
    aspect: float
    words: str


@dataclass(frozen=True)
class Source:
    """The photos from which a shot is drawn instead of a scene; `wide` is the width of its frame, one unit high."""

    way: Way
    photos: tuple[Photo, ...]
    wide: float


def open_photo(data: bytes) -> Photo | None:
    """Decode an uploaded picture; return None if the bytes are no picture or one that is too large."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return None
            description = opened.info.get("Description")
            opened.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
            image = _flatten(ImageOps.exif_transpose(opened))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    aspect = min(4.0, max(0.25, image.width / image.height))
    image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return Photo(out.getvalue(), aspect, description.strip() if isinstance(description, str) else _describe_mood(image))


def paint_source(source: Source, view: View, size: Size, layout: str, detail: str, palette: Palette) -> Image.Image:
    """Draw the part of `source` in `view`; `layout` and `detail` are seeds, "" leaves the photos unchanged."""
    scale = size[1] / view.height
    frame = max(8, round(source.wide * scale)), max(8, round(scale))
    image = _PAINTERS[source.way](source.photos, frame, layout, palette)
    if detail:
        image = _jitter(image, random.Random(f"{detail} small"))
    at = round((-source.wide / 2 - view.left) * scale), round(-view.top * scale)
    return image if frame == size and at == (0, 0) else _extend_edges(image, size, at, palette)


def _flatten(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def _describe_mood(image: Image.Image) -> str:
    red, green, blue = (value / 255 for value in ImageStat.Stat(image.resize((32, 32))).mean)
    hue, _, colorful = colorsys.rgb_to_hls(red, green, blue)
    bright = 0.3 * red + 0.6 * green + 0.1 * blue
    light = "a moody night scene" if bright < 0.3 else "a quiet scene" if bright < 0.65 else "a bright, airy scene"
    names = ("rose", "amber", "golden", "green", "green", "teal", "sky blue", "deep blue", "violet", "magenta", "rose")
    return f"{light} in {names[int(hue * 10.99)] if colorful > 0.12 else 'soft gray'} tones"


@lru_cache(maxsize=12)
def _decode(photo: Photo) -> Image.Image:
    return Image.open(io.BytesIO(photo.data)).convert("RGB")


def _crop_to_fit(photo: Photo, size: Size, middle: tuple[float, float] = (0.5, 0.5)) -> Image.Image:
    return ImageOps.fit(_decode(photo), size, Image.Resampling.LANCZOS, centering=middle)


def _paint_plain(photos: tuple[Photo, ...], size: Size, layout: str, palette: Palette) -> Image.Image:
    image = _crop_to_fit(photos[0], size)
    if not layout:
        return image
    dice = random.Random(f"{layout} photo")
    if dice.random() < 0.5:
        image = ImageOps.mirror(image)
    share = dice.uniform(0.78, 0.92)
    left, top = dice.uniform(0, 1 - share) * size[0], dice.uniform(0, 1 - share) * size[1]
    box = (left, top, left + share * size[0], top + share * size[1])
    return _grade(image.resize(size, Image.Resampling.BICUBIC, box), palette, 0.18)


def _paint_blend(photos: tuple[Photo, ...], size: Size, layout: str, palette: Palette) -> Image.Image:
    """Blend the photos: the others fade into the first from one side and through its shadows."""
    dice = random.Random(f"{layout} blend")
    order = dice.sample(photos, len(photos))
    image = _crop_to_fit(order[0], size)
    turn = dice.uniform(0, 2 * math.pi)
    for number, photo in enumerate(order[1:]):
        other = _crop_to_fit(photo, size)
        image = Image.blend(image, ImageChops.soft_light(image, other), 0.45)
        angle = turn + number * 2 * math.pi / len(order[1:])
        image.paste(other, (0, 0), _mask_side(size, angle, dice.uniform(-0.05, 0.12)))
    return _grade(image, palette, 0.16)


def _mask_side(size: Size, angle: float, reach: float) -> Image.Image:
    """Return a soft mask that is white on the side that `angle` points to."""
    small = 48
    mask = Image.new("L", (small, small))
    turned = [
        ((x / small - 0.5) * math.cos(angle) + (y / small - 0.5) * math.sin(angle) + reach) * 9
        + math.sin(x / 5 + angle * 3) * 0.5
        + math.cos(y / 6 - angle) * 0.5
        for y in range(small)
        for x in range(small)
    ]
    mask.putdata([round(225 / (1 + math.exp(-value))) for value in turned])
    return mask.resize(size, Image.Resampling.BICUBIC)


def _paint_edit(photos: tuple[Photo, ...], size: Size, layout: str, palette: Palette) -> Image.Image:
    image = _grade(_crop_to_fit(photos[0], size), palette, 0.66 if palette.night else 0.4)
    dice = random.Random(f"{layout} edit")
    # A new light, from a side that differs between the pictures.
    x, y, far = dice.uniform(-0.1, 1.1) * size[0], dice.uniform(-0.1, 0.35) * size[1], max(size) * 0.7
    glow = Image.radial_gradient("L").point([max(0, 255 - value * 2) for value in range(256)])
    light = Image.new("L", size)
    light.paste(glow.resize((round(2 * far), round(2 * far))), (round(x - far), round(y - far)))
    lit = ImageChops.screen(image, Image.new("RGB", size, palette.light))
    image.paste(lit, (0, 0), light.point([round(value * 0.4) for value in range(256)]))
    return image


def _paint_face(photos: tuple[Photo, ...], size: Size, _layout: str, _palette: Palette) -> Image.Image:
    """Copy the middle of the first picture, where a portrait has its face, over that of the second."""
    source, target = photos[:2]
    image = _crop_to_fit(target, size)
    radius = round(min(size) * 0.31)
    x, y = size[0] // 2, round(size[1] * 0.5)
    box = (x - radius, y - round(radius * 1.2), x + radius, y + round(radius * 1.2))
    whole = _decode(source)
    near = min(whole.size) * 0.38
    middle = whole.width / 2, whole.height * 0.5
    crop = (middle[0] - near, middle[1] - near * 1.2, middle[0] + near, middle[1] + near * 1.2)
    there = box[2] - box[0], box[3] - box[1]
    face = _match_light(whole.resize(there, Image.Resampling.LANCZOS, _clamp_box(crop, whole.size)), image.crop(box))
    mask = Image.new("L", there)
    edge = radius * 0.12
    ImageDraw.Draw(mask).ellipse((edge, edge, there[0] - edge, there[1] - edge), fill=255)
    image.paste(face, box[:2], mask.filter(ImageFilter.GaussianBlur(edge * 0.8)))
    return image


def _clamp_box(box: tuple[float, float, float, float], size: Size) -> tuple[float, float, float, float]:
    return max(0.0, box[0]), max(0.0, box[1]), min(float(size[0]), box[2]), min(float(size[1]), box[3])


def _match_light(image: Image.Image, like: Image.Image) -> Image.Image:
    """Shift the mean of each channel half way from `image` to `like`."""
    own, wanted = ImageStat.Stat(image).mean, ImageStat.Stat(like).mean
    shifts = [(there - here) * 0.5 for here, there in zip(own, wanted, strict=True)]
    bands = [
        band.point([round(min(255, max(0, value + shift))) for value in range(256)])
        for band, shift in zip(image.split(), shifts, strict=True)
    ]
    return Image.merge("RGB", bands)


def _grade(image: Image.Image, palette: Palette, strength: float) -> Image.Image:
    """Tint a picture with the colors of a palette."""
    toned = ImageOps.colorize(image.convert("L"), palette.near, palette.light, palette.sky[2])
    image = Image.blend(image, toned, strength)
    return ImageEnhance.Brightness(image).enhance(1 - strength * 0.62) if palette.night else image


def _jitter(image: Image.Image, dice: random.Random) -> Image.Image:
    less = dice.uniform(0.01, 0.035)
    wide, high = image.size
    left, top = dice.uniform(0, less) * wide, dice.uniform(0, less) * high
    box = (left, top, left + (1 - less) * wide, top + (1 - less) * high)
    image = image.resize(image.size, Image.Resampling.BICUBIC, box)
    return ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(dice.uniform(0.94, 1.1))).enhance(
        dice.uniform(0.86, 1.22)
    )


def _extend_edges(image: Image.Image, size: Size, at: tuple[int, int], palette: Palette) -> Image.Image:
    """Extend a picture past its edges by blurred, tinted mirror images."""
    wide, high = image.size
    around = Image.new("RGB", size)
    for column in range(-(at[0] // wide) - 1, (size[0] - at[0]) // wide + 1):
        for row in range(-(at[1] // high) - 1, (size[1] - at[1]) // high + 1):
            part = ImageOps.mirror(image) if column % 2 else image
            part = ImageOps.flip(part) if row % 2 else part
            around.paste(part, (at[0] + column * wide, at[1] + row * high))
    around = _grade(around.filter(ImageFilter.GaussianBlur(high / 60)), palette, 0.12)
    soft = max(2, min(wide, high) // 24)
    mask = Image.new("L", image.size)
    mask.paste(255, (soft, soft, wide - soft, high - soft))
    around.paste(image, at, mask.filter(ImageFilter.GaussianBlur(soft / 2)))
    return around


_PAINTERS: dict[Way, Callable[[tuple[Photo, ...], Size, str, Palette], Image.Image]] = {
    "plain": _paint_plain,
    "blend": _paint_blend,
    "edit": _paint_edit,
    "face": _paint_face,
}
