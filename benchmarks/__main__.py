"""`python -m benchmarks` measures mjbot and a naive bot in the same run, and prints one table."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.claims import measure_claims
from benchmarks.first_answer import measure_first_answers
from benchmarks.image_work import measure_fit_times, measure_loop_delays
from benchmarks.load import Load, measure_under_load
from benchmarks.table import Row, format_table
from benchmarks.takeover import Takeover, measure_takeovers
from benchmarks.task_cost import Scales, measure_task_costs

ROWS = ("answers", "load", "weight", "takeover", "claims", "pixels")


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which of {', '.join(ROWS)}; all by default")
    parser.add_argument("--burst", type=int, default=300, help="commands in one burst (300)")
    parser.add_argument("--rounds", type=int, default=6, help="bursts for each bot, alternating (6)")
    parser.add_argument("--warm-ups", type=int, default=2, help="bursts before these, which are not counted (2)")
    parser.add_argument("--tasks", type=int, default=1000, help="tasks in flight (1000)")
    parser.add_argument("--channels", type=int, default=250, help="channels of these tasks (250)")
    parser.add_argument("--spread", type=float, default=35.0, help="seconds over which they end (35)")
    parser.add_argument("--life", type=float, default=60.0, help="seconds from a task's submit to its SUCCESS (60)")
    parser.add_argument("--lead", type=float, default=10.0, help="seconds from the start to the first end (10)")
    parser.add_argument("--few", type=int, default=1000, help="tasks in the smaller measurement of memory (1000)")
    parser.add_argument("--many", type=int, default=10_000, help="tasks in the larger measurement of memory (10000)")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="seconds over which processor time is measured (10)"
    )
    parser.add_argument("--settle", type=float, default=4.0, help="seconds of rest before memory is measured (4)")
    parser.add_argument("--live", type=int, default=100, help="live messages of the process that is killed (100)")
    parser.add_argument("--lease", type=float, default=15.0, help="its LEASE_SECONDS (15)")
    parser.add_argument("--kills", type=int, default=3, help="kills on each kind of database (3)")
    parser.add_argument("--claims", type=int, default=500, help="claims in one round (500)")
    parser.add_argument("--claim-rounds", type=int, default=5, help="rounds on each kind of database (5)")
    parser.add_argument("--pictures", type=int, default=20, help="pictures processed at once (20)")
    parser.add_argument(
        "--sizes", type=int, default=3, help="how many of the sizes 2048 x 2048, 4096 x 4096, 8192 x 4096 (3)"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"unknown row: {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}")
    return options


async def measure(options: argparse.Namespace) -> list[Row]:
    """Run the selected measurements one after the other and return their rows."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mjbot-bench-") as folder_name:
        folder = Path(folder_name)
        for row in options.rows or ROWS:
            started = time.monotonic()
            print(f"measuring {row} ...", file=sys.stderr, flush=True)
            if row == "answers":
                rows += await measure_first_answers(
                    folder, burst=options.burst, rounds=options.rounds, warm_ups=options.warm_ups
                )
            elif row == "load":
                load = Load(options.tasks, options.channels, options.spread, options.life, options.lead)
                rows += await measure_under_load(folder, load)
            elif row == "takeover":
                rows += await measure_takeovers(folder, Takeover(options.live, options.lease, options.kills))
            elif row == "claims":
                rows += await measure_claims(folder, options.claims, options.claim_rounds)
            elif row == "pixels":
                rows += await measure_loop_delays(options.pictures, options.sizes)
                rows.append(await measure_fit_times(options.pictures))
            else:
                scales = Scales(options.few, options.many, options.seconds, options.settle)
                rows += await measure_task_costs(folder, scales)
            print(f"  took {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    print(format_table(asyncio.run(measure(_parse_options(arguments)))))


if __name__ == "__main__":
    main()
