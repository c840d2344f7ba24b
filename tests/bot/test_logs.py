"""The log: one line an event, for people or for a machine, and other people's chatter kept down."""

import json
import logging
from collections.abc import Generator

import pytest

from bot.logs import set_up


@pytest.fixture(autouse=True)
def _restored() -> Generator[None]:
    """Put the root logger back as pytest had it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    chatty = {name: logging.getLogger(name).level for name in ("discord", "aiosqlite", "alembic", "asyncio", "PIL")}
    yield
    root.handlers[:], _ = before
    root.setLevel(before[1])
    for name, level in chatty.items():
        logging.getLogger(name).setLevel(level)


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An event is one line of JSON with its time, level and source, its traceback inside."""
    set_up("INFO", "json")
    logging.getLogger("bot.jobs").info("Task %s is %s", "17", "done\nand 完了")
    try:
        int("why")
    except ValueError:
        logging.getLogger("bot.jobs").exception("It failed.")
    lines = capsys.readouterr().out.splitlines()
    first, second = map(json.loads, lines)
    assert {"event", "level", "logger", "timestamp"} == set(first)
    assert (first["event"], first["level"], first["logger"]) == ("Task 17 is done\nand 完了", "info", "bot.jobs")
    assert "ValueError: invalid literal" in second["exception"]
    assert "完了" in lines[0]


def test_console_is_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads the time, the level and the sentence, without colours where nobody sees them."""
    set_up("INFO", "console")
    logging.getLogger("bot.jobs").info("Task %s is %s.", "17", "\n  done")
    (line,) = capsys.readouterr().out.splitlines()
    assert "Task 17 is done." in line
    assert "info" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("level", "name", "told"),
    [
        ("INFO", "discord.gateway", "warning"),
        ("DEBUG", "discord.gateway", "info"),
        ("ERROR", "discord.gateway", "error"),
        ("INFO", "bot.jobs", "info"),
        ("WARNING", "bot.jobs", "warning"),
        ("DEBUG", "bot.jobs", "debug"),
    ],
)
def test_libraries_are_kept_down(level: str, name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of libraries only warnings are told, unless somebody asks for everything; of us whatever LOG_LEVEL says."""
    set_up(level, "json")
    for each in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), each)("x")
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0])["level"] == told
