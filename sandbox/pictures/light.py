"""Choose the light of a picture and paint its sky: the hour, the sun or the moon, clouds, stars, aurora."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from sandbox.pictures.canvas import Canvas, Color, Point, mix
from sandbox.pictures.noise import cloud_noise, rough, wave


@dataclass(frozen=True)
class Palette:
    """The colors of one time of day; `sky` runs from the zenith to the horizon."""

    sky: tuple[Color, Color, Color, Color]
    light: Color
    far: Color
    near: Color
    night: bool = False
    aurora: bool = False


PALETTES = {
    "dawn": Palette(
        sky=((58, 70, 122), (148, 118, 164), (240, 160, 150), (255, 214, 170)),
        light=(255, 236, 205),
        far=(196, 154, 172),
        near=(40, 36, 66),
    ),
    "golden": Palette(
        sky=((52, 116, 186), (136, 186, 204), (255, 202, 112), (255, 226, 140)),
        light=(255, 246, 210),
        far=(216, 166, 116),
        near=(54, 36, 36),
    ),
    "blue": Palette(
        sky=((10, 22, 58), (28, 58, 112), (92, 122, 174), (214, 184, 180)),
        light=(255, 222, 186),
        far=(96, 118, 162),
        near=(9, 16, 38),
        night=True,
    ),
    "night": Palette(
        sky=((4, 7, 24), (11, 22, 56), (28, 52, 98), (70, 102, 142)),
        light=(236, 242, 255),
        far=(48, 74, 116),
        near=(5, 9, 22),
        night=True,
    ),
    "aurora": Palette(
        sky=((4, 9, 28), (8, 30, 54), (16, 66, 84), (76, 140, 140)),
        light=(190, 255, 220),
        far=(26, 68, 88),
        near=(4, 12, 24),
        night=True,
        aurora=True,
    ),
    "mist": Palette(
        sky=((84, 146, 172), (142, 190, 196), (204, 222, 206), (255, 238, 200)),
        light=(255, 250, 235),
        far=(134, 176, 178),
        near=(18, 54, 64),
    ),
    "coral": Palette(
        sky=((62, 40, 100), (166, 66, 118), (246, 120, 98), (255, 194, 126)),
        light=(255, 234, 184),
        far=(186, 86, 112),
        near=(34, 16, 50),
    ),
    "amber": Palette(
        sky=((110, 56, 66), (204, 102, 66), (246, 166, 84), (255, 218, 146)),
        light=(255, 242, 204),
        far=(208, 124, 82),
        near=(60, 22, 30),
    ),
    "winter": Palette(
        sky=((84, 124, 180), (150, 182, 214), (214, 222, 234), (250, 234, 226)),
        light=(255, 248, 240),
        far=(172, 192, 218),
        near=(36, 54, 88),
    ),
    "summer": Palette(
        sky=((30, 100, 172), (88, 162, 212), (172, 214, 228), (242, 242, 220)),
        light=(255, 252, 232),
        far=(130, 174, 192),
        near=(16, 56, 64),
    ),
}

_PALETTES_BY_WORD = (
    (("dawn", "sunrise", "morning"), ("dawn", "golden", "coral", "mist")),
    (("sunset", "dusk", "golden", "evening"), ("coral", "golden", "amber", "dawn")),
    (("night", "moon", "star", "midnight", "neon"), ("night", "blue", "aurora", "coral")),
    (("aurora", "northern"), ("aurora", "night", "aurora", "blue")),
    (("snow", "winter", "ice", "frost"), ("winter", "dawn", "aurora", "mist")),
    (("fog", "mist", "storm", "rain"), ("mist", "winter", "blue", "dawn")),
    (("desert", "dune", "mars", "sand"), ("amber", "golden", "coral", "night")),
)


def names_light(prompt: str) -> bool:
    """Return whether `prompt` names a time of day or weather."""
    words = prompt.lower()
    return any(key in words for keys, _ in _PALETTES_BY_WORD for key in keys)


def choose_palettes(prompt: str, seed: str) -> tuple[str, str, str, str]:
    """Return the names of four palettes that suit `prompt`, in an order that `seed` decides."""
    words = prompt.lower()
    names: list[str] = next((list(names) for keys, names in _PALETTES_BY_WORD if any(key in words for key in keys)), [])
    rng = random.Random(f"{seed} palettes")
    if not names:
        names = rng.sample(["dawn", "golden", "coral", "summer", "winter", "amber"], 2)
        names += rng.sample(["blue", "night", "aurora", "mist"], 2)
    rng.shuffle(names)
    return names[0], names[1], names[2], names[3]


def paint_sky(canvas: Canvas, palette: Palette, horizon: float, sun: Point, detail: str) -> None:
    """Paint the sky above `horizon`, with the sun or the moon at `sun`."""
    reach = 0.78
    stops = [(horizon - reach * (1 - part), color) for part, color in zip((0, 0.42, 0.8, 1), palette.sky, strict=True)]
    canvas.image = canvas.gradient([(horizon - 2.2, mix(palette.sky[0], palette.near, 0.45)), *stops])
    if palette.night:
        _paint_stars(canvas, palette, horizon, detail)
    if palette.aurora:
        _paint_aurora(canvas, horizon, detail)
    moon = palette.night
    canvas.glow(sun, 0.75, palette.light, 0.34 if moon else 0.62, 2.2)
    canvas.glow(sun, 0.3, palette.light, 0.42 if moon else 0.7, 2.6)
    disc = canvas.ellipse(sun, 0.034 if moon else 0.05)
    canvas.paint(mix(palette.light, (255, 255, 255), 0.5), disc, 0.97)
    if moon:
        gray = cloud_noise(
            "moon", canvas.size, (sun[0], sun[1], sun[0] + canvas.view.width, sun[1] + canvas.view.height), 1
        )
        canvas.paint(
            mix(palette.light, palette.sky[1], 0.4), _intersect(disc, gray.point(_smooth_levels(120, 170))), 0.4
        )
    _paint_clouds(canvas, palette, horizon, sun, detail)
    canvas.paint(mix(palette.light, (255, 255, 255), 0.5), disc, 0.55)


def _smooth_levels(low: int, high: int) -> list[int]:
    span = high - low
    parts = (min(1.0, max(0.0, (value - low) / span)) for value in range(256))
    return [round(255 * part * part * (3 - 2 * part)) for part in parts]


def _intersect(first: Image.Image, second: Image.Image) -> Image.Image:
    black = Image.new("L", first.size)
    return Image.composite(first, black, second)


def _paint_clouds(canvas: Canvas, palette: Palette, horizon: float, sun: Point, detail: str) -> None:
    view = canvas.view
    gray = cloud_noise(f"{detail} clouds", canvas.size, (view.left, view.top, view.right, view.bottom), 3.6)
    cover = random.Random(f"{detail} cover").randrange(-8, 14)
    soft = gray.point(_smooth_levels(118 - cover, 186 - cover))
    dense = gray.point(_smooth_levels(146 - cover, 200 - cover))
    fade = canvas.gradient(
        [(horizon - 1.6, (150, 150, 150)), (horizon - 0.3, (255, 255, 255)), (horizon, (60, 60, 60))]
    ).convert("L")
    shadow = mix(palette.sky[1], palette.sky[0], 0.3) if not palette.night else mix(palette.sky[1], palette.far, 0.5)
    lit = mix(palette.sky[3], palette.light, 0.6)
    canvas.paint(lit, _intersect(soft, fade), 0.16 if palette.night else 0.62)
    canvas.paint(shadow, _intersect(dense, fade), 0.24 if palette.night else 0.36)
    canvas.glow(sun, 0.4, palette.light, 0.2 if palette.night else 0.36, 2.0)


def _paint_stars(canvas: Canvas, palette: Palette, horizon: float, detail: str) -> None:
    rng = random.Random(f"{detail} stars")
    stars = [(rng.uniform(-3, 3), rng.uniform(-2, horizon), rng.random() ** 5) for _ in range(3600)]

    def draw(pen: ImageDraw.ImageDraw, place: Callable[[float, float], Point], unit: float) -> None:
        for x, y, size in stars:
            if not canvas.view.left < x < canvas.view.right or y < canvas.view.top:
                continue
            px, py = place(x, y)
            half = unit * (0.00075 + 0.0016 * size)
            height = max(0.0, min(1.0, (horizon - y) / 0.5))
            shine = round((90 + 165 * size) * height)
            pen.ellipse([px - half, py - half, px + half, py + half], fill=shine)

    points = canvas.mask(draw)
    halo = points.filter(ImageFilter.GaussianBlur(0.004 * canvas.scale)).point([min(255, v * 3) for v in range(256)])
    canvas.paint(palette.light, halo, 0.5)
    canvas.paint((255, 255, 255), points)


def _paint_aurora(canvas: Canvas, horizon: float, detail: str) -> None:
    for curtain, color in enumerate(((90, 255, 190), (60, 220, 200), (170, 110, 240))):
        seed = f"{detail} aurora {curtain}"
        width = max(8, canvas.size[0] // 6)
        strip = Image.new("L", (width, 160))
        pixels: list[int] = [0] * (width * 160)
        for column in range(width):
            x = canvas.view.left + canvas.view.width * column / width
            foot = horizon - 0.16 - 0.1 * curtain - 0.26 * rough(seed, x * 1.3, 2)
            shine = 0.25 + 0.75 * wave(f"{seed} rays", x * 19) * wave(f"{seed} slow", x * 2.1)
            for row in range(160):
                height = foot - (canvas.view.top + canvas.view.height * row / 160)
                if height > -0.03:
                    rise = (height + 0.03) / 0.05 if height < 0.02 else max(0.0, 1 - (height - 0.02) / 0.42) ** 1.7
                    pixels[row * width + column] = round(235 * shine * min(1.0, rise))
        strip.putdata(pixels)
        canvas.paint(color, strip.resize(canvas.size, Image.Resampling.BICUBIC), 0.62)
