"""Paint the coast: the open sea, the path of light on it, a lighthouse on its headland."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from sandbox.pictures.canvas import Color, Point, mix
from sandbox.pictures.noise import ridged, rough, wave
from sandbox.pictures.scene import Scene, box_below, draw_ripples, draw_spurs


def paint_coast(scene: Scene) -> None:
    """Paint the open sea, the path of light on it, and a lighthouse on its headland."""
    canvas, palette = scene.canvas, scene.palette
    dice = scene.dice("coast")
    side = dice.choice((-1, 1)) if abs(scene.sun[0]) < 0.06 else (-1 if scene.sun[0] > 0 else 1)
    isle = mix(palette.far, palette.sky[3], 0.25)
    rate = dice.uniform(0.8, 1.4)
    curve = [
        (x, scene.horizon + 0.004 - 0.075 * max(0.0, rough(f"{scene.layout} isle", x * rate + 9) - 0.45) * 3)
        for x in canvas.columns()
    ]
    canvas.paint(isle, canvas.below(curve), 0.9)
    _paint_sea(scene)
    tower = side * dice.uniform(0.14, 0.3)
    _paint_headland(scene, tower, side, dice.uniform(0.05, 0.12), dice.uniform(0.25, 0.36))


def _paint_sea(scene: Scene) -> None:
    canvas, palette = scene.canvas, scene.palette
    level = scene.horizon
    near = mix(palette.near, palette.sky[0], 0.45)
    canvas.paint(
        canvas.gradient(
            [
                (level, mix(palette.sky[3], palette.far, 0.35)),
                (level + 0.12, mix(palette.far, near, 0.45)),
                (level + 0.5, near),
                (level + 1.5, mix(near, palette.near, 0.6)),
            ]
        ),
        canvas.fill(box_below(canvas, level)),
    )
    mirrored = canvas.mirror(level, 1.0).filter(ImageFilter.GaussianBlur(0.012 * canvas.scale))
    canvas.paint(mirrored, canvas.fill(box_below(canvas, level)), 0.32)
    dice = random.Random(f"{scene.detail} sea")
    waves = [(dice.uniform(-3, 3), dice.random() ** 1.7, dice.uniform(0.4, 1.8), dice.random()) for _ in range(4200)]
    canvas.paint(
        mix(palette.near, palette.sky[0], 0.3), draw_ripples(canvas, level + 0.004, 1.7, waves[::2], 0.04), 0.3
    )
    canvas.paint(
        mix(palette.sky[3], palette.far, 0.4), draw_ripples(canvas, level + 0.002, 1.7, waves[1::2], 0.035), 0.26
    )
    path: list[tuple[float, float, float, float]] = []
    for _ in range(1100):
        down = dice.random() ** 1.4
        spread = 0.03 + 0.2 * down
        path.append((scene.sun[0] + dice.gauss(0, 1) * spread * 0.6, down, dice.uniform(0.15, 0.7), dice.random()))
    glitter = draw_ripples(canvas, level + 0.003, 1.0, path, 0.05)
    canvas.paint(palette.light, glitter.filter(ImageFilter.GaussianBlur(0.006 * canvas.scale)), 0.5)
    canvas.paint(mix(palette.light, (255, 255, 255), 0.3), glitter, 0.75)
    canvas.glow((scene.sun[0], level), 0.3, palette.light, 0.35, 2.4)


def _paint_headland(scene: Scene, tower: float, side: int, top: float, tall: float) -> None:
    canvas = scene.canvas
    seed = f"{scene.layout} cliff"

    def height(x: float) -> float:
        inward = (x - tower) * side
        plateau = top + 0.05 * rough(seed, x * 3.1 + 3, 3) + 0.1 * max(0.0, inward) * wave(f"{seed} rise", x * 1.2)
        if inward >= -0.05:
            return plateau
        down = (-0.05 - inward) / 0.16
        return (
            plateau * (1 - math.pow(down, 0.8))
            - 0.035
            + 0.05 * ridged(f"{seed} rock", x * 16) * (1 if down < 1.25 else 0.1)
            - max(0.0, down - 1) * 0.3
        )

    shore = scene.horizon + 0.075
    both = [
        (
            x,
            shore - height(x) - 0.012 * rough(f"{seed} grass", x * 60, 3),
            shore + 0.03 + 0.035 * rough(f"{seed} foot", x * 9, 4),
        )
        for x in canvas.columns(2)
    ]
    both = [(x, top_y, foot_y) for x, top_y, foot_y in both if top_y < foot_y]
    if len(both) < 2:
        return
    light = -1 if scene.sun[0] < tower else 1
    _paint_cliff(scene, [(x, y) for x, y, _ in both], [(x, y) for x, _, y in reversed(both)], (shore, top), light)
    _paint_cottage(scene, tower + side * 0.13, shore - height(tower + side * 0.13) + 0.004, light)
    _paint_lighthouse(scene, (tower, shore - height(tower) + 0.006), tall, light, side)


def _paint_cliff(scene: Scene, line: list[Point], foot: list[Point], level: Point, light: int) -> None:
    """Paint the cliff between its upper edge `line` and its `foot`; `level` is the shore and the cliff's height."""
    canvas, palette = scene.canvas, scene.palette
    shore, top = level
    mask = canvas.fill([*line, *foot])
    dark = mix(palette.near, palette.far, 0.1)
    stops = [
        (shore - top - 0.1, mix(dark, palette.far, 0.25)),
        (shore, dark),
        (shore + 0.1, mix(dark, palette.far, 0.35)),
    ]
    canvas.paint(canvas.gradient(stops), mask)
    shade = canvas.mask(lambda pen, place, _: draw_spurs(pen, place, line, 0.22, light), 128)
    shade = shade.filter(ImageFilter.GaussianBlur(0.003 * canvas.scale))
    canvas.shade(shade.point([round(128 + (value - 128) * 0.55) for value in range(256)]), mask)
    rim = canvas.mask(
        lambda pen, place, unit: pen.line([place(x, y) for x, y in line], fill=255, width=round(unit * 0.004))
    )
    rim = Image.composite(rim, Image.new("L", canvas.size), mask)
    canvas.paint(mix(palette.light, palette.far, 0.35), rim, 0.55)
    foam = canvas.mask(
        lambda pen, place, unit: pen.line([place(x, y) for x, y in foot], fill=255, width=round(unit * 0.005))
    )
    canvas.paint((255, 255, 255), foam.filter(ImageFilter.GaussianBlur(0.003 * canvas.scale)), 0.5)


def _paint_cottage(scene: Scene, x: float, y: float, light: int) -> None:
    canvas, palette = scene.canvas, scene.palette
    wide, high = 0.075, 0.034
    wall = mix((244, 236, 224), palette.near, 0.62 if palette.night else 0.2)
    canvas.shape(
        [(x - wide / 2, y + 0.02), (x - wide / 2, y - high), (x + wide / 2, y - high), (x + wide / 2, y + 0.02)], wall
    )
    dim = [(x, y + 0.02), (x, y - high), (x - light * wide / 2, y - high), (x - light * wide / 2, y + 0.02)]
    canvas.shape(dim, palette.near, 0.25)
    roof = [
        (x - wide * 0.58, y - high),
        (x - wide * 0.4, y - high * 1.95),
        (x + wide * 0.4, y - high * 1.95),
        (x + wide * 0.58, y - high),
    ]
    canvas.shape(roof, mix((150, 60, 50), palette.near, 0.5))
    for spot in (-0.25, 0.05, 0.3):
        px = x + wide * spot
        canvas.shape(
            [(px, y - high * 0.25), (px, y - high * 0.7), (px + 0.009, y - high * 0.7), (px + 0.009, y - high * 0.25)],
            (255, 214, 130),
            0.95,
        )
    if palette.night:
        canvas.glow((x, y - high * 0.4), 0.09, (255, 200, 110), 0.5)


def _paint_lighthouse(scene: Scene, foot: Point, tall: float, light: int, side: int) -> None:
    canvas, palette = scene.canvas, scene.palette
    x, y = foot
    base, neck = tall * 0.105, tall * 0.066
    body = y - tall * 0.8
    lamp = y - tall * 0.89
    if palette.night or palette.sky[3][2] < 190:
        _paint_beams(scene, (x, lamp), side)
    _paint_tower(scene, foot, (base, neck), body, light)
    _paint_lantern(scene, (x, body), tall, neck)
    _paint_slits(scene, foot, tall)
    canvas.glow((x, lamp), tall * 0.55, (255, 232, 170), 0.6 if palette.night else 0.4, 2.4)
    canvas.glow((x, lamp), tall * 0.14, (255, 250, 225), 0.9, 1.8)


def _paint_tower(scene: Scene, foot: Point, widths: Point, body: float, light: int) -> None:
    """Paint the red and white tower from `foot` up to y `body`, half as wide as `widths`, shaded away from `light`."""
    canvas, palette = scene.canvas, scene.palette
    (x, y), (base, neck) = foot, widths
    bands = 7
    for band in range(bands):
        part, following = band / bands, (band + 1) / bands
        color = mix((246, 240, 230) if band % 2 else (196, 58, 50), palette.near, _ambient(scene))
        low, high = base + (neck - base) * part, base + (neck - base) * following
        y1, y2 = y + (body - y) * part, y + (body - y) * following
        canvas.shape([(x - low, y1 + 0.001), (x - high, y2), (x + high, y2), (x + low, y1 + 0.001)], color)
    slices = 9
    for number in range(slices):
        part = (number + 0.5) / slices * 2 - 1
        dim = 0.62 * max(0.0, 0.2 - part * light) ** 1.1
        near, far = number / slices * 2 - 1, (number + 1) / slices * 2 - 1
        column = [(x + near * base, y), (x + near * neck, body), (x + far * neck, body), (x + far * base, y)]
        canvas.shape(column, mix(palette.near, palette.sky[0], 0.2), min(0.75, dim))


def _paint_lantern(scene: Scene, top: Point, tall: float, neck: float) -> None:
    """Paint the gallery, the lit lantern room and the roof above the `top` of the tower."""
    canvas = scene.canvas
    x, body = top
    deck, room, roof = neck * 1.6, neck * 0.78, body - tall * 0.14
    floor = body - tall * 0.018
    iron = _iron_color(scene)
    canvas.shape([(x - deck, body), (x - deck, floor), (x + deck, floor), (x + deck, body)], iron)
    canvas.shape([(x - room, floor), (x - room, roof), (x + room, roof), (x + room, floor)], (255, 236, 178))
    for bar in (-1.0, -0.34, 0.34, 1.0):
        px = x + room * bar
        canvas.shape([(px - 0.0012, body), (px - 0.0012, roof), (px + 0.0012, roof), (px + 0.0012, body)], iron)
    canvas.shape(
        [
            (x - room * 1.3, roof),
            (x - room * 0.7, roof - tall * 0.045),
            (x, roof - tall * 0.085),
            (x + room * 0.7, roof - tall * 0.045),
            (x + room * 1.3, roof),
        ],
        mix((150, 44, 42), scene.palette.near, _ambient(scene) + 0.15),
    )
    canvas.shape([(x - 0.0015, roof - tall * 0.07), (x, roof - tall * 0.13), (x + 0.0015, roof - tall * 0.07)], iron)


def _paint_slits(scene: Scene, foot: Point, tall: float) -> None:
    """Paint two window slits into the tower."""
    x, y = foot
    for height in (0.2, 0.48):
        low, high = y - tall * height, y - tall * height - 0.018
        slit = [(x - 0.005, low), (x - 0.005, high), (x + 0.005, high), (x + 0.005, low)]
        scene.canvas.shape(slit, _iron_color(scene), 0.85)


def _ambient(scene: Scene) -> float:
    """Return how much of the foreground's color lies on the lighthouse."""
    return 0.5 if scene.palette.night else 0.12


def _iron_color(scene: Scene) -> Color:
    return mix(scene.palette.near, (0, 0, 0), 0.25)


def _paint_beams(scene: Scene, lamp: Point, side: int) -> None:
    canvas = scene.canvas
    x, y = lamp
    strength = 0.5 if scene.palette.night else 0.3
    for way in (-1, 1):
        long = 1.5
        tilt = -0.1 * way * side
        cone = canvas.fill(
            [(x, y - 0.006), (x + way * long, y + tilt - 0.13), (x + way * long, y + tilt + 0.1), (x, y + 0.006)]
        )
        cone = canvas.blurred(cone, 0.012)
        px, py = canvas.at(x, y)
        reach = max(1, round(long * canvas.scale))
        fall = Image.radial_gradient("L").point([round(255 * max(0.0, 1 - v / 178) ** 1.5) for v in range(256)])
        fade = Image.new("L", canvas.size)
        fade.paste(fall.resize((2 * reach, 2 * reach)), (round(px) - reach, round(py) - reach))
        canvas.paint((255, 240, 200), Image.composite(cone, Image.new("L", canvas.size), fade), strength)
