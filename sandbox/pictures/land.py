"""Paint the land: mountains with their lakes, dunes, forests."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from sandbox.pictures.canvas import Canvas, Color, Point, mix
from sandbox.pictures.noise import ridged, rough, wave
from sandbox.pictures.scene import Place, Scene, draw_spurs, paint_still_water


def paint_mountains(scene: Scene) -> None:
    """Paint mountain ranges, the highest with snow, behind a lake or a wood."""
    palette = scene.palette
    dice = scene.dice("mountains")
    lake = dice.random() < 0.6
    shore = scene.horizon + 0.1
    tall = dice.uniform(0.26, 0.4)
    for layer in range(5):
        part = layer / 4
        seed = f"{scene.layout} range {layer}"
        foot = scene.horizon + 0.02 + 0.08 * part
        height = tall * (0.75 if layer == 0 else 1.0 if layer == 1 else 0.62 - 0.13 * layer)
        rate = 1.15 + 0.5 * layer

        def ridge(x: float, seed: str = seed, foot: float = foot, height: float = height, rate: float = rate) -> float:
            return foot - height * (0.15 + 1.15 * (ridged(seed, x * rate + 40) - 0.35))

        tone = mix(palette.far, palette.near, part * 0.82)
        _paint_range(scene, ridge, foot, height, tone, snow=layer in {0, 1})
    if lake:
        paint_still_water(scene, shore)
    _paint_wood(scene, scene.horizon + (0.36 if lake else 0.2), 0.13, mix(palette.near, palette.far, 0.12), "edge")
    for row, depth in enumerate((0.46, 0.62, 0.9, 1.2, 1.6)):
        _paint_wood(
            scene, scene.horizon + depth, 0.2 + 0.05 * row, mix(palette.near, (0, 0, 0), 0.2 + 0.1 * row), f"w{row}"
        )


def paint_dunes(scene: Scene) -> None:
    """Paint rows of dunes, each with a lit and a shaded flank."""
    palette = scene.palette
    depths = (0.0, 0.05, 0.12, 0.22, 0.36, 0.58, 0.9, 1.4)
    for layer, depth in enumerate(depths):
        part = min(1.0, layer / 6)
        lit = mix(mix(palette.sky[3], palette.far, 0.35 + 0.5 * part), palette.near, 0.1 + 0.2 * part)
        dark = mix(palette.far, palette.near, 0.3 + 0.6 * part)
        _paint_dune(scene, f"{scene.layout} dune {layer}", scene.horizon + depth, 0.04 + 0.17 * part, lit, dark)


def paint_forest(scene: Scene) -> None:
    """Paint rows of pines with mist lying between them."""
    palette, canvas = scene.palette, scene.canvas
    rows = ((-0.16, 0.06), (-0.11, 0.08), (-0.05, 0.11), (0.02, 0.15), (0.1, 0.21), (0.21, 0.29), (0.36, 0.4))
    for layer, (rise, height) in enumerate((*rows, (0.58, 0.5), (0.86, 0.55), (1.2, 0.6), (1.6, 0.7))):
        part = min(1.0, layer / 6)
        tone = mix(mix(palette.far, palette.sky[3], 0.25), palette.near, part**1.2)
        _paint_wood(scene, scene.horizon + rise, height, tone, f"row {layer}", mist=0.9 - 0.6 * part)
    canvas.glow(scene.sun, 0.7, palette.light, 0.16, 2.0)


def _paint_range(
    scene: Scene, ridge: Callable[[float], float], foot: float, height: float, tone: Color, *, snow: bool
) -> None:
    canvas, palette = scene.canvas, scene.palette
    line = [(x, ridge(x)) for x in canvas.columns()]
    mask = canvas.below(line)
    haze = mix(tone, palette.sky[3], 0.55)
    canvas.paint(canvas.gradient([(foot - height * 0.8, tone), (foot + 0.03, haze), (foot + 0.3, tone)]), mask)
    light = 1 if scene.sun[0] > 0 else -1
    shade = canvas.mask(lambda pen, place, _: draw_spurs(pen, place, line, height, light), 128)
    shade = shade.filter(ImageFilter.GaussianBlur(0.0025 * canvas.scale))
    if snow:
        line_of_snow = foot - height * 0.42
        caps = [
            (x, y + max(0.0, line_of_snow - y) * (0.25 + 1.15 * rough(f"{scene.layout} snow", x * 19, 3)))
            for x, y in line
        ]
        under = canvas.below(caps)
        white = Image.composite(Image.new("L", canvas.size), mask, under)
        canvas.paint(mix(palette.light, tone, 0.22), white, 0.8)
    dim = shade.point([round(128 + (value - 128) * 0.62) for value in range(256)])
    fade = canvas.gradient([(foot - height * 0.7, (255, 255, 255)), (foot, (0, 0, 0))]).convert("L")
    canvas.shade(dim, Image.composite(mask, Image.new("L", canvas.size), fade))


def _paint_wood(scene: Scene, foot: float, height: float, tone: Color, word: str, mist: float = 0.0) -> None:
    canvas = scene.canvas
    view = canvas.view
    seed = f"{scene.layout} {word}"
    if foot - height * 1.3 > view.bottom:
        return

    def ground(x: float) -> float:
        return foot - 0.16 * height - 0.9 * height * (rough(seed, x / (height * 6) + 7, 3) - 0.5)

    gap = height * 0.16
    first, last = math.floor(view.left / gap) - 2, math.ceil(view.right / gap) + 2

    def draw(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        pen.polygon(
            [
                place(view.left - 1, view.bottom + 1),
                *(place(x, ground(x)) for x in canvas.columns(4)),
                place(view.right + 1, view.bottom + 1),
            ],
            fill=255,
        )
        for number in range(first, last):
            dice = random.Random(f"{seed} {number}")
            if dice.random() < 0.16:
                continue
            x = (number + dice.uniform(-0.4, 0.4)) * gap
            _draw_pine(pen, place, (x, ground(x) + 0.03 * height), height * (0.45 + 0.55 * dice.random() ** 1.3), dice)

    mask = canvas.mask(draw)
    pale = mix(tone, mix(scene.palette.sky[3], scene.palette.far, 0.3), mist)
    canvas.paint(
        canvas.gradient([(foot - height * 0.9, tone), (foot + height * 0.35, pale), (foot + height * 2, pale)]), mask
    )


def _draw_pine(pen: ImageDraw.ImageDraw, place: Place, foot: Point, height: float, dice: random.Random) -> None:
    x, y = foot
    tiers = 9
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        part = (tier + 1) / tiers
        reach = height * 0.2 * part**0.85
        level = y - height * (1 - part)
        left += [place(x - reach * dice.uniform(0.75, 1.15), level), place(x - reach * 0.42, level - height * 0.012)]
        right += [place(x + reach * dice.uniform(0.75, 1.15), level), place(x + reach * 0.42, level - height * 0.012)]
    pen.polygon([place(x, y - height), *right, place(x, y + height * 0.1), *reversed(left)], fill=255)


def _paint_dune(scene: Scene, seed: str, foot: float, height: float, lit: Color, dark: Color) -> None:
    canvas = scene.canvas
    rate = 0.24 / (height + 0.03) + 0.5
    light = 1 if scene.sun[0] > 0 else -1

    def crest(x: float) -> float:
        sharp = 1 - abs(2 * wave(seed, x * rate + 11) - 1)
        return (
            foot - height * (1.25 * math.pow(sharp, 1.4) - 0.25) - height * 0.2 * wave(f"{seed} fine", x * rate * 0.4)
        )

    line = [(x, crest(x)) for x in canvas.columns(2)]
    if min(y for _, y in line) > canvas.view.bottom:
        return
    mask = canvas.below(line)
    stops = [
        (foot - height, lit),
        (foot + height * 0.3, mix(lit, dark, 0.25)),
        (foot + height * 2, mix(lit, dark, 0.5)),
    ]
    canvas.paint(canvas.gradient(stops), mask)
    black = Image.new("L", canvas.size)
    shade = black.copy()
    for top in range(1, len(line) - 1):
        if line[top - 1][1] >= line[top][1] < line[top + 1][1]:
            shade.paste(255, (0, 0, *canvas.size), _trace_shaded_flank(canvas, seed, line, top, -light, height))
    soft = shade.filter(ImageFilter.GaussianBlur(0.003 * canvas.scale))
    fade = canvas.gradient([(foot - height, (255, 255, 255)), (foot + height * 1.8, (40, 40, 40))]).convert("L")
    canvas.paint(dark, Image.composite(Image.composite(soft, black, mask), black, fade), 0.9)
    if height > 0.1:
        _paint_sand(scene, seed, line, mask, height, dark)
    rim = canvas.mask(
        lambda pen, place, unit: pen.line([place(x, y) for x, y in line], fill=255, width=max(1, round(unit * 0.003)))
    )
    canvas.paint(mix(lit, scene.palette.light, 0.6), Image.composite(rim, black, mask), 0.5)


def _trace_shaded_flank(canvas: Canvas, seed: str, line: list[Point], top: int, way: int, height: float) -> Image.Image:
    """Return the mask of the shaded flank: from a top along the crest to the valley, and back on an S-shaped edge."""
    x0, y0 = line[top]
    ridge: list[Point] = []
    index = top
    while 0 <= index < len(line) and (index == top or line[index][1] >= line[index - way][1] - 1e-9):
        ridge.append(line[index])
        index += way
    fall = height * (1.5 + wave(f"{seed} fall", x0 * 7))
    sway = height * (0.7 + 0.8 * wave(seed, x0 * 5))
    edge = [
        (x0 - way * sway * (math.sin(part * math.pi * 1.35) * 0.8 - 1.25 * part * part), y0 + fall * part)
        for part in (step / 24 for step in range(25))
    ]
    (x1, y1), (x2, y2) = ridge[-1], edge[-1]
    belly = [
        (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part + 0.35 * height * math.sin(part * math.pi))
        for part in (step / 12 for step in range(13))
    ]
    return canvas.fill([*ridge, *belly, *reversed(edge)])


def _paint_sand(scene: Scene, seed: str, line: list[Point], mask: Image.Image, height: float, dark: Color) -> None:
    canvas = scene.canvas

    def draw(pen: ImageDraw.ImageDraw, place: Place, unit: float) -> None:
        for number in range(1, 26):
            down = height * 2.4 * (number / 25) ** 1.4
            row = [place(x, y + down + 0.006 * rough(f"{seed} sand {number // 4}", x * 9, 2)) for x, y in line[::2]]
            pen.line(row, fill=round(200 - 4 * number), width=max(1, round(unit * 0.0016)))

    canvas.paint(dark, Image.composite(canvas.mask(draw), Image.new("L", canvas.size), mask), 0.2)
