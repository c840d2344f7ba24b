"""The child process itself: when it ends, and how much memory it may use."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.imaging.worker import BOT_RESERVED_BYTES, MAX_ALLOCATION_BYTES, MIN_ALLOCATION_BYTES, choose_memory_limit

MIB = 1024 * 1024


def test_child_process_ends_with_its_parent() -> None:
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-m", "bot.imaging.worker"], cwd=root, input=b"", timeout=60, check=False)
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("machine", "bytes_"),
    [
        ((512 * MIB, 0, 64_000 * MIB), 512 * MIB - BOT_RESERVED_BYTES),
        ((0, 256 * MIB, 64_000 * MIB), MIN_ALLOCATION_BYTES),
        ((0, 2**63 - 4096, 64_000 * MIB), MAX_ALLOCATION_BYTES),
        ((), MAX_ALLOCATION_BYTES),
    ],
)
def test_memory_limit_leaves_a_share_to_the_bot(machine: tuple[int, ...], bytes_: int) -> None:
    assert bytes_ == choose_memory_limit(*machine)
