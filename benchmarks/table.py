"""A measured row, and the table of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of mjbot's beside the naive way's; `ratio` is the first through the second.

    `portable` tells that the ratio says the same on any machine. `met` is None where the target is not held against
    this row.
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
        """Return what the table shows."""
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return self.what, self.mjbot, self.naive, format_number(self.ratio), self.target, verdict


def ratio(mjbot: float, naive: float) -> float:
    """Return how much of the naive way's cost is ours; nothing through nothing is 1."""
    if naive:
        return mjbot / naive
    return math.inf if mjbot else 1.0


def format_number(value: float) -> str:
    """Write a ratio as a reader takes it in: small ones as a fraction."""
    return f"1/{1 / value:.0f}" if 0 < value < 0.1 else f"{value:.2f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def format_table(rows: Sequence[Row]) -> str:
    """Lay rows out, those whose ratio holds on any machine first."""
    head = ("what", "mjbot", "naive", "ratio", "target", "")
    lines = [head, *(row.cells for row in sorted(rows, key=lambda row: not row.portable))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])
