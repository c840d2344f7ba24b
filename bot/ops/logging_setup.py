"""Logging: one line per event, for people or as JSON for a platform's log drain."""

import json
import logging
import sys
from typing import Any, Literal

import structlog


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send everything to standard output, one line per event; libraries' own lines only from WARNING up."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False), _escape_unprintable]
        if form == "json"
        else [
            _join_lines,
            # With rich installed, its default would show the values of variables, tokens and keys included.
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


def _join_lines(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Remove line breaks and control characters from texts of others, such as a database's errors."""
    printable = {name: _to_printable(str(value)) for name, value in event.items()}
    return {**printable, "event": _to_printable(" ".join(str(event["event"]).split()))}


def _escape_unprintable(_: object, __: str, line: Any) -> str:  # noqa: ANN401 - the output of any renderer
    """Escape characters that a terminal would not show, such as DEL, the way JSON does."""
    return _to_printable(str(line))


def _to_printable(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
