"""Format measured rows as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of mjbot and of the naive bot; `ratio` is the first divided by the second.

    `portable` marks a ratio that is the same on any machine. `met` is None if the row has no target.
    """

    what: str
    mjbot: str
    naive: str
    ratio: float
    target: str
    met: bool | None
    portable: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells of the row in the table."""
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return self.what, self.mjbot, self.naive, format_number(self.ratio), self.target, verdict


def ratio(mjbot: float, naive: float) -> float:
    """Return mjbot's figure divided by the naive bot's, 1 if both are 0."""
    if naive:
        return mjbot / naive
    return math.inf if mjbot else 1.0


def format_number(value: float) -> str:
    """Format a ratio with two decimals, or as a fraction if it is below 0.1."""
    return f"1/{1 / value:.0f}" if 0 < value < 0.1 else f"{value:.2f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that the share `share` of values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def format_table(rows: Sequence[Row]) -> str:
    """Format rows as a table, those with a portable ratio first."""
    head = ("what", "mjbot", "naive", "ratio", "target", "")
    lines = [head, *(row.cells for row in sorted(rows, key=lambda row: not row.portable))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])
