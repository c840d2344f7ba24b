"""Paint a city at the water with lit windows."""

from __future__ import annotations

import math
import random

from PIL import ImageDraw, ImageFilter

from sandbox.pictures.canvas import Color, mix
from sandbox.pictures.noise import wave
from sandbox.pictures.scene import Place, Scene, paint_still_water


def paint_city(scene: Scene) -> None:
    """Paint a skyline with lit windows above still water."""
    palette, canvas = scene.palette, scene.canvas
    for layer in range(4):
        part = layer / 3
        tone = mix(mix(palette.far, palette.sky[2], 0.3), palette.near, 0.15 + part * 0.8)
        _paint_blocks(scene, f"{scene.layout} blocks {layer}", scene.horizon + 0.06, 0.36 - 0.07 * layer, tone, part)
    canvas.glow((scene.sun[0], scene.horizon + 0.05), 0.6, palette.sky[3], 0.22, 2.0)
    paint_still_water(scene, scene.horizon + 0.06)


def _paint_blocks(  # noqa: C901 - two small painters inside
    scene: Scene, seed: str, foot: float, tall: float, tone: Color, part: float
) -> None:
    canvas, palette = scene.canvas, scene.palette
    gap = 0.035 + 0.02 * part
    first, last = math.floor(canvas.view.left / gap) - 3, math.ceil(canvas.view.right / gap) + 3
    towers: list[tuple[float, float, float, int]] = []
    for number in range(first, last):
        dice = random.Random(f"{seed} {number}")
        middle = math.exp(-(((number * gap) - wave(seed, 3.3) * 0.5 + 0.25) ** 2) / 0.16)
        height = tall * (0.25 + 0.75 * dice.random() ** 1.6) * (0.45 + 0.75 * middle)
        towers.append((number * gap, gap * dice.uniform(0.75, 1.3), height, dice.randrange(4)))

    def walls(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        for x, wide, height, kind in towers:
            top = foot - height
            pen.rectangle([place(x - wide / 2, top), place(x + wide / 2, foot + 0.02)], fill=255)
            if kind == 0:
                pen.polygon([place(x - wide / 2, top), place(x, top - wide * 1.1), place(x + wide / 2, top)], fill=255)
            elif kind == 1:
                pen.rectangle([place(x - wide / 4, top - 0.02), place(x + wide / 4, top)], fill=255)
                pen.rectangle([place(x - 0.0012, top - 0.075), place(x + 0.0012, top)], fill=255)

    def windows(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        cell = 0.0085
        for x, wide, height, kind in towers:
            dice = random.Random(f"{seed} {x:.3f} lights")
            for row in range(1, int(height / cell / 1.25)):
                for column in range(int(wide / cell) - 1):
                    if dice.random() < 0.24 + 0.1 * (kind == 2):
                        px, py = x - wide / 2 + cell * (column + 0.6), foot - height + row * cell * 1.25
                        pen.rectangle(
                            [place(px, py), place(px + cell * 0.5, py + cell * 0.6)], fill=150 + dice.randrange(105)
                        )

    canvas.paint(
        canvas.gradient([(foot - tall, tone), (foot, mix(tone, palette.sky[3], 0.4 * (1 - part) + 0.1))]),
        canvas.mask(walls),
    )
    if part > 0.2:
        lights = canvas.mask(windows)
        warm = (255, 216, 140) if not palette.aurora else (180, 250, 230)
        shine = (0.85 if palette.night else 0.5) * (0.4 + 0.6 * part)
        canvas.paint(warm, lights.filter(ImageFilter.GaussianBlur(0.008 * canvas.scale)), shine * 0.7)
        canvas.paint(warm, lights, shine)
