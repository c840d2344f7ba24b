"""Call the sandbox's relay as one of the relay programs that it plays, with the headers that a test chooses."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from sandbox.relay import find_profile
from tests.sandbox.relay_caller import Caller, calling

PROXY, OF_2025, OF_2026 = "midjourney-proxy", "newapi-2025", "newapi-2026"
PROMPT = "a fox"
HEADERS = {"Authorization": "Bearer sk-sandbox", "mj-api-secret": "sk-sandbox"}


@dataclass(frozen=True)
class Got:
    """An answer as it came."""

    status: int
    kind: str | None
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.text)


class Asker(Caller):
    """Calls a relay with the headers that a test chooses."""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Got:
        async with self.session.request(
            method, self.relay.url + path, json=body, headers=headers or HEADERS, allow_redirects=False
        ) as answer:
            return Got(
                answer.status, answer.headers.get("Content-Type"), await answer.text(errors="replace"), answer.headers
            )

    async def sent(self, path: str, **body: object) -> Got:
        return await self.ask("POST", f"/mj/{path}", body)

    async def task(self, task_id: str, **headers: str) -> Any:  # noqa: ANN401 - JSON
        return (await self.ask("GET", f"/mj/task/{task_id}/fetch", **headers)).json

    async def imagined(self, prompt: str = PROMPT, **headers: str) -> str:
        answer = await self.ask("POST", "/mj/submit/imagine", {"prompt": prompt, "state": "mjbot:1"}, **headers)
        return str(answer.json["result"])

    async def grid(self, prompt: str = PROMPT) -> str:
        task_id = await self.imagined(prompt)
        self.clock.time += 40
        return task_id


@asynccontextmanager
async def asking(name: str, **changed: Any) -> AsyncGenerator[Asker]:  # noqa: ANN401 - fields of RelaySettings
    async with calling(replace(find_profile(name), **changed)) as caller:
        yield Asker(caller.relay, caller.session, caller.clock)
