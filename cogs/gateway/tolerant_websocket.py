"""discord.py's gateway connection, which skips a frame that cannot be read.

discord.py would end the bot, which costs a new session (of 1,000 a day) and several seconds without clicks.
"""

import json
import logging
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket, WebSocketClosure

from bot.json_values import is_json_object

log = logging.getLogger(__name__)

_CONNECTION_ERRORS = (ReconnectWebSocket, WebSocketClosure, discord.ConnectionClosed, OSError, aiohttp.ClientError)
"""What ends a connection on purpose, or on the way; anything else is a fault in reading the frame."""
_MAX_NAME_LENGTH = 40


class TolerantWebSocket(DiscordWebSocket):
    """Logs a frame that cannot be read, and goes on with the next one.

    Without a readable HELLO and READY there is no session to go on with, so their errors are raised.
    """

    _text: str | None = None
    """The text of the frame that is being read, once it is decompressed."""
    _has_events = False
    _logged_events: frozenset[str] = frozenset()

    def log_receive(self, data: Any, /) -> None:  # noqa: ANN401 - as discord.py calls it, with each frame's text
        """Keep a frame's text, which discord.py passes here before it parses it."""
        self._text = data

    async def received_message(self, msg: Any, /) -> None:  # noqa: ANN401 - a frame, compressed or not
        """Handle one frame.

        Raises:
            ReconnectWebSocket: The connection has to be replaced; its session is resumed if possible.
        """
        self._text, sequence = None, self.sequence
        try:
            await super().received_message(msg)
            self._has_events |= self.sequence != sequence
        except _CONNECTION_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001 - discord.py parses with whatever a wrong type raises
            await self._skip_frame(msg, error)
        finally:
            # A heartbeat with a sequence that is no number would make Discord close the connection.
            new_sequence: Any = self.sequence
            if not isinstance(new_sequence, int | None):
                self.sequence = sequence

    async def _skip_frame(self, frame: Any, error: Exception) -> None:  # noqa: ANN401 - like received_message
        event = _find_event(self._text or "")
        if self._keep_alive is None or event == "READY":
            raise error
        if self._text is None and isinstance(frame, bytes) and not isinstance(error, UnicodeError):
            await self._resume_session(error)
        traceback = None if event in self._logged_events else error
        self._logged_events |= {event}
        what = f"event {event[:_MAX_NAME_LENGTH]!a}" if event else "frame"
        reason = type(error).__name__
        log.warning("Shard %s skips an unreadable %s: %s.", self.shard_id, what, reason, exc_info=traceback)
        if event == "RESUMED":  # it has no data that anything needs
            self._discord_parsers["RESUMED"]({"__shard_id__": self.shard_id})

    async def _resume_session(self, error: Exception) -> None:
        """Replace a connection whose stream is broken, as every later frame would be too.

        If it has brought no event yet, the error is raised: a new connection would probably bring the same.
        """
        if not self._has_events:
            raise error
        log.warning("Shard %s: the gateway's data cannot be decompressed; the session is resumed.", self.shard_id)
        await self.close()
        raise ReconnectWebSocket(self.shard_id) from error


def _find_event(text: str) -> str:
    """Return the name of a frame's event; empty if the frame has none, or is no JSON."""
    try:
        frame: object = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(frame.get("t") or "") if is_json_object(frame) else ""
