"""Logging: one line for each change of state, for people or as JSON for a platform's log drain."""

import logging
import sys
from typing import Literal

import structlog


def set_up(level: str, form: Literal["console", "json"]) -> None:
    """Send everything to standard output, one line an event; discord.py's own lines are kept from WARNING on."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form == "json"
        else [_in_one_line, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=0)]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("discord", "aiosqlite", "alembic", "asyncio", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level) if level != "DEBUG" else logging.INFO)


def _in_one_line(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Take line breaks out of what others said, a database's errors for instance."""
    event["event"] = " ".join(str(event["event"]).split())
    return event
