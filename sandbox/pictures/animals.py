"""Draw the animals: a plump pig, a sitting fox, a sitting cat."""

from __future__ import annotations

import math
import random

from sandbox.pictures.canvas import Color, Point, mix
from sandbox.pictures.figure import Figure, oval, ring

_DARK = (46, 26, 30)
_WHITE = (255, 247, 236)


def draw_pig(figure: Figure, dice: random.Random, *, asleep: bool) -> None:
    """Draw a plump pig from the side, its face turned to the viewer."""
    skin = dice.choice(((250, 166, 174), (252, 176, 166), (244, 156, 172)))
    deep = mix(skin, (206, 84, 110), 0.5)
    far = mix(skin, (150, 70, 100), 0.38)
    for u in (-0.36, 0.26):
        _draw_trotter(figure, u, far)
    curl = [
        (-0.63 - 0.17 * t - 0.05 * math.sin(t * 9.6), 0.6 + 0.16 * t + 0.075 * (1 - math.cos(t * 9.6)) * (1 - t * 0.3))
        for t in (step / 14 for step in range(15))
    ]
    figure.draw_stroke(curl, mix(skin, deep, 0.55), 0.062, 0.03)
    body = [(-0.7, 0.5), (-0.64, 0.75), (-0.38, 0.91), (-0.05, 0.91), (0.22, 0.84), (0.36, 0.62), (0.32, 0.36)]
    figure.draw_part(ring([*body, (0.1, 0.22), (-0.22, 0.18), (-0.52, 0.25)]), skin, depth=0.62)
    if dice.random() < 0.4:
        spot = mix(skin, (120, 66, 66), 0.5)
        figure.draw_part(ring([(-0.42, 0.82), (-0.26, 0.87), (-0.14, 0.76), (-0.2, 0.62), (-0.38, 0.62)]), spot, rim=0)
    for u in (-0.5, 0.1):
        _draw_trotter(figure, u, skin)
    figure.draw_part(oval(-0.44, 0.42, 0.17, 0.2, 0.3), skin, depth=0.16, rim=0.0)
    _draw_pig_face(figure, skin, deep, asleep=asleep)


def _draw_trotter(figure: Figure, u: float, color: Color) -> None:
    figure.draw_part(
        ring(
            [(u - 0.12, 0.36), (u - 0.075, 0.08), (u - 0.07, 0.01), (u + 0.07, 0.01), (u + 0.08, 0.1), (u + 0.13, 0.36)]
        ),
        color,
        rim=0.3,
    )
    hoof = [(u - 0.078, 0.075), (u - 0.085, 0.0), (u + 0.09, 0.0), (u + 0.08, 0.075), (u + 0.006, 0.055)]
    figure.draw_part(hoof, mix(color, (84, 40, 48), 0.72), rim=0.3)


def _draw_pig_face(figure: Figure, skin: Color, deep: Color, *, asleep: bool) -> None:
    far_ear = [(0.5, 0.99), (0.57, 1.15), (0.72, 1.22), (0.78, 1.1), (0.66, 0.9)]
    figure.draw_part(ring(far_ear), mix(skin, deep, 0.4))
    figure.draw_marking(
        ring([(0.57, 1.0), (0.62, 1.12), (0.71, 1.17), (0.73, 1.08), (0.65, 0.95)]), mix(deep, skin, 0.2)
    )
    head = [(0.08, 0.72), (0.13, 0.92), (0.3, 1.04), (0.52, 1.02), (0.68, 0.88), (0.71, 0.7), (0.62, 0.53)]
    figure.draw_part(ring([*head, (0.4, 0.46), (0.18, 0.53)]), mix(skin, (255, 226, 216), 0.14), depth=0.5)
    near_ear = [(0.12, 0.9), (0.0, 1.05), (0.02, 1.22), (0.2, 1.18), (0.35, 1.01), (0.24, 0.93)]
    figure.draw_part(ring(near_ear), skin, depth=0.4)
    figure.draw_marking(ring([(0.13, 0.97), (0.06, 1.06), (0.06, 1.16), (0.17, 1.13), (0.27, 1.02)]), deep)
    for cheek in ((0.21, 0.66), (0.66, 0.7)):
        figure.draw_blush(cheek, 0.14, (255, 96, 120), 0.62)
    figure.draw_stroke([(0.36, 0.57), (0.42, 0.515), (0.51, 0.505), (0.6, 0.54)], mix(deep, _DARK, 0.5), 0.02)
    figure.draw_part(oval(0.485, 0.68, 0.165, 0.13), mix(deep, skin, 0.25), depth=0.4, rim=0.2)
    figure.draw_part(oval(0.51, 0.69, 0.145, 0.112), mix(skin, (255, 130, 150), 0.5), depth=0.3, rim=0.55)
    for u in (0.46, 0.565):
        figure.draw_marking(oval(u, 0.69, 0.024, 0.042), mix(deep, _DARK, 0.72))
    for u, v in ((0.31, 0.835), (0.585, 0.85)):
        figure.draw_eye(u, v, 0.046, asleep=asleep)


def draw_fox(figure: Figure, dice: random.Random, *, asleep: bool) -> None:
    """Draw a sitting fox, its brush beside it."""
    coat = dice.choice(((232, 104, 34), (226, 92, 40), (238, 122, 44)))
    _draw_brush(figure, coat)
    back = [(-0.36, 0.1), (-0.41, 0.3), (-0.31, 0.54), (-0.14, 0.76), (0.1, 0.84), (0.28, 0.7)]
    figure.draw_part(ring([*back, (0.3, 0.42), (0.27, 0.12), (0.18, 0.0), (-0.24, 0.0)]), coat, depth=0.6)
    _draw_paws(figure, coat, (58, 34, 34))
    bib = [(0.0, 0.8), (0.32, 0.8), (0.36, 0.64), (0.3, 0.6), (0.31, 0.5), (0.24, 0.48), (0.2, 0.36), (0.15, 0.48)]
    figure.draw_part([*bib, (0.09, 0.49), (0.08, 0.59), (0.02, 0.62)], _WHITE, depth=0.35, rim=0.2)
    _draw_fox_face(figure, coat, asleep=asleep)


def _draw_brush(figure: Figure, coat: Color) -> None:
    edge = [(-0.2, 0.02), (-0.5, -0.01), (-0.8, 0.12), (-0.92, 0.4), (-0.84, 0.66), (-0.72, 0.76)]
    figure.draw_part(ring([*edge, (-0.62, 0.6), (-0.58, 0.42), (-0.46, 0.3), (-0.2, 0.24)]), coat, depth=0.6)
    tip = [(-0.915, 0.44), (-0.86, 0.63), (-0.72, 0.77), (-0.62, 0.62), (-0.61, 0.5)]
    figure.draw_part([*ring(tip)[:29], (-0.68, 0.56), (-0.72, 0.47), (-0.79, 0.54), (-0.84, 0.43)], _WHITE, depth=0.4)


def _draw_paws(figure: Figure, coat: Color, sock: Color) -> None:
    figure.draw_part(
        ring([(0.16, 0.5), (0.19, 0.2), (0.2, 0.01), (0.35, 0.01), (0.33, 0.2), (0.34, 0.5)]),
        mix(coat, _DARK, 0.28),
        rim=0.2,
    )
    figure.draw_part(ring([(0.19, 0.2), (0.2, 0.0), (0.38, 0.0), (0.36, 0.05), (0.33, 0.2)]), mix(sock, _DARK, 0.2))
    figure.draw_part(
        ring([(-0.34, 0.16), (-0.26, 0.36), (-0.08, 0.38), (0.05, 0.22), (0.04, 0.05), (-0.24, 0.03)]),
        coat,
        depth=0.45,
        rim=0.3,
    )
    figure.draw_part(oval(-0.02, 0.045, 0.14, 0.05), sock, rim=0.3)
    figure.draw_part(
        ring([(0.0, 0.56), (0.05, 0.24), (0.06, 0.01), (0.2, 0.01), (0.2, 0.24), (0.24, 0.56)]),
        coat,
        depth=0.4,
        rim=0.25,
    )
    figure.draw_part(ring([(0.055, 0.22), (0.05, 0.0), (0.23, 0.0), (0.22, 0.06), (0.195, 0.22)]), sock, rim=0.3)


def _draw_fox_face(figure: Figure, coat: Color, *, asleep: bool) -> None:
    ears = (((-0.06, 1.02), (-0.1, 1.42), (0.17, 1.2)), ((0.25, 1.21), (0.52, 1.41), (0.47, 1.02)))
    for foot, tip, other in ears:
        figure.draw_part([foot, *_trace_ear(foot, tip, other), other], mix(coat, _DARK, 0.2))
        inner = [_move_toward(place, ((foot[0] + other[0]) / 2, foot[1]), 0.34) for place in (foot, tip, other)]
        figure.draw_marking([inner[0], *_trace_ear(inner[0], inner[1], inner[2]), inner[2]], (92, 48, 48))
        dark = [_move_toward(tip, foot, 0.3), tip, _move_toward(tip, other, 0.36)]
        figure.draw_marking(dark, (52, 32, 34))
    head = [(-0.05, 1.06), (0.05, 1.19), (0.2, 1.22), (0.36, 1.19), (0.47, 1.06), (0.52, 0.95)]
    jaw = [(0.56, 0.87), (0.46, 0.86), (0.42, 0.8), (0.34, 0.79), (0.27, 0.73), (0.19, 0.75), (0.09, 0.79)]
    skull = ring([*head, *jaw, (0.01, 0.79), (-0.02, 0.85), (-0.16, 0.865), (-0.1, 0.96)])
    figure.draw_part(skull, coat, depth=0.45)
    left = [(-0.17, 0.855), (-0.08, 0.95), (0.06, 0.95), (0.17, 0.9), (0.23, 0.82), (0.25, 0.7), (0.18, 0.725)]
    figure.draw_marking(ring([*left, (0.08, 0.765), (0.0, 0.765), (-0.03, 0.83)]), _WHITE)
    right = [(0.57, 0.86), (0.5, 0.95), (0.42, 0.94), (0.36, 0.89), (0.32, 0.81), (0.29, 0.7), (0.35, 0.775)]
    figure.draw_marking(ring([*right, (0.43, 0.775), (0.47, 0.84)]), _WHITE)
    figure.draw_part(
        ring([(0.16, 0.82), (0.22, 0.92), (0.32, 0.92), (0.39, 0.82), (0.33, 0.71), (0.275, 0.685), (0.22, 0.71)]),
        mix(_WHITE, coat, 0.08),
        depth=0.3,
        rim=0,
    )
    figure.draw_marking(ring([(0.21, 0.9), (0.25, 1.02), (0.29, 1.02), (0.33, 0.9), (0.27, 0.85)]), coat)
    figure.draw_stroke([(0.21, 0.765), (0.25, 0.745), (0.275, 0.77), (0.3, 0.745), (0.34, 0.765)], _DARK, 0.014)
    figure.draw_part(ring([(0.22, 0.86), (0.275, 0.875), (0.33, 0.86), (0.275, 0.795)]), (34, 22, 26), rim=0.5)
    for u in (0.1, 0.415):
        figure.draw_eye(u, 0.985, 0.047, asleep=asleep)


def draw_cat(figure: Figure, dice: random.Random, *, asleep: bool) -> None:
    """Draw a sitting cat, its tail round its paws: ginger, gray, black or cream."""
    coat, mark, iris = dice.choice(
        (
            ((238, 154, 74), (196, 98, 36), (120, 190, 84)),
            ((142, 150, 168), (92, 98, 118), (240, 190, 70)),
            ((70, 64, 82), (54, 48, 66), (250, 206, 70)),
            ((246, 226, 198), (214, 170, 128), (90, 170, 220)),
        )
    )
    back = [(-0.32, 0.1), (-0.37, 0.28), (-0.28, 0.5), (-0.14, 0.68), (0.06, 0.74), (0.24, 0.64)]
    figure.draw_part(ring([*back, (0.29, 0.4), (0.28, 0.12), (0.18, 0.0), (-0.22, 0.0)]), coat, depth=0.6)
    for v, wide in ((0.6, 0.1), (0.49, 0.12), (0.38, 0.13)):
        edge = -0.2 - (0.6 - v) * 0.42
        figure.draw_stroke([(edge, v - 0.02), (edge + wide * 0.6, v), (edge + wide, v + 0.05)], mark, 0.045, 0.012)
    _draw_paws(figure, coat, mix(coat, _WHITE, 0.75))
    figure.draw_part(
        ring([(0.02, 0.66), (0.26, 0.66), (0.28, 0.5), (0.2, 0.38), (0.1, 0.42)]),
        mix(coat, _WHITE, 0.8),
        depth=0.3,
        rim=0,
    )
    tail: list[Point] = [(-0.26, 0.06), (-0.44, 0.08), (-0.56, 0.2), (-0.58, 0.4), (-0.5, 0.54), (-0.56, 0.66)]
    figure.draw_stroke(tail, coat, 0.13, 0.09, 0.4)
    figure.draw_stroke([(-0.512, 0.57), (-0.53, 0.61), (-0.56, 0.66)], mark, 0.094, 0.09, 0.3)
    _draw_cat_face(figure, coat, mark, iris, asleep=asleep)


def _draw_cat_face(figure: Figure, coat: Color, mark: Color, iris: Color, *, asleep: bool) -> None:
    for foot, tip, other in (((-0.17, 0.94), (-0.16, 1.27), (0.08, 1.1)), ((0.2, 1.1), (0.45, 1.26), (0.43, 0.94))):
        figure.draw_part([foot, *_trace_ear(foot, tip, other), other], coat)
        inner = [_move_toward(place, ((foot[0] + other[0]) / 2, foot[1]), 0.36) for place in (foot, tip, other)]
        figure.draw_marking([inner[0], *_trace_ear(inner[0], inner[1], inner[2]), inner[2]], (236, 150, 150))
    skull = [(-0.2, 0.86), (-0.15, 1.02), (0.0, 1.11), (0.15, 1.13), (0.3, 1.1), (0.43, 1.01), (0.48, 0.86)]
    figure.draw_part(
        ring([*skull, (0.41, 0.7), (0.26, 0.62), (0.14, 0.61), (0.02, 0.62), (-0.13, 0.7)]), coat, depth=0.5
    )
    for u, lean in ((0.07, -0.02), (0.16, 0.0), (0.25, 0.02)):
        figure.draw_stroke([(u + lean, 1.115), (u, 1.0)], mark, 0.04, 0.012)
    for side in (-1, 1):
        for v in (0.82, 0.74):
            u = 0.14 + side * 0.325
            figure.draw_stroke([(u, v + 0.02), (u - side * 0.12, v)], mark, 0.03, 0.008)
    pale = mix(coat, _WHITE, 0.85)
    for u in (0.115, 0.225):
        figure.draw_part(oval(u, 0.73, 0.085, 0.068), pale, depth=0.15, rim=0)
    figure.draw_part(oval(0.17, 0.665, 0.06, 0.045), pale, depth=0.2, rim=0)
    figure.draw_stroke([(0.09, 0.705), (0.13, 0.682), (0.17, 0.72), (0.21, 0.682), (0.25, 0.705)], _DARK, 0.014)
    figure.draw_marking(ring([(0.13, 0.785), (0.17, 0.792), (0.21, 0.785), (0.17, 0.735)]), (232, 112, 120))
    for u in (0.0, 0.34):
        figure.draw_eye(u, 0.87, 0.07, iris, asleep=asleep)
    for side in (-1, 1):
        for rise in (0.05, 0.0, -0.05):
            start = (0.17 + side * 0.12, 0.74 + rise * 0.4)
            end = (0.17 + side * 0.46, 0.75 + rise * 1.6)
            figure.draw_stroke([start, ((start[0] + end[0]) / 2, end[1] + 0.012), end], (255, 250, 240), 0.008, 0.002)


def _move_toward(place: Point, other: Point, part: float) -> Point:
    return place[0] + (other[0] - place[0]) * part, place[1] + (other[1] - place[1]) * part


def _trace_ear(foot: Point, tip: Point, other: Point) -> list[Point]:
    """Return the outline of an ear with bulging sides and a sharp tip."""
    middle = ((foot[0] + other[0]) / 2, (foot[1] + other[1]) / 2)

    def side(start: Point) -> list[Point]:
        half = _move_toward(start, tip, 0.5)
        return [
            _move_toward(_move_toward(start, tip, part), _move_toward(half, middle, -0.3), 0.8 * part * (1 - part))
            for part in (step / 8 for step in range(9))
        ]

    return [*side(foot), *reversed(side(other))]
