"""The log: one line an event, for people or for a machine, and other people's chatter kept down."""

import json
import logging
from typing import Literal

import pytest

from bot.ops.logging_setup import configure_logging


def test_json_writes_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An event is one line of JSON with its time, level and source, its traceback inside."""
    configure_logging("INFO", "json")
    logging.getLogger("bot.tracking.tracker").info("Task %s is %s", "17", "done\nand 完了")
    try:
        int("why")
    except ValueError:
        logging.getLogger("bot.tracking.tracker").exception("It failed.")
    lines = capsys.readouterr().out.splitlines()
    first, second = map(json.loads, lines)
    assert {"event", "level", "logger", "timestamp"} == set(first)
    assert (first["event"], first["level"], first["logger"]) == (
        "Task 17 is done\nand 完了",
        "info",
        "bot.tracking.tracker",
    )
    assert "ValueError: invalid literal" in second["exception"]
    assert "完了" in lines[0]


def test_console_writes_one_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads the time, the level and the sentence, without colors if it is not a terminal."""
    configure_logging("INFO", "console")
    logging.getLogger("bot.tracking.tracker").info("Task %s is %s.", "17", "\n  done")
    (line,) = capsys.readouterr().out.splitlines()
    assert "Task 17 is done." in line
    assert "info" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("form", ["console", "json"])
def test_control_characters_are_escaped(form: Literal["console", "json"], capsys: pytest.CaptureFixture[str]) -> None:
    """Servers and relays name things as they like: neither a name nor a traceback moves the cursor or hides a line."""
    nasty = "完了 \x1b[2J\x1b]0;owned\x07 \x9b31m \u202e \x7f \x08 \ud800 \r\n end"
    configure_logging("INFO", form)
    logging.getLogger("bot.tracking.tracker").info("In 1 servers: %s.", nasty)
    try:
        raise ValueError(nasty)  # noqa: TRY301 - it is the text that matters
    except ValueError:
        logging.getLogger("bot.tracking.tracker").exception("It failed: %s", nasty)
    told = capsys.readouterr().out
    assert told.replace("\n", "").isprintable()
    assert "完了" in told
    assert "\\u001b[2J" in told
    if form == "json":
        first, second = map(json.loads, told.splitlines())
        assert f"In 1 servers: {nasty}." == first["event"]
        assert nasty in second["exception"]


def test_tracebacks_show_no_values_of_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """Variables stay untold: some are tokens."""
    configure_logging("INFO", "console")
    try:
        token = "very" + " secret"[1:]
        raise ValueError(len(token))  # noqa: TRY301 - it is the frame that matters
    except ValueError:
        logging.getLogger("bot.tracking.tracker").exception("It failed.")
    told = capsys.readouterr().out
    assert "ValueError: 10" in told
    assert "verysecret" not in told


@pytest.mark.parametrize(
    ("level", "name", "told"),
    [
        ("INFO", "discord.gateway", "warning"),
        ("DEBUG", "discord.gateway", "info"),
        ("ERROR", "discord.gateway", "error"),
        ("INFO", "bot.tracking.tracker", "info"),
        ("WARNING", "bot.tracking.tracker", "warning"),
        ("DEBUG", "bot.tracking.tracker", "debug"),
    ],
)
def test_libraries_log_only_warnings(level: str, name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless LOG_LEVEL is DEBUG; the bot's own loggers follow LOG_LEVEL."""
    configure_logging(level, "json")
    for each in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), each)("x")
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0])["level"] == told
