"""The benchmarks run, at a size that measures nothing: every row gets its ratio."""

import re
from pathlib import Path

import pytest

from benchmarks import image_work
from benchmarks.__main__ import main
from benchmarks.idle_loop import find_longest
from benchmarks.table import Row, format_number, format_table, percentile, ratio

SMALL = "--burst 2 --rounds 1 --tasks 4 --channels 2 --spread 0.5 --few 2 --many 4 --seconds 0.2 --settle 0"
SOON = "--warm-ups 0 --life 1 --lead 2 --pictures 1 --sizes 1 --live 2 --lease 2 --kills 1 --claims 3 --claim-rounds 1"


@pytest.mark.wire
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_every_row_prints_a_ratio(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with a handful of tasks and small pictures prints each row of the design, both figures and their ratio."""
    monkeypatch.setattr(image_work, "SIZES", ((256, 256),))
    monkeypatch.setattr(image_work, "GRID_SIDE", 256)
    monkeypatch.setattr(image_work, "LIMIT", 128 * 1024)
    main([*SMALL.split(), *SOON.split()])
    head, _, *lines = capsys.readouterr().out.splitlines()

    assert ["what", "mjbot", "naive", "ratio", "target"] == head.split()
    wanted = (
        "API requests",
        "refusals",
        "median",
        "p99",
        "one at a time",
        "by token, p99",
        "as the bot, p99",
        "memory",
        "share of a core",
        "other process's edit, PostgreSQL",
        "one SQLite file",
        "claims a second, PostgreSQL",
        "claims a second under five limits, SQLite",
        "PNG of 256 x 256, longest",
        "JPEG of 256 x 256, longest",
        "WEBP of 256 x 256, longest",
        "re-encoded to fit",
    )
    for name in wanted:
        assert any(name in line for line in lines), name
    assert [] == [line for line in lines if not re.search(r"  (1/\d+|-?\d+\.\d\d|inf)(  |$)", line)]


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped row gets the list of rows."""
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "answers, load, weight, takeover, claims, pixels" in capsys.readouterr().err


def test_the_table_puts_portable_ratios_first() -> None:
    """What holds on any machine is read first."""
    here = Row(what="here", mjbot="1", naive="2", ratio=0.5, target="", met=None)
    everywhere = Row(what="everywhere", mjbot="1", naive="50", ratio=0.02, target="<= 1/50", met=True, portable=True)

    lines = format_table([here, everywhere]).splitlines()[2:]
    assert ["everywhere", "here"] == [line.split()[0] for line in lines]
    assert lines[0].endswith("1/50   <= 1/50  met")


def test_figures_match_their_names() -> None:
    """Percentiles by nearest rank; nothing through nothing is one; small ratios are fractions."""
    assert [50, 99] == [percentile(range(1, 101), share) for share in (0.5, 0.99)]
    assert [0.5, 1.0, float("inf")] == [ratio(1, 2), ratio(0, 0), ratio(1, 0)]
    assert ["1/50", "0.50", "0.00"] == [format_number(0.02), format_number(0.5), format_number(0)]


def test_delays_of_the_machine_are_not_counted() -> None:
    """Of each delay that part counts in which an idle process came back in time."""
    ours = [(0.0, 0.001), (1.0, 1.3), (2.0, 2.1)]
    assert find_longest(ours) == pytest.approx(300)
    assert find_longest(ours, [(0.9, 1.1), (1.15, 1.9)]) == pytest.approx(100)
    assert find_longest(ours, [(0.0, 3.0)]) == 0
