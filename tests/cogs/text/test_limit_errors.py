"""Numbers of jobs in words."""

import pytest

from cogs.text.limit_errors import count_jobs


@pytest.mark.parametrize(
    ("count", "kind", "text"),
    [
        (0, "", "0 jobs"),
        (1, "", "1 job"),
        (2, "video", "2 videos"),
        (1, "turbo", "1 turbo job"),
        (1000, "hd", "1000 HD jobs"),
    ],
)
def test_one_thing_is_singular(count: int, kind: str, text: str) -> None:
    assert count_jobs(count, kind) == text
