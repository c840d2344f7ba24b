"""Draw a bar chart, in a worker process of its own: matplotlib takes 70 MiB and half a second to import.

The chart contains digits only: bars are numbered, and the message beside it names them, in whatever script.
"""

import os
import tempfile
from io import BytesIO
from typing import Any, Final

SIZE: Final = (660, 420)
"""Twice the width that a phone gives to it, so that its text is read there at half the size."""
CONFIRMED_COLOR: Final = "#56B4E9"
UNCONFIRMED_COLOR: Final = "#E69F00"
"""Sky blue and orange of Okabe and Ito, which color-blind people can tell apart (jfly.uni-koeln.de/color)."""

_BACKGROUND, _TEXT_COLOR, _GRID_COLOR = "#2B2D31", "#F2F3F5", "#4E5058"
"""Discord's dark theme; in the light one it is a dark card."""
_DPI: Final = 100
_FONT_SIZE: Final = 16
"""In points: 22 pixels, which are 11 on a phone."""
_LABELS_WIDTH, _DIGIT_WIDTH, _GAP_WIDTH = 590, 14, 8
"""In pixels: of all labels together, of one digit, and between two labels."""
_LEAST_TOP: Final = 1e-9
_MOST_TOP: Final = 1e15
_UNITS: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def load_library() -> None:
    """Import matplotlib and draw once, which imports the rest: in the sandbox no file can be opened.

    Its cache goes to a folder that is deleted again, so that it needs no home; the fonts that it brings are enough.

    Raises:
        OSError: No temporary folder can be written.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each thread reserves memory
    os.environ.setdefault("MPL_IGNORE_SYSTEM_FONTS", "1")
    with tempfile.TemporaryDirectory(prefix="mjbot-") as folder:
        os.environ["MPLCONFIGDIR"] = folder
        draw_bar_chart((1.0, 2.0), (1.0, 0.0), ("1", "2"))


def draw_bar_chart(confirmed: tuple[float, ...], unconfirmed: tuple[float, ...], labels: tuple[str, ...]) -> bytes:
    """Draw one bar for each number, with its unconfirmed part on top and its label below; return a PNG.

    A chart with more labels than fit shows some of them. Without bars it is an empty frame.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only this process imports it
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    lower, upper = _limit(confirmed), _limit(unconfirmed)
    figure: Any = Figure((SIZE[0] / _DPI, SIZE[1] / _DPI), dpi=_DPI, facecolor=_BACKGROUND, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=_BACKGROUND)
    places = range(len(labels))
    axes.bar(places, lower, width=0.8, color=CONFIRMED_COLOR, zorder=2)
    # The hatch tells the two apart without any color.
    axes.bar(places, upper, width=0.8, bottom=lower, color=UNCONFIRMED_COLOR, hatch="//", edgecolor=_BACKGROUND,
             linewidth=0, zorder=2)  # fmt: skip
    top = max((sum(pair) for pair in zip(lower, upper, strict=True)), default=0.0)
    axes.set_ylim(0, max(top, _LEAST_TOP) * 1.05 if top else 1)
    axes.set_xlim(-0.6, max(len(labels), 4) - 0.4)
    _style(axes, labels)
    canvas.draw()
    picture = BytesIO()
    canvas.print_png(picture)
    return picture.getvalue()


def format_tick(value: float, _: int | None = None) -> str:
    """Format a number beside the axis in few characters: "0.05", "12", "3.5k", "2M"."""
    for size, unit in _UNITS:
        if abs(value) >= size * 10 or (size > 1e3 and abs(value) >= size):
            return f"{value / size:,.6g}{unit}"
    return f"{value:.6g}"


def _limit(numbers: tuple[float, ...]) -> list[float]:
    return [min(max(number, 0.0), _MOST_TOP) for number in numbers]


def _style(axes: Any, labels: tuple[str, ...]) -> None:  # noqa: ANN401 - matplotlib is not imported here
    most = _LABELS_WIDTH // (_DIGIT_WIDTH * max(map(len, labels), default=1) + _GAP_WIDTH) or 1
    step = -(-len(labels) // most) or 1
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.yaxis.set_major_formatter(format_tick)
    axes.locator_params(axis="y", nbins=5)
    axes.grid(axis="y", color=_GRID_COLOR, linewidth=1, zorder=0)
    axes.tick_params(colors=_TEXT_COLOR, length=0, labelsize=_FONT_SIZE)
    for spine in axes.spines.values():
        spine.set_visible(False)
