"""Generate the noise of the sandbox's pictures: the same for the same seed, without bounds."""

from __future__ import annotations

import math
import random
from functools import lru_cache

from PIL import Image

_CELLS = 128


@lru_cache(maxsize=256)
def _random_values(seed: str) -> tuple[float, ...]:
    rng = random.Random(seed)
    return tuple(rng.random() for _ in range(257))


def wave(seed: str, x: float) -> float:
    """Return smooth noise in 0..1 at `x`, one bump or hollow per unit."""
    table = _random_values(seed)
    whole = math.floor(x)
    part = x - whole
    part = part * part * (3 - 2 * part)
    first, second = table[whole % 257], table[(whole + 1) % 257]
    return first + (second - first) * part


def rough(seed: str, x: float, octaves: int = 4) -> float:
    """Return fractal noise in 0..1 at `x`: hills with smaller hills on them."""
    total = size = 0.0
    weight, step = 1.0, 1.0
    for octave in range(octaves):
        total += weight * wave(seed, x * step + octave * 31.7)
        size += weight
        weight *= 0.5
        step *= 2.13
    return total / size


def ridged(seed: str, x: float, octaves: int = 5) -> float:
    """Return noise in 0..1 at `x` with sharp tops, as mountains have them."""
    total = size = 0.0
    weight, step = 1.0, 1.0
    for octave in range(octaves):
        total += weight * (1 - abs(2 * wave(seed, x * step + octave * 17.3) - 1))
        size += weight
        weight *= 0.46
        step *= 2.07
    return total / size


@lru_cache(maxsize=64)
def _random_lattice(seed: str) -> Image.Image:
    return Image.frombytes("L", (_CELLS, _CELLS), random.Random(seed).randbytes(_CELLS * _CELLS))


def cloud_noise(
    seed: str, size: tuple[int, int], view: tuple[float, float, float, float], stretch: float
) -> Image.Image:
    """Return cloud-like gray noise of `size` for the world's rectangle `view` (left, top, right, bottom).

    The same place in the world has the same cloud in every view; `stretch` makes them wider than high.
    """
    left, top, right, bottom = (min(4.0, max(-4.0, edge)) + 4 for edge in view)
    total = Image.new("L", (max(2, size[0] // 2), max(2, size[1] // 2)), 128)
    for octave in range(4):
        step = 2.0 * 2**octave
        box = (left * step / stretch, top * step, right * step / stretch, bottom * step)
        layer = _random_lattice(f"{seed}{octave}").resize(total.size, Image.Resampling.BICUBIC, box=box)
        total = Image.blend(total, layer, 1.0 if octave == 0 else 0.36)
    return total.resize(size, Image.Resampling.BILINEAR)
