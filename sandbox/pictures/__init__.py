"""Draw what the sandbox's Midjourney answers with: grids, single pictures, their variations, zooms, pans, previews."""

from sandbox.pictures.shots import Shot, Way, aspect_of, clip, draw, finished, four_shots, grid, preview, size_of

__all__ = ["Shot", "Way", "aspect_of", "clip", "draw", "finished", "four_shots", "grid", "preview", "size_of"]
