"""Compose shots, the recipes of pictures, from prompts and photos, and draw them."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from sandbox.pictures.canvas import Canvas, View
from sandbox.pictures.city import paint_city
from sandbox.pictures.coast import paint_coast
from sandbox.pictures.land import paint_dunes, paint_forest, paint_mountains
from sandbox.pictures.light import PALETTES, choose_palettes, names_light, paint_sky
from sandbox.pictures.photo import Photo, Source, paint_source
from sandbox.pictures.scene import Scene
from sandbox.pictures.subject import (
    ANIMALS,
    Subject,
    choose_scenes,
    find_animal,
    find_place,
    paint_figure,
    paint_subject,
)

_LANDSCAPES: dict[str, tuple[Callable[[Scene], None], tuple[str, ...]]] = {
    "coast": (
        paint_coast,
        ("lighthouse", "sea", "ocean", "beach", "wave", "island", "harbour", "harbor", "coast", "ship"),
    ),
    "city": (paint_city, ("city", "street", "skyline", "tokyo", "york", "neon", "cyber", "robot", "tower")),
    "dunes": (paint_dunes, ("desert", "dune", "sahara", "sand", "pyramid", "mars", "camel")),
    "forest": (paint_forest, ("forest", "tree", "wood", "pine", "wolf", "deer", "bear", "owl")),
    "mountains": (paint_mountains, ("mountain", "alps", "peak", "lake", "valley", "castle", "dragon")),
}
_SMALLEST_SCENE = 100
"""A picture of fewer pixels a side has two colors: no scene can be seen in it, and tests need hundreds of pictures."""
DRAWN = (*ANIMALS, *_LANDSCAPES)
"""The subjects that can be drawn, first animals, then landscapes; each is a word that a prompt may contain."""

Way = Literal["left", "right", "up", "down"]


@dataclass(frozen=True)
class Shot:
    """One picture as a recipe: the same recipe always draws the same picture, at any size."""

    kind: str
    palette: str
    layout: str
    detail: str
    view: View
    subject: Subject | None = None
    repainted: tuple[Shot, bytes] | None = None
    source: Source | None = None

    @property
    def aspect(self) -> float:
        """Return width divided by height."""
        return self.view.width / self.view.height

    def vary(self, seed: str, *, strong: bool = True) -> Shot:
        """Return a variation: a new scene in the same palette, or, if not `strong`, new details in the same scene."""
        return replace(self, layout=seed if strong else self.layout, detail=seed, repainted=None)

    def zoom(self, factor: float) -> Shot:
        """Return the same picture, `factor` times smaller, in the middle of a wider scene."""
        view = self.view
        wide, high = view.width * factor, view.height * factor
        left, top = view.left - (wide - view.width) / 2, view.top - (high - view.height) / 2
        return replace(self, view=View(left, top, wide, high), repainted=None)

    def square(self) -> Shot:
        """Return the same picture in the middle of a square."""
        view, side = self.view, max(self.view.width, self.view.height)
        left, top = view.left - (side - view.width) / 2, view.top - (side - view.height) / 2
        return replace(self, view=View(left, top, side, side), repainted=None)

    def pan(self, way: Way) -> Shot:
        """Return the same picture extended by half towards one side."""
        view = self.view
        wide, high = view.width / 2, view.height / 2
        return replace(
            self,
            repainted=None,
            view={
                "left": View(view.left - wide, view.top, view.width + wide, view.height),
                "right": View(view.left, view.top, view.width + wide, view.height),
                "up": View(view.left, view.top - high, view.width, view.height + high),
                "down": View(view.left, view.top, view.width, view.height + high),
            }[way],
        )

    def repaint(self, mask: bytes, seed: str) -> Shot:
        """Return the same picture with what `mask` (an encoded image) shows in white drawn anew."""
        return replace(self, repainted=(self.vary(seed), mask))


def aspect_of(prompt: str) -> float:
    """Return width divided by height from `--ar W:H`, 1 without it, limited to 1:4 and 4:1."""
    found = re.search(r"--(?:ar|aspect)\s+(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", prompt)
    if not found or float(found[2]) == 0:
        return 1.0
    return min(4.0, max(0.25, float(found[1]) / float(found[2])))


def compose_shots(prompt: str, seed: str) -> tuple[Shot, Shot, Shot, Shot]:
    """Compose the four pictures of a prompt: one subject in four lights and compositions."""
    wide = aspect_of(prompt)
    view = View(-wide / 2, 0.0, wide, 1.0)
    animal = find_animal(prompt)
    if animal is None:
        scenes = [(_choose_landscape(prompt), palette) for palette in choose_palettes(prompt, seed)]
    elif (place := find_place(prompt) or _find_landscape(prompt)) or names_light(prompt):
        scenes = [(place or "meadow", palette) for palette in choose_palettes(prompt, seed)]
    else:
        scenes = choose_scenes(animal, seed)
    one, two, three, four = (
        Shot(place, palette, f"{seed} {number}", f"{seed} {number}", view, _place_animal(animal, number, wide))
        for number, (place, palette) in enumerate(scenes, 1)
    )
    return one, two, three, four


def use_photo(photo: Photo) -> Shot:
    """Return a shot that shows a photo unchanged."""
    return _create_photo_shot(Source("plain", (photo,), photo.aspect), "dawn", "", "")


def blend_photos(photos: tuple[Photo, ...], wide: float, seed: str) -> tuple[Shot, ...]:
    """Compose four blends of photos, in a frame `wide` times as wide as high."""
    source = Source("blend", photos, wide)
    names = choose_palettes(" ".join(photo.words for photo in photos), seed)
    return tuple(_create_photo_shot(source, name, f"{seed} {number}", "") for number, name in enumerate(names, 1))


def edit_photo(photo: Photo, prompt: str, seed: str) -> tuple[Shot, ...]:
    """Compose four edits of a photo, with the light and the animal that a prompt names."""
    source = Source("edit", (photo,), photo.aspect)
    animal, names = find_animal(prompt), choose_palettes(prompt, seed)
    # If the prompt asks for night, none of the four may be a sunset.
    dark = [name for name in names if PALETTES[name].night] if re.search(r"\bnight\b|midnight", prompt.lower()) else []
    lights = [dark[number % len(dark)] if dark else name for number, name in enumerate(names)]
    shots = [_create_photo_shot(source, name, f"{seed} {number}", "") for number, name in enumerate(lights, 1)]
    if animal is None:
        return tuple(shots)
    return tuple(replace(shot, subject=Subject(animal, "whole", min(1.0, photo.aspect**0.8))) for shot in shots)


def swap_faces(source: Photo, target: Photo) -> Shot:
    """Compose the target photo with the face of the source."""
    return _create_photo_shot(Source("face", (source, target), target.aspect), "dawn", "", "")


def _create_photo_shot(source: Source, palette: str, layout: str, detail: str) -> Shot:
    return Shot("photo", palette, layout, detail, View(-source.wide / 2, 0.0, source.wide, 1.0), source=source)


def _find_landscape(prompt: str) -> str | None:
    words = prompt.lower()
    return next((name for name, (_, keys) in _LANDSCAPES.items() if any(key in words for key in keys)), None)


def _choose_landscape(prompt: str) -> str:
    return _find_landscape(prompt) or random.Random(prompt.lower().split("--")[0]).choice(list(_LANDSCAPES))


def _place_animal(animal: str | None, number: int, wide: float) -> Subject | None:
    if animal is None:
        return None
    return Subject(animal, "close" if number == 4 else "whole", min(1.0, wide**0.8))


def size_of(aspect: float, side: int) -> tuple[int, int]:
    """Return width and height of about `side` squared pixels."""
    wide = max(8, round(side * aspect**0.5 / 8) * 8)
    return wide, max(8, round(side / aspect**0.5 / 8) * 8)


def draw_shot(shot: Shot, side: int = 1024) -> Image.Image:
    """Draw one picture of about `side` squared pixels."""
    image = _draw_from_photos(shot, shot.source, side) if shot.source else _draw_scene(shot, side)
    if shot.repainted:
        other, mask = shot.repainted
        where = Image.open(io.BytesIO(mask)).convert("L").resize(image.size, Image.Resampling.BILINEAR)
        image.paste(draw_shot(other, side), (0, 0), where.filter(ImageFilter.GaussianBlur(side / 128)))
    return image


def _draw_from_photos(shot: Shot, source: Source, side: int) -> Image.Image:
    size = size_of(shot.aspect, side)
    image = paint_source(source, shot.view, size, shot.layout, shot.detail, PALETTES[shot.palette])
    if shot.subject:
        canvas = Canvas(shot.view, size)
        canvas.image = image
        sun = (random.Random(f"{shot.layout} sun").choice((-0.3, 0.3)), 0.2)
        paint_figure(Scene(canvas, PALETTES[shot.palette], 0.6, sun, shot.layout, shot.detail), shot.subject)
        image = canvas.image
    return image


def _draw_scene(shot: Shot, side: int) -> Image.Image:
    size = size_of(shot.aspect, side)
    if side < _SMALLEST_SCENE:
        return _draw_two_colors(shot, size)
    canvas = Canvas(shot.view, size)
    palette = PALETTES[shot.palette]
    dice = random.Random(f"{shot.layout} place")
    horizon = dice.uniform(0.54, 0.68)
    lift = dice.uniform(0.22, 0.4) if palette.night else dice.uniform(0.03, 0.2)
    sun = (dice.choice((-1, 1)) * dice.uniform(0.08, 0.34), horizon - lift)
    paint_sky(canvas, palette, horizon, sun, shot.detail)
    scene = Scene(canvas, palette, horizon, sun, shot.layout, shot.detail)
    if shot.subject:
        paint_subject(scene, shot.kind, shot.subject)
    else:
        _LANDSCAPES[shot.kind][0](scene)
    return _apply_film_look(canvas.image, shot.detail)


def _draw_two_colors(shot: Shot, size: tuple[int, int]) -> Image.Image:
    """Draw the left and the right of a picture in colors that depend on its recipe."""
    dice = random.Random(f"{shot.kind} {shot.palette} {shot.layout} {shot.detail} {shot.view}")
    left, right = [(dice.randrange(256), dice.randrange(256), dice.randrange(256)) for _ in range(2)]
    image = Image.new("RGB", size, left)
    image.paste(right, (round(size[0] * dice.uniform(0.2, 0.4)), 0, *size))
    return image


def draw_grid(shots: tuple[Shot, ...], side: int = 512) -> Image.Image:
    """Draw four pictures in Midjourney's grid, 1 2 above 3 4, without gaps; `side` is that of one picture."""
    parts = [draw_shot(shot, side) for shot in shots]
    wide, high = parts[0].size
    sheet = Image.new("RGB", (2 * wide, 2 * high))
    for number, part in enumerate(parts):
        sheet.paste(part, ((number % 2) * wide, (number // 2) * high))
    return sheet


def _apply_film_look(image: Image.Image, seed: str) -> Image.Image:
    """Add a soft bloom, contrast and color that hold in a thumbnail, and grain."""
    bloom = image.reduce(4).filter(ImageFilter.GaussianBlur(image.height / 90)).resize(image.size)
    image = Image.blend(image, ImageChops.screen(image, bloom), 0.2)
    image = ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(1.1)).enhance(1.22)
    noise = Image.frombytes("L", image.size, random.Random(f"{seed} grain").randbytes(image.width * image.height))
    grain = noise.point([round(128 + (value - 128) * 0.05) for value in range(256)])
    return ImageChops.overlay(image, Image.merge("RGB", (grain, grain, grain)))
