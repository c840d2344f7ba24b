"""Logging: one line for each change of state, for people or as JSON for a platform's log drain."""

import json
import logging
import sys
from typing import Any, Literal

import structlog


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send everything to standard output, one line an event; discord.py's own lines are kept from WARNING on."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False), _escaped]
        if form == "json"
        else [
            _in_one_line,
            # Its own choice, where another is installed, shows the values of every variable, and so tokens and keys.
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *last,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("discord", "aiosqlite", "alembic", "asyncio", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level) if level != "DEBUG" else logging.INFO)


def _in_one_line(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Take line breaks out of what others said, a database's errors for instance, and all that moves a terminal."""
    told = {name: _printable(str(value)) for name, value in event.items()}
    return {**told, "event": _printable(" ".join(str(event["event"]).split()))}


def _escaped(_: object, __: str, line: Any) -> str:  # noqa: ANN401 - what the renderer before us made
    """Write what a terminal would not show, DEL for one, as JSON may write it too."""
    return _printable(str(line))


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
