"""Call the sandbox's relay over a socket, with a clock that a test moves."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from PIL import Image

from sandbox.relay import Relay, RelaySettings

JSON = dict[str, Any]
KEY = {"Authorization": "Bearer sk-sandbox"}


class Clock:
    def __init__(self) -> None:
        self.time = 1_754_300_000.0

    def __call__(self) -> float:
        return self.time


class Caller:
    def __init__(self, relay: Relay, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.relay = relay
        self.session = session
        self.clock = clock

    async def get(self, path: str) -> tuple[int, str, str]:
        async with self.session.get(self.relay.url + path, headers=KEY) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text(errors="replace")

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, str, str]:
        async with self.session.post(self.relay.url + path, json=body, headers={**KEY, **headers}) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text()

    async def submit(self, path: str, **body: object) -> JSON:
        status, _, text = await self.post(f"/mj/submit/{path}", body)
        assert status == 200, text
        answer: JSON = json.loads(text)
        return answer

    async def fetch(self, task_id: str) -> JSON:
        status, kind, text = await self.get(f"/mj/task/{task_id}/fetch")
        assert (status, kind) == (200, "application/json")
        answer: JSON = json.loads(text)
        return answer

    async def listed(self, *ids: str) -> list[JSON]:
        _, _, text = await self.post("/mj/task/list-by-condition", {"ids": ids})
        answer: list[JSON] = json.loads(text)
        return answer

    async def press(self, task_id: str, word: str) -> JSON:
        button = next(b for b in (await self.fetch(task_id))["buttons"] if word in b["customId"])
        return await self.submit("action", taskId=task_id, customId=button["customId"])


@asynccontextmanager
async def calling(settings: RelaySettings | None = None) -> AsyncGenerator[Caller]:
    clock = Clock()
    settings = replace(settings or RelaySettings(), picture_side=64)
    async with Relay(settings, now=clock).serve() as relay, aiohttp.ClientSession() as session:
        yield Caller(relay, session, clock)


def png(size: tuple[int, int] = (8, 8), colour: str = "white") -> str:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


async def picture(caller: Caller, task_id: str) -> Image.Image:
    async with caller.session.get(f"{caller.relay.url}/mj/image/{task_id}") as answer:
        assert answer.status == 200
        return Image.open(io.BytesIO(await answer.read()))


def difference(first: Image.Image, second: Image.Image) -> float:
    pairs = zip(first.convert("L").tobytes(), second.convert("L").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (first.width * first.height)
