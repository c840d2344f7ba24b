"""Draw soft, world-anchored shapes with Pillow alone: gradients, glows, antialiased silhouettes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[int, int, int]
Point = tuple[float, float]

_OVERSAMPLING = 2


def mix(first: Color, second: Color, part: float) -> Color:
    """Return the color `part` of the way from `first` to `second`."""
    part = min(1.0, max(0.0, part))
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class View:
    """A rectangle of the world: x to the right, y down; a frame is one unit high with x = 0 in its middle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.top + self.height


class Canvas:
    """One picture being drawn; all coordinates are world coordinates."""

    def __init__(self, view: View, size: tuple[int, int]) -> None:
        self.view = view
        self.size = size
        self.scale = size[1] / view.height
        self.image = Image.new("RGB", size)

    def at(self, x: float, y: float, fine: int = 1) -> Point:
        """Return the pixel of a point in the world, on a canvas that is `fine` times as large."""
        return (x - self.view.left) * self.scale * fine, (y - self.view.top) * self.scale * fine

    def columns(self, step: float = 3.0) -> list[float]:
        """Return the world's x every `step` pixels, a little beyond both edges."""
        count = int(self.size[0] / step) + 3
        return [self.view.left + (index - 1) * step / self.scale for index in range(count)]

    def gradient(self, stops: Sequence[tuple[float, Color]]) -> Image.Image:
        """Return a picture-sized vertical gradient through (y, color) stops, in rising order of y."""
        strip = Image.new("RGB", (1, 256))
        strip.putdata(
            [_interpolate_stops(stops, self.view.top + self.view.height * (row + 0.5) / 256) for row in range(256)]
        )
        tall = strip.resize((1, self.size[1]), Image.Resampling.BICUBIC)
        return tall.resize(self.size, Image.Resampling.NEAREST)

    def mask(
        self, draw: Callable[[ImageDraw.ImageDraw, Callable[[float, float], Point], float], None], ground: int = 0
    ) -> Image.Image:
        """Return what `draw(pen, place, pixels per unit)` paints on a gray `ground`, antialiased."""
        fine = Image.new("L", (self.size[0] * _OVERSAMPLING, self.size[1] * _OVERSAMPLING), ground)
        draw(ImageDraw.Draw(fine), lambda x, y: self.at(x, y, _OVERSAMPLING), self.scale * _OVERSAMPLING)
        return fine.reduce(_OVERSAMPLING)

    def fill(self, points: Sequence[Point]) -> Image.Image:
        """Return the mask of one polygon."""
        return self.mask(lambda pen, place, _: pen.polygon([place(x, y) for x, y in points], fill=255))

    def shape(self, points: Sequence[Point], paint: Color, strength: float = 1.0) -> None:
        """Draw one small polygon, touching only the pixels around it."""
        pixels = [self.at(x, y) for x, y in points]
        left = max(0, int(min(x for x, _ in pixels)) - 1)
        top = max(0, int(min(y for _, y in pixels)) - 1)
        right = min(self.size[0], int(max(x for x, _ in pixels)) + 2)
        bottom = min(self.size[1], int(max(y for _, y in pixels)) + 2)
        if right <= left or bottom <= top:
            return
        fine = _OVERSAMPLING * 2
        mask = Image.new("L", ((right - left) * fine, (bottom - top) * fine))
        ImageDraw.Draw(mask).polygon(
            [((x - left) * fine, (y - top) * fine) for x, y in pixels], fill=round(255 * strength)
        )
        self.image.paste(paint, (left, top, right, bottom), mask.reduce(fine))

    def paint(self, paint: Image.Image | Color, mask: Image.Image, strength: float = 1.0) -> None:
        """Paint a color or a picture where `mask` is white, `strength` being the opacity."""
        if strength < 1:
            mask = mask.point([round(value * strength) for value in range(256)])
        if isinstance(paint, Image.Image):
            self.image.paste(paint, (0, 0), mask)
        else:
            self.image.paste(paint, (0, 0, *self.size), mask)

    def glow(self, place: Point, radius: float, color: Color, strength: float, power: float = 2.0) -> None:
        """Add light that fades from `place` to nothing at `radius`."""
        x, y = self.at(*place)
        reach = max(1, round(radius * self.scale))
        light = _draw_radial(power).resize((reach * 2, reach * 2), Image.Resampling.BILINEAR)
        layer = Image.new("L", self.size)
        layer.paste(light, (round(x) - reach, round(y) - reach))
        self.paint(color, layer, strength)

    def blurred(self, image: Image.Image, radius: float) -> Image.Image:
        """Return `image` blurred by a radius in the world's units."""
        return image.filter(ImageFilter.GaussianBlur(radius * self.scale))

    def ellipse(self, place: Point, radius: float) -> Image.Image:
        """Return the mask of a disc."""
        x, y = place

        def draw(pen: ImageDraw.ImageDraw, at: Callable[[float, float], Point], _: float) -> None:
            pen.ellipse([at(x - radius, y - radius), at(x + radius, y + radius)], fill=255)

        return self.mask(draw)

    def below(self, x_to_y: Iterable[Point]) -> Image.Image:
        """Return the mask of everything under a curve."""
        line = list(x_to_y)
        floor = self.view.bottom + 0.05 * self.view.height
        return self.fill([(line[0][0], floor), *line, (line[-1][0], floor)])

    def mirror(self, horizon: float, squeeze: float = 1.0) -> Image.Image:
        """Return a copy of the picture in which everything below `horizon` mirrors what is above it."""
        level = round(self.at(0, horizon)[1])
        depth = self.size[1] - level
        if depth <= 0 or level <= 0:
            return self.image.copy()
        taken = min(level, round(depth * squeeze))
        upper = self.image.crop((0, level - taken, self.size[0], level)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        if taken < round(depth * squeeze):
            sky = self.image.crop((0, 0, self.size[0], 1)).resize((self.size[0], round(depth * squeeze) - taken))
            tall = Image.new("RGB", (self.size[0], taken + sky.height))
            tall.paste(upper, (0, 0))
            tall.paste(sky, (0, taken))
            upper = tall
        out = self.image.copy()
        out.paste(upper.resize((self.size[0], depth), Image.Resampling.BILINEAR), (0, level))
        return out

    def shade(self, tone: Image.Image, mask: Image.Image) -> None:
        """Lighten and darken by a gray picture (128 changes nothing) where `mask` is white."""
        toned = ImageChops.overlay(self.image, Image.merge("RGB", (tone, tone, tone)))
        self.image.paste(toned, (0, 0), mask)


def _interpolate_stops(stops: Sequence[tuple[float, Color]], y: float) -> Color:
    if y <= stops[0][0]:
        return stops[0][1]
    for (above, first), (below, second) in pairwise(stops):
        if y <= below:
            return mix(first, second, (y - above) / max(1e-9, below - above))
    return stops[-1][1]


@lru_cache(maxsize=16)
def _draw_radial(power: float) -> Image.Image:
    return Image.radial_gradient("L").point([round(255 * max(0.0, 1 - value / 180) ** power) for value in range(256)])
