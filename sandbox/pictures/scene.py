"""Define the scene, and paint what several landscapes share: shaded flanks and water."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from sandbox.pictures.canvas import Canvas, Point, mix
from sandbox.pictures.light import Palette

Place = Callable[[float, float], Point]


@dataclass(frozen=True)
class Scene:
    """The canvas, the light and the seeds of a picture: `layout` of its composition, `detail` of its details."""

    canvas: Canvas
    palette: Palette
    horizon: float
    sun: Point
    layout: str
    detail: str

    def dice(self, word: str) -> random.Random:
        """Return a random source that depends on the layout alone."""
        return random.Random(f"{self.layout} {word}")


def draw_spurs(pen: ImageDraw.ImageDraw, place: Place, line: list[Point], height: float, light: int) -> None:
    """Shade the flanks under a ridge: lit where they face `light` (-1 left, 1 right), dark where they do not."""
    for (x1, y1), (x2, y2) in pairwise(line):
        slope = max(-1.0, min(1.0, (y2 - y1) / max(1e-6, x2 - x1) / 1.1)) * -light
        tone = round(128 - 100 * slope)
        fall, shift = height * 1.2, height * 0.42 * (1 if y2 > y1 else -1)
        pen.polygon(
            [place(x1, y1), place(x2, y2), place(x2 + shift, y2 + fall), place(x1 + shift, y1 + fall)], fill=tone
        )


def box_below(canvas: Canvas, top: float) -> list[Point]:
    """Return the corners of everything in view below `top`."""
    view = canvas.view
    return [
        (view.left - 0.1, top),
        (view.right + 0.1, top),
        (view.right + 0.1, view.bottom + 0.1),
        (view.left - 0.1, view.bottom + 0.1),
    ]


def draw_ripples(
    canvas: Canvas, shore: float, depth: float, strokes: list[tuple[float, float, float, float]], long: float
) -> Image.Image:
    """Return the mask of flat strokes (x, how far down in 0..1, width, shine) that grow towards the viewer."""
    view = canvas.view

    def draw(pen: ImageDraw.ImageDraw, place: Place, unit: float) -> None:
        for x, down, width, shine in strokes:
            y = shore + depth * down
            half = long * width * (0.25 + 1.6 * down)
            if y > view.bottom or x + half < view.left or x - half > view.right:
                continue
            thick = unit * (0.0009 + 0.0045 * down)
            (x1, y1), (x2, _) = place(x - half, y), place(x + half, y)
            pen.ellipse([x1, y1 - thick, x2, y1 + thick], fill=round(90 + 165 * shine))

    return canvas.mask(draw)


def paint_still_water(scene: Scene, shore: float) -> None:
    """Fill everything below `shore` with water that mirrors the picture above."""
    canvas, palette = scene.canvas, scene.palette
    mirrored = canvas.mirror(shore, 0.9).filter(ImageFilter.GaussianBlur(0.003 * canvas.scale))
    deep = canvas.gradient([(shore, mix(palette.sky[3], palette.far, 0.5)), (shore + 0.5, palette.near)])
    water = Image.blend(mirrored, deep, 0.3)
    edge = canvas.fill(box_below(canvas, shore))
    canvas.paint(water, edge)
    dice = random.Random(f"{scene.detail} ripples")
    strokes = [(dice.uniform(-3, 3), dice.random() ** 1.5, dice.uniform(0.4, 1.6), dice.random()) for _ in range(900)]
    canvas.paint(mix(palette.sky[3], palette.light, 0.4), draw_ripples(canvas, shore, 1.2, strokes, 0.055), 0.3)
    canvas.paint(palette.near, draw_ripples(canvas, shore + 0.01, 1.2, strokes[::2], 0.05), 0.22)
    line = canvas.fill(
        [
            (canvas.view.left, shore - 0.002),
            (canvas.view.right, shore - 0.002),
            (canvas.view.right, shore + 0.003),
            (canvas.view.left, shore + 0.003),
        ]
    )
    canvas.paint(mix(palette.sky[3], palette.light, 0.5), line, 0.45)
