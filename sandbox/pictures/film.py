"""Render clips, in which a camera drifts over a shot, as H.264 in MP4 or as animated WebP."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import av
from PIL import Image

from sandbox.pictures.shots import Shot, draw_shot, size_of

_FRAME_RATE = 16
_CAMERA_MARGIN = 1.35
"""How many times larger than a frame the picture is over which the camera moves."""
Format = Literal["mp4", "webp"]
Motion = Literal["low", "high"]


@dataclass(frozen=True)
class Film:
    """The motion of a clip that takes `seconds`; `end` is the picture that it fades to."""

    motion: Motion = "low"
    loop: bool = False
    seconds: float = 3.0
    end: Shot | None = None


@lru_cache(maxsize=8)
def render_clip(shot: Shot, film: Film, side: int = 480, kind: Format = "mp4") -> bytes:
    """Return a clip of a shot, about `side` squared pixels large."""
    size = size_of(shot.aspect, side)
    frames = _draw_frames(shot, film, side, size)
    return _encode_mp4(frames, size) if kind == "mp4" else _encode_webp(frames)


def _draw_frames(shot: Shot, film: Film, side: int, size: tuple[int, int]) -> list[Image.Image]:
    still = draw_shot(shot, round(side * _CAMERA_MARGIN))
    end = draw_shot(film.end, round(side * _CAMERA_MARGIN)).resize(still.size) if film.end else None
    count = max(2, round(film.seconds * _FRAME_RATE))
    frames: list[Image.Image] = []
    for number in range(count):
        part = number / count if film.loop else number / (count - 1)
        picture = still
        if end is not None:
            picture = Image.blend(still, end, min(1.0, max(0.0, part * 1.6 - 0.5)))
        frames.append(picture.resize(size, Image.Resampling.BILINEAR, _crop_at(still.size, film, part)))
    return frames


def _crop_at(size: tuple[int, int], film: Film, part: float) -> tuple[float, float, float, float]:
    """Return the crop box after `part` of the clip: the camera zooms in, and back out if it loops."""
    way = (1 - math.cos(2 * math.pi * part)) / 2 if film.loop else part * film.seconds / 3
    way = min(way, 2.4)
    reach = 0.2 if film.motion == "high" else 0.08
    visible = 1 - reach * (0.3 + way * 0.8)
    x = 0.5 + reach * 0.6 * math.sin(way * 2.2)
    y = 0.5 + reach * 0.25 * math.sin(way * 1.4 + 0.6)
    wide, high = size[0] * max(0.4, visible), size[1] * max(0.4, visible)
    left, top = (size[0] - wide) * x, (size[1] - high) * y
    return max(0.0, left), max(0.0, top), min(float(size[0]), left + wide), min(float(size[1]), top + high)


def _encode_mp4(frames: list[Image.Image], size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=_FRAME_RATE, options={"preset": "veryfast", "crf": "25"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, _FRAME_RATE)
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_image(frame)))  # type: ignore[no-untyped-call]
        film.mux(stream.encode())
    return out.getvalue()


def _encode_webp(frames: list[Image.Image]) -> bytes:
    out = io.BytesIO()
    pause = round(1000 / _FRAME_RATE)
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=pause, loop=0, quality=72, method=0)
    return out.getvalue()
