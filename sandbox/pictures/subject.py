"""Place an animal in a scene: find it in a prompt, choose its place and distance, and paint it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from PIL import Image, ImageDraw

from sandbox.pictures.animals import draw_cat, draw_fox, draw_pig
from sandbox.pictures.canvas import Canvas, Point, mix
from sandbox.pictures.city import paint_city
from sandbox.pictures.coast import paint_coast
from sandbox.pictures.figure import Figure
from sandbox.pictures.ground import Ground, paint_bokeh, paint_foreground, paint_ground, paint_hills
from sandbox.pictures.land import paint_dunes, paint_forest, paint_mountains
from sandbox.pictures.scene import Place, Scene


class _Painter(Protocol):
    def __call__(self, figure: Figure, dice: random.Random, *, asleep: bool) -> None: ...


@dataclass(frozen=True)
class _Animal:
    paint: _Painter
    tall: float
    face: Point


_ANIMALS: dict[str, tuple[_Animal, str]] = {
    "pig": (_Animal(draw_pig, 0.46, (0.36, 0.76)), r"pig|pigs|piglet|piglets|hog|boar"),
    "fox": (_Animal(draw_fox, 0.46, (0.2, 0.98)), r"fox|foxes"),
    "cat": (_Animal(draw_cat, 0.48, (0.14, 0.86)), r"cat|cats|kitten|kittens|kitty"),
}
ANIMALS = tuple(_ANIMALS)
"""The animals that can be drawn."""
_GROUNDS: dict[str, tuple[Callable[[Scene], None], Ground]] = {
    "meadow": (paint_hills, "grass"),
    "field": (paint_hills, "wheat"),
    "snow": (paint_forest, "snow"),
    "forest": (paint_forest, "grass"),
    "mountains": (paint_mountains, "grass"),
    "dunes": (paint_dunes, "sand"),
    "coast": (paint_coast, "grass"),
    "city": (paint_city, "roof"),
}
_PLACES = (
    ("snow", r"snow\w*|winter|ice|frost\w*|arctic"),
    ("field", r"fields?|wheat|farm|barn|corn"),
    ("meadow", r"meadows?|grass|garden|flowers?|hills?|park|spring"),
    ("city", r"roofs?|rooftops?|window"),
)
_SCENES: dict[str, tuple[tuple[str, str], ...]] = {
    "pig": (("meadow", "dawn"), ("meadow", "night"), ("field", "golden"), ("meadow", "summer")),
    "fox": (("forest", "coral"), ("snow", "blue"), ("field", "golden"), ("meadow", "summer")),
    "cat": (("meadow", "dawn"), ("city", "night"), ("field", "golden"), ("meadow", "summer")),
}
Near = Literal["whole", "close"]


@dataclass(frozen=True)
class Subject:
    """An animal, its distance, and the share of its usual size that fits the picture's width."""

    animal: str
    near: Near
    fit: float = 1.0


def find_animal(prompt: str) -> str | None:
    """Return the first animal that can be drawn and that `prompt` names as a whole word, None if there is none."""
    words = prompt.split("--", maxsplit=1)[0].lower()
    found = {name: re.search(rf"\b(?:{keys})\b", words) for name, (_, keys) in _ANIMALS.items()}
    return min((hit.start(), name) for name, hit in found.items() if hit)[1] if any(found.values()) else None


def find_place(prompt: str) -> str | None:
    """Return the place that `prompt` names among those only used with animals, None if there is none."""
    words = prompt.split("--", maxsplit=1)[0].lower()
    return next((name for name, keys in _PLACES if re.search(rf"\b(?:{keys})\b", words)), None)


def choose_scenes(animal: str, seed: str) -> list[tuple[str, str]]:
    """Return four pairs of place and palette that suit `animal`, the last one for its portrait."""
    *wide, portrait = _SCENES[animal]
    random.Random(f"{seed} scenes").shuffle(wide)
    return [*wide, portrait]


def paint_subject(scene: Scene, place: str, subject: Subject) -> None:
    """Paint `place` and the animal in it, nearer than everything else."""
    backdrop, ground = _GROUNDS[place]
    animal = _ANIMALS[subject.animal][0]
    dice = scene.dice("subject")
    facing = dice.choice((-1, 1))
    light = 1 if scene.sun[0] > 0 else -1
    size, x, foot = animal.tall * subject.fit, dice.uniform(-0.06, 0.06), dice.uniform(0.88, 0.92)
    if subject.near == "close":
        size = 1.02 * subject.fit
        x, foot = -facing * animal.face[0] * size * 0.9, 0.56 + animal.face[1] * size
    elif place == "coast":
        # The lighthouse stands on the other side and needs room.
        size, x = size * 0.8, 0.14 * light + x / 2
    elif animal.paint is draw_pig:
        x += facing * 0.03 * subject.fit
    if subject.near == "close":
        _paint_unfocused(scene, backdrop, ground, foot)
    else:
        backdrop(scene)
        paint_ground(scene, ground, foot)
    _paint_shadow(scene, (x, foot), size, light)
    asleep = scene.palette.night and dice.random() < 0.35
    animal.paint(Figure(scene.canvas, scene.palette, (x, foot), size, facing, light), scene.dice("coat"), asleep=asleep)
    paint_foreground(scene, ground, foot)


def paint_figure(scene: Scene, subject: Subject) -> None:
    """Paint the animal into a finished picture, a little smaller than in a scene of its own."""
    animal = _ANIMALS[subject.animal][0]
    dice = scene.dice("subject")
    facing, light = dice.choice((-1, 1)), 1 if scene.sun[0] > 0 else -1
    size = animal.tall * subject.fit * 0.8
    foot = (dice.uniform(-0.14, 0.14) * subject.fit, dice.uniform(0.9, 0.95))
    _paint_shadow(scene, foot, size, light)
    animal.paint(Figure(scene.canvas, scene.palette, foot, size, facing, light), scene.dice("coat"), asleep=False)


def _paint_unfocused(scene: Scene, backdrop: Callable[[Scene], None], ground: Ground, foot: float) -> None:
    """Paint the blurred background of a portrait, at half size because the blur hides finer details."""
    canvas = scene.canvas
    coarse = Canvas(canvas.view, (canvas.size[0] // 2, canvas.size[1] // 2))
    coarse.image = canvas.image.reduce(2)
    behind = replace(scene, canvas=coarse)
    backdrop(behind)
    paint_ground(behind, ground, foot)
    coarse.image = coarse.blurred(coarse.image, 0.011)
    paint_bokeh(behind)
    canvas.image = coarse.image.resize(canvas.size, Image.Resampling.BICUBIC)


def _paint_shadow(scene: Scene, foot: Point, size: float, light: int) -> None:
    canvas = scene.canvas
    x, y = foot[0] - light * 0.1 * size, foot[1]

    def draw(pen: ImageDraw.ImageDraw, place: Place, _: float) -> None:
        pen.ellipse([place(x - 0.72 * size, y - 0.06 * size), place(x + 0.72 * size, y + 0.1 * size)], fill=255)

    mask: Image.Image = canvas.blurred(canvas.mask(draw), 0.03 * size)
    canvas.paint(mix(scene.palette.near, scene.palette.sky[0], 0.2), mask, 0.55)
