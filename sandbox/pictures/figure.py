"""Draw animals: rounded shapes, lit from the sun's side, in the animal's own coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sandbox.pictures.canvas import Canvas, Color, Point, mix
from sandbox.pictures.light import Palette

_OVERSAMPLING = 2
_STEPS = 7


def ring(points: Sequence[Point]) -> list[Point]:
    """Return a smooth closed curve through `points`."""
    count = len(points)
    around = [
        (points[index - 1], points[index], points[(index + 1) % count], points[(index + 2) % count])
        for index in range(count)
    ]
    return [_interpolate(four, step / _STEPS) for four in around for step in range(_STEPS)]


def bend(points: Sequence[Point]) -> list[Point]:
    """Return a smooth open curve through `points`."""
    wide = [points[0], *points, points[-1]]
    fours = [(wide[at], wide[at + 1], wide[at + 2], wide[at + 3]) for at in range(len(wide) - 3)]
    return [*(_interpolate(four, step / _STEPS) for four in fours for step in range(_STEPS)), points[-1]]


def oval(u: float, v: float, wide: float, high: float, tilt: float = 0.0) -> list[Point]:
    """Return an ellipse by its middle, half its width and height, and its turn in radians."""
    turns = [2 * math.pi * step / 28 for step in range(28)]
    cos, sin = math.cos(tilt), math.sin(tilt)
    flat = [(wide * math.cos(turn), high * math.sin(turn)) for turn in turns]
    return [(u + x * cos - y * sin, v + x * sin + y * cos) for x, y in flat]


@dataclass(frozen=True)
class Figure:
    """An animal being drawn: u points where it looks, v up, its feet are at v = 0, its height is about one unit.

    `facing` and `light`, the direction of the light, are 1 for the right and -1 for the left.
    """

    canvas: Canvas
    palette: Palette
    foot: Point
    size: float
    facing: int
    light: int

    def tint(self, color: Color) -> Color:
        """Return a color as it looks in the palette's light."""
        if self.palette.night:
            return mix(color, mix(self.palette.sky[2], self.palette.sky[1], 0.5), 0.3)
        return mix(color, self.palette.sky[2], 0.07)

    def pixels(self, points: Sequence[Point]) -> list[Point]:
        """Return the pixels of `points`."""
        x0, y0 = self.foot
        return [self.canvas.at(x0 + self.facing * u * self.size, y0 - v * self.size) for u, v in points]

    def draw_part(self, points: Sequence[Point], color: Color, *, depth: float = 0.5, rim: float = 0.5) -> None:
        """Draw a part of the animal, darker (`depth`) away from the light and with a lit edge (`rim`)."""
        pixels = self.pixels(points)
        xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
        high = min(max(xs) - min(xs), max(ys) - min(ys))
        margin = round(high * 0.3) + 6
        left, top = math.floor(min(xs)) - margin, math.floor(min(ys)) - margin
        size = (math.ceil(max(xs)) + margin - left, math.ceil(max(ys)) + margin - top)
        if left > self.canvas.size[0] or top > self.canvas.size[1] or left + size[0] < 0 or top + size[1] < 0:
            return
        fine = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
        ImageDraw.Draw(fine).polygon(
            [((x - left) * _OVERSAMPLING, (y - top) * _OVERSAMPLING) for x, y in pixels], fill=255
        )
        mask = fine.reduce(_OVERSAMPLING)
        base = self.tint(color)
        paint = Image.new("RGB", size, base)
        if high > 3 and depth:
            dark = mix(base, mix(self.palette.near, self.palette.sky[0], 0.4), 0.62)
            paint.paste(dark, (0, 0), _shade_side(mask, high, -self.light, 0.17, depth))
        if high > 3 and rim:
            lit = mix(self.palette.light, base, 0.2)
            paint.paste(
                lit,
                (0, 0),
                _shade_side(mask, high, self.light, 0.055, min(1.0, rim * (1.5 if self.palette.night else 1)), up=1),
            )
        self.canvas.image.paste(paint, (left, top), mask)

    def draw_marking(self, points: Sequence[Point], color: Color) -> None:
        """Draw a marking without shading."""
        self.draw_part(points, color, depth=0, rim=0)

    def draw_stroke(
        self, points: Sequence[Point], color: Color, thick: float, thin: float | None = None, soft: float = 0.0
    ) -> None:
        """Draw a curve through `points` whose thickness runs from `thick` to `thin`, shaded by `soft`."""
        thin = thick if thin is None else thin
        line = bend(points)
        left: list[Point] = []
        right: list[Point] = []
        for index, (u, v) in enumerate(line):
            (u1, v1), (u2, v2) = line[max(0, index - 1)], line[min(len(line) - 1, index + 1)]
            long = math.hypot(u2 - u1, v2 - v1) or 1.0
            half = (thick + (thin - thick) * index / (len(line) - 1)) / 2
            left.append((u - (v2 - v1) / long * half, v + (u2 - u1) / long * half))
            right.append((u + (v2 - v1) / long * half, v - (u2 - u1) / long * half))
        self.draw_part(
            [*left, *_trace_cap(line[-1], left[-1]), *reversed(right), *_trace_cap(line[0], right[0])],
            color,
            depth=soft,
            rim=soft,
        )

    def draw_blush(self, place: Point, radius: float, color: Color, strength: float) -> None:
        """Draw a soft round spot of color."""
        x, y = self.pixels([place])[0]
        reach = max(1, round(radius * self.size * self.canvas.scale))
        soft = Image.radial_gradient("L").point(
            [round(255 * strength * max(0.0, 1 - v / 180) ** 1.6) for v in range(256)]
        )
        self.canvas.image.paste(
            self.tint(color),
            (round(x) - reach, round(y) - reach, round(x) + reach, round(y) + reach),
            soft.resize((2 * reach, 2 * reach)),
        )

    def draw_eye(self, u: float, v: float, size: float, iris: Color | None = None, *, asleep: bool = False) -> None:
        """Draw an eye with glints, or a curve if `asleep`; `iris` None makes it black."""
        if asleep:
            curve = [(u - size, v + size * 0.2), (u, v - size * 0.55), (u + size, v + size * 0.2)]
            self.draw_stroke(curve, (40, 22, 28), size * 0.42)
            return
        black = (26, 16, 20)
        if iris:
            self.draw_marking(oval(u, v, size * 1.12, size * 1.12), black)
            self.draw_marking(oval(u, v, size, size), iris)
            self.draw_marking(oval(u, v, size * 0.5, size * 0.9), black)
        else:
            self.draw_marking(oval(u, v, size, size * 1.15), black)
        glint = self.facing * self.light
        self._draw_glint(oval(u + glint * size * 0.3, v + size * 0.4, size * 0.36, size * 0.36))
        self._draw_glint(oval(u - glint * size * 0.3, v - size * 0.45, size * 0.16, size * 0.16))

    def _draw_glint(self, points: Sequence[Point]) -> None:
        x0, y0 = self.foot
        world = [(x0 + self.facing * u * self.size, y0 - v * self.size) for u, v in points]
        self.canvas.shape(world, (255, 255, 255), 0.95)


def _trace_cap(middle: Point, start: Point) -> list[Point]:
    """Return the half circle that rounds off a stroke, clockwise from `start` around its end."""
    turn, radius = math.atan2(start[1] - middle[1], start[0] - middle[0]), math.dist(middle, start)
    turns = [turn - math.pi * step / 8 for step in range(1, 8)]
    return [(middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)) for angle in turns]


def _interpolate(four: tuple[Point, Point, Point, Point], part: float) -> Point:
    """Return the point of a Catmull-Rom spline between the second and the third of four points."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = four

    def along(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b + (c - a) * part + (2 * a - 5 * b + 4 * c - d) * part**2 + (3 * b - a - 3 * c + d) * part**3
        )

    return along(x0, x1, x2, x3), along(y0, y1, y2, y3)


def _shade_side(mask: Image.Image, high: float, way: int, reach: float, strength: float, up: int = -1) -> Image.Image:
    """Return where a shape turns towards one side (`way` 1 is right) and up or down: soft, and strong at its edge."""
    coarse = 4 if reach > 0.1 and high > 60 else 2 if high > 24 else 1
    shift = high * reach / coarse
    small = mask.reduce(coarse).filter(ImageFilter.GaussianBlur(shift))
    small = ImageChops.offset(small, round(-way * shift), round(up * shift * 1.2))
    shade = small.point([round((255 - value) * strength) for value in range(256)])
    return shade.resize(mask.size, Image.Resampling.BILINEAR, box=(0, 0, mask.width / coarse, mask.height / coarse))
