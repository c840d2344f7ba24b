"""The sandbox's relay as one that sends no buttons: midjourney-proxy itself, or a new-api in front of one."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.json_values import is_json_array
from sandbox.relay import Relay, RelaySettings
from tests.recordings import recorded

_OF_NEW_API = ("customId", "botType", "maskBase64")


class Buttonless(Relay):
    """A relay whose tasks have no key `buttons`, or, with `null`, nothing under it; it has no /submit/action.

    Set `sends` to let it send buttons, and take presses of them, from then on.
    """

    def __init__(
        self, settings: RelaySettings | None = None, *, now: Callable[[], float] = time.time, null: bool = False
    ) -> None:
        super().__init__(settings, now=now)
        self._null = null
        self.sends = False

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.sends:
            return await super()._handle(request)
        if request.path.endswith("/submit/action"):
            self.requests["action"] += 1
            row = recorded("real/nov_action_404")
            return web.json_response(row.body, status=row.status)
        answer = await super()._handle(request)
        reads = request.path.endswith(("/fetch", "/list-by-condition"))
        if not reads or not isinstance(answer, web.Response) or answer.status != 200:
            return answer
        body: Any = json.loads(answer.text or "null")
        return web.json_response([self._told(row) for row in body] if is_json_array(body) else self._told(body))

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self._null:
            return {**row, "buttons": None}
        told = {name: value for name, value in row.items() if name not in {"buttons", *_OF_NEW_API}}
        if row["action"] == "DESCRIBE" and row["status"] == "SUCCESS":
            told |= {"prompt": row["properties"]["finalPrompt"], "promptEn": row["properties"]["finalPrompt"]}
        return told
