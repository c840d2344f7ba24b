"""The Midjourney API: the only HTTP to the relay."""

import asyncio
import json
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiohttp

from bot import answers
from bot.answers import Answer
from bot.errors import RelayUnreachable, SubmitUncertain, TaskUnknown
from bot.links import address
from bot.metrics import api_request
from bot.models import Submission, Task

log = logging.getLogger(__name__)

BATCH = 50
"""How many ids one list-by-condition takes without complaint."""

_NOBODY = "1000000000000000"
# `connect` bounds the look-up of the name too: whatever it ends, nothing was sent.
READ_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=12, sock_connect=8)
# new-api gives its upstream 60 s; the answer must outlive that.
SUBMIT_TIMEOUT = aiohttp.ClientTimeout(total=90, connect=12, sock_connect=8)
_MOST_BYTES = 16 * 1024 * 1024
_MOST_BYTES_OF_LIST = 4 * 1024 * 1024
_CONNECT_ERRORS = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

Sleep = Callable[[float], Awaitable[None]]
_T = TypeVar("_T")


class MidjourneyAPI:
    """A relay's `/mj` protocol: reads are free and retried once, submits are sent exactly once.

    Every method raises leaves of `RelayError` and nothing else.
    """

    def __init__(
        self,
        base_url: str,
        *,
        reads: aiohttp.ClientSession,
        submits: aiohttp.ClientSession,
        key: str = "",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._key = key
        self._base = base_url.rstrip("/")
        self._reads = reads
        self._submits = submits
        self._sleep = sleep
        self._spoken: set[str] = set()
        """The submit paths that have answered in JSON: this relay has them."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        base_url: str,
        key: str,
        *,
        sleep: Sleep = asyncio.sleep,
        read_timeout: aiohttp.ClientTimeout = READ_TIMEOUT,
        submit_timeout: aiohttp.ClientTimeout = SUBMIT_TIMEOUT,
    ) -> AsyncGenerator[Self]:
        """Open the connections to the relay at `base_url`, with `key` as its bearer."""
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "mjbot"}
        # A submit gets a connection of its own: one that the relay closed a moment ago would leave open
        # whether the submit arrived, and so whether it is paid.
        once = aiohttp.TCPConnector(force_close=True, limit=0)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=read_timeout) as reads,
            aiohttp.ClientSession(headers=headers, timeout=submit_timeout, connector=once) as submits,
        ):
            yield cls(base_url, reads=reads, submits=submits, key=key, sleep=sleep)

    async def fetch(self, task_id: str) -> Task:
        """Fetch one task.

        Raises:
            TaskUnknown: The relay knows no such task, or not for this key.
        """
        # Ids come from people. Dots alone would be resolved as a path, quoted or not.
        if not task_id.strip(". "):
            raise TaskUnknown(task_id)
        path = f"/mj/task/{quote(task_id, safe='', errors='replace')}/fetch"
        task = await self._read(
            "GET", path, None, lambda answer: answers.task(answer, task_id), template="/mj/task/{id}/fetch"
        )
        return self._reachable(task)

    async def list(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Fetch up to `BATCH` tasks by id in one request; unknown ids are missing.

        Raises:
            ActionUnsupported: This relay has no list-by-condition.
        """
        path, ids = "/mj/task/list-by-condition", list(task_ids)
        found = await self._read(
            "POST", path, {"ids": ids}, lambda answer: answers.tasks(answer, ids), most=_MOST_BYTES_OF_LIST
        )
        return {task_id: self._reachable(task) for task_id, task in found.items()}

    async def check(self) -> None:
        """Ask for a task that nobody has: whether the relay answers, and the key is accepted."""
        try:
            await self.fetch(_NOBODY)
        except TaskUnknown:
            return

    async def submit_action(self, task_id: str, custom_id: str, *, state: str) -> Submission:
        """Press the button `custom_id` of `task_id`; `state` comes back with the child."""
        body = {"taskId": task_id, "customId": custom_id, "chooseSameChannel": True, "state": state}
        return await self._submit("/mj/submit/action", body)

    async def submit_change(self, task_id: str, action: str, index: int, *, state: str) -> Submission:
        """Do UPSCALE, VARIATION or REROLL the older way; new-api refuses an index of 0, even for REROLL."""
        body = {"taskId": task_id, "action": action, "index": max(index, 1), "state": state}
        return await self._submit("/mj/submit/change", body)

    async def submit_modal(self, task_id: str, prompt: str, *, state: str) -> Submission:
        """Answer the form that the child `task_id` waits for; the same id comes back."""
        return await self._submit("/mj/submit/modal", {"taskId": task_id, "prompt": prompt, "state": state})

    def _reachable(self, task: Task) -> Task:
        """Turn links that only the relay's own machine could open into links through the configured base."""
        return task.model_copy(
            update={
                "image_url": address(task.image_url, self._base),
                "image_urls": tuple(address(url, self._base) for url in task.image_urls),
            }
        )

    async def _read(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        understand: Callable[[Answer], _T],
        *,
        most: int = _MOST_BYTES,
        template: str = "",
    ) -> _T:
        async def once() -> _T:
            with api_request(template or path):
                return understand(await self._ask(self._reads, method, path, body, most))

        try:
            return await once()
        except RelayUnreachable as error:
            if error.retry_after is not None:
                raise
            log.debug("%s %s: %s; asking once more.", method, path, error.reason)
        await self._sleep(0.5)
        return await once()

    async def _submit(self, path: str, body: Mapping[str, Any]) -> Submission:
        with api_request(path):
            answer = await self._ask(self._submits, "POST", path, body)
            if answer.is_success and answer.is_html and path in self._spoken:
                # Not the web console then, but a proxy's page, which may have come after the submit was forwarded.
                raise SubmitUncertain("a page instead of an answer")
            if answer.text.lstrip("\ufeff \t\r\n").startswith("{") and answer.status not in {404, 405}:
                self._spoken.add(path)
            return answers.submission(answer)

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        most: int = _MOST_BYTES,
    ) -> Answer:
        lost = SubmitUncertain if session is self._submits else RelayUnreachable
        data = None if body is None else json.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        if session.closed:
            raise RelayUnreachable("closed")
        # `from None`: aiohttp's errors carry the request's headers, and so the key, in their repr.
        try:
            async with session.request(
                method, self._base + path, data=data, headers=headers, allow_redirects=False
            ) as response:
                text = await _text(response, most)
                retry_after = _retry_after(response.headers.get("Retry-After"))
                return Answer(response.status, text, retry_after, self._key)
        except _CONNECT_ERRORS as error:
            raise RelayUnreachable(f"cannot connect ({type(error).__name__})") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise lost(f"no answer ({type(error).__name__})") from None


async def _text(response: aiohttp.ClientResponse, most: int) -> str:
    """Read a body of at most that many bytes; what a relay sends is UTF-8, or is not to be believed."""
    chunks = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        chunks += chunk
        if len(chunks) > most:
            raise ValueError("the answer has no end")
    return chunks.decode("utf-8", "replace")


def _retry_after(value: str | None) -> float | None:
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else None
