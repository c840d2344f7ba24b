"""Paint the ground under an animal: meadows before hills, wheat, snow, sand, a roof, and the foreground."""

from __future__ import annotations

import math
import random
from typing import Literal

from PIL import Image, ImageDraw

from sandbox.pictures.canvas import Color, mix
from sandbox.pictures.light import Palette
from sandbox.pictures.noise import rough
from sandbox.pictures.scene import Place, Scene

Ground = Literal["grass", "wheat", "snow", "sand", "roof"]
_TONES: dict[Ground, Color] = {
    "grass": (106, 172, 62),
    "wheat": (236, 176, 58),
    "snow": (236, 242, 252),
    "sand": (236, 190, 120),
    "roof": (150, 76, 62),
}
_LEVEL = 0.75
_PETALS = tuple((math.cos(turn * math.tau / 5), math.sin(turn * math.tau / 5)) for turn in range(5))
_BLOOMS = ((255, 250, 240), (255, 206, 70), (250, 110, 130), (190, 130, 240))


def paint_hills(scene: Scene) -> None:
    """Paint green hills behind hills, up to where the ground begins."""
    canvas, palette = scene.canvas, scene.palette
    for layer in range(4):
        part = layer / 3
        seed = f"{scene.layout} hill {layer}"
        foot = scene.horizon - 0.03 + 0.055 * layer
        height = 0.15 - 0.02 * layer
        line = [(x, foot - height * (rough(seed, x * (1.3 + 0.25 * layer) + 5, 2) - 0.25)) for x in canvas.columns()]
        tone = mix(choose_tone("grass", palette), mix(palette.far, palette.sky[3], 0.35), 0.72 - 0.5 * part)
        lit = mix(tone, palette.light, 0.1 if palette.night else 0.34)
        canvas.paint(
            canvas.gradient([(foot - height * 0.6, lit), (foot + 0.07, tone), (foot + 0.4, tone)]), canvas.below(line)
        )
        _paint_trees(scene, seed, line, 0.008 + 0.007 * layer, mix(tone, palette.near, 0.34))


def choose_tone(ground: Ground, palette: Palette) -> Color:
    """Return the color of a ground in the palette's light."""
    if palette.night:
        return mix(mix(_TONES[ground], palette.sky[1], 0.62), palette.light, 0.06)
    return mix(_TONES[ground], palette.sky[2] if ground == "snow" else palette.far, 0.2)


def paint_ground(scene: Scene, ground: Ground, foot: float) -> None:
    """Paint the ground from the middle of the picture down, with plants as far as y `foot`."""
    canvas, palette = scene.canvas, scene.palette
    tone = choose_tone(ground, palette)
    swell = 0.0 if ground == "roof" else 0.05
    line = [(x, _LEVEL - swell * (rough(f"{scene.layout} ground", x * 1.1 + 3, 2) - 0.5)) for x in canvas.columns()]
    dark = mix(tone, mix(palette.near, palette.sky[0], 0.35), 0.32 if ground == "snow" else 0.5)
    lit = mix(tone, palette.light, 0.12 if palette.night else 0.42)
    stops = [(_LEVEL - 0.03, lit), (_LEVEL + 0.08, tone), (_LEVEL + 0.4, dark), (_LEVEL + 1.2, dark)]
    canvas.paint(canvas.gradient(stops), canvas.below(line))
    canvas.glow((scene.sun[0], _LEVEL - 0.02), 0.5, palette.light, 0.12 if palette.night else 0.3, 2.2)
    if ground in {"grass", "wheat"}:
        _paint_blades(scene, ground, (_LEVEL, foot), 1500)
        if ground == "grass":
            _paint_flowers(scene, (_LEVEL + 0.02, foot - 0.04))
    elif ground == "roof":
        _paint_tiles(scene, dark)
    else:
        _paint_drifts(scene, dark, lit)


def paint_foreground(scene: Scene, ground: Ground, foot: float) -> None:
    """Paint the plants, snowflakes and fireflies in front of an animal that stands at y `foot`."""
    if ground in {"grass", "wheat"}:
        _paint_blades(scene, ground, (foot - 0.012, foot + 0.75), 1300, tall=1.5)
    if ground == "grass":
        _paint_flowers(scene, (foot + 0.02, foot + 0.6))
    if ground == "snow":
        _paint_flakes(scene)
    if scene.palette.night and ground in {"grass", "wheat"}:
        _paint_fireflies(scene)


def _paint_blades(scene: Scene, ground: Ground, span: tuple[float, float], count: int, tall: float = 1.0) -> None:
    canvas, palette = scene.canvas, scene.palette
    tone = choose_tone(ground, palette)
    dice = random.Random(f"{scene.detail} blades {span[0]:.2f}")
    top, bottom = span
    rows = [(dice.uniform(-2.2, 2.2), dice.random() ** 1.4, dice.uniform(-1, 1), dice.random()) for _ in range(count)]

    def paint(lower: int) -> None:
        def draw(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
            for x, down, lean, high in rows[lower::2]:
                y = top + (bottom - top) * down
                if not canvas.view.left - 0.1 < x < canvas.view.right + 0.1 or y > canvas.view.bottom + 0.15:
                    continue
                reach = (0.016 + 0.055 * (y - _LEVEL + 0.05)) * (0.6 + high) * tall * (1.6 if ground == "wheat" else 1)
                half = 0.002 + 0.008 * max(0.0, y - _LEVEL)
                tip = place(x + lean * reach * 0.5, y - reach)
                pen.polygon([place(x - half, y), tip, place(x + half, y)], fill=round(150 + 105 * high))
                if ground == "wheat":
                    px, py = tip
                    (wide, _), (origin, _) = place(half * 1.6, 0), place(0, 0)
                    ear = wide - origin
                    pen.ellipse([px - ear, py - ear * 3, px + ear, py + ear * 2.4], fill=255)

        shade = mix(tone, palette.near, 0.42) if lower else mix(tone, palette.light, 0.2 if palette.night else 0.4)
        canvas.paint(shade, canvas.mask(draw), 0.75 if lower else 0.8)

    paint(1)
    paint(0)


def _paint_flowers(scene: Scene, span: tuple[float, float]) -> None:
    canvas, palette = scene.canvas, scene.palette
    dice = random.Random(f"{scene.layout} flowers {span[0]:.2f}")
    spots = [(dice.uniform(-2.2, 2.2), dice.uniform(*span), dice.choice(_BLOOMS)) for _ in range(100)]
    paint = Image.new("RGB", canvas.size)
    brush = ImageDraw.Draw(paint)

    def draw(pen: ImageDraw.ImageDraw, place: Place, unit: float) -> None:
        for x, y, bloom in spots:
            half = 0.004 + 0.028 * (y - _LEVEL)
            px, py = place(x, y)
            color = mix(bloom, palette.sky[1], 0.4) if palette.night else bloom
            brush.rectangle([canvas.at(x - half * 2, y - half * 2), canvas.at(x + half * 2, y + half * 2)], fill=color)
            half *= unit
            for turn in _PETALS:
                cx, cy = px + turn[0] * half, py + turn[1] * half * 0.8
                pen.ellipse([cx - half * 0.6, cy - half * 0.5, cx + half * 0.6, cy + half * 0.5], fill=242)
            heart = half * 0.42
            pen.ellipse([px - heart, py - heart * 0.8, px + heart, py + heart * 0.8], fill=90)

    mask = canvas.mask(draw)
    canvas.paint(paint, mask)


def _paint_trees(scene: Scene, seed: str, line: list[tuple[float, float]], size: float, tone: Color) -> None:
    dice = random.Random(f"{seed} trees")
    wanted = [(dice.uniform(-2.5, 2.5), dice.uniform(0.6, 1.2)) for _ in range(22)]
    canvas = scene.canvas
    step = line[1][0] - line[0][0]

    def draw(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        for x, grown in wanted:
            index = round((x - line[0][0]) / step)
            if not 0 <= index < len(line):
                continue
            y, half = line[index][1] + size * 0.3, size * grown
            for side, rise in ((-1.1, 0.7), (-0.3, 1.5), (0.7, 1.2), (1.2, 0.5)):
                cx, cy = x + half * side, y - half * rise
                pen.ellipse([place(cx - half, cy - half), place(cx + half, cy + half)], fill=255)

    canvas.paint(tone, canvas.mask(draw))


def _paint_tiles(scene: Scene, dark: Color) -> None:
    def draw(pen: ImageDraw.ImageDraw, place: Place, unit: float) -> None:
        width = max(1, round(unit * 0.004))
        for row in range(16):
            y = _LEVEL + 0.012 + 0.052 * row
            pen.line([place(-6, y), place(6, y)], fill=220, width=width)
            for column in range(-60, 60):
                x = (column + (row % 2) / 2) * 0.1
                if scene.canvas.view.left - 0.1 < x < scene.canvas.view.right + 0.1:
                    pen.arc([place(x - 0.05, y - 0.02), place(x + 0.05, y + 0.05)], 0, 180, fill=255, width=width)

    scene.canvas.paint(mix(dark, scene.palette.near, 0.5), scene.canvas.mask(draw), 0.55)


def _paint_drifts(scene: Scene, dark: Color, lit: Color) -> None:
    canvas = scene.canvas
    for row in range(5):
        y = _LEVEL + 0.05 + 0.09 * row
        seed = f"{scene.layout} drift {row}"
        line = [(x, y - 0.05 * (rough(seed, x * 1.6 + 2, 2) - 0.5)) for x in canvas.columns()]
        stops = [(y - 0.02, lit), (y + 0.07, mix(lit, dark, 0.45 + 0.08 * row)), (y + 0.2, dark)]
        canvas.paint(canvas.gradient(stops), canvas.below(line), 0.6)


def paint_bokeh(scene: Scene) -> None:
    """Paint discs of light far out of focus."""
    canvas = scene.canvas
    dice = random.Random(f"{scene.detail} bokeh")
    spots = [(dice.uniform(-2.2, 2.2), dice.uniform(0.2, 1.4), dice.uniform(0.02, 0.055)) for _ in range(90)]

    def draw(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        for x, y, half in spots:
            pen.ellipse([place(x - half, y - half), place(x + half, y + half)], fill=round(40 + 3000 * half))

    canvas.paint(mix(scene.palette.light, (255, 255, 255), 0.2), canvas.blurred(canvas.mask(draw), 0.003), 0.3)


def _paint_flakes(scene: Scene) -> None:
    _paint_points(scene, "flakes", (-1.0, 1.6), (255, 255, 255), 0.0045, 420, 0.85)


def _paint_fireflies(scene: Scene) -> None:
    _paint_points(scene, "fireflies", (scene.horizon, 1.1), (255, 236, 120), 0.004, 80, 1.0)


def _paint_points(
    scene: Scene, word: str, span: tuple[float, float], color: Color, size: float, count: int, strength: float
) -> None:
    canvas = scene.canvas
    dice = random.Random(f"{scene.detail} {word}")
    spots = [(dice.uniform(-2.2, 2.2), dice.uniform(*span), dice.uniform(0.4, 1.0)) for _ in range(count)]

    def draw(pen: ImageDraw.ImageDraw, place: Place, unit: float) -> None:
        for x, y, grown in spots:
            (px, py), half = place(x, y), unit * size * grown
            pen.ellipse([px - half, py - half, px + half, py + half], fill=round(255 * grown))

    points = canvas.mask(draw)
    halo = canvas.blurred(points, size * 2).point([min(255, value * 3) for value in range(256)])
    canvas.paint(color, halo, 0.5 * strength)
    canvas.paint(mix(color, (255, 255, 255), 0.5), points, strength)
