"""The Midjourney API: every endpoint of the relay as a method."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Self, TypeVar, get_args
from urllib.parse import quote

import aiohttp

from bot.clock import utc_now
from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.imaging.url_safety import rewrite_relay_url
from bot.metrics import count_api_request, create_zero_counters
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.ports import Now
from bot.relay import requests, responses
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingPage, parse_billing_log, parse_task_by_state
from bot.relay.key_diagnosis import USAGE_PATH, KeyDiagnosis
from bot.relay.requests import Change, PressButton, RequestBody, SubmitModal, SubmitRequest
from bot.relay.responses import RelayResponse
from bot.relay.submit_gate import SubmitGate
from bot.relay.transport import RelayTransport, RequestLimits

log = logging.getLogger(__name__)

BATCH_SIZE = 50
"""How many ids one list-by-condition takes without complaint."""

_NOBODY = "1000000000000000"
# `connect` bounds the look-up of the name too: whatever it ends, nothing was sent.
READ_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=12, sock_connect=8)
# new-api gives its upstream 60 s; the answer must outlive that.
SUBMIT_TIMEOUT = aiohttp.ClientTimeout(total=90, connect=12, sock_connect=8)
# Five pictures of 10 MiB take minutes on a small line; the wait for an answer begins when they are over.
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=12, sock_connect=8, sock_read=90)
# Upstream asks Discord for the seed, in a message of its own; TrueAI's proxy takes 60 s for that.
SEED_TIMEOUT = aiohttp.ClientTimeout(total=75, connect=12, sock_connect=8)
Sleep = Callable[[float], Awaitable[None]]
TaskTransform = Callable[[Task], Awaitable[Task]]
"""Adds to a task that was read the buttons that the bot offers in the relay's place."""
_T = TypeVar("_T")
_OF_TEXT = RequestLimits()
# Short: it only explains a refusal, which waits for it.
_OF_USAGE = RequestLimits(max_bytes=65536, timeout=aiohttp.ClientTimeout(total=5))
_OF_LIST = RequestLimits(max_bytes=4 * 1024 * 1024)
_OF_LOG = RequestLimits(max_bytes=8 * 1024 * 1024)
_OF_PICTURE = RequestLimits(max_bytes=32 * 1024 * 1024, max_text_bytes=4096)
_FETCH: Final = "/mj/task/{id}/fetch"
_LIST: Final = "/mj/task/list-by-condition"
_SEED: Final = "/mj/task/{id}/image-seed"
_IMAGE: Final = "/mj/image/{id}"
_CANCEL: Final = "/mj/task/{id}/cancel"
_TASKS: Final = "/mj/task/list"
_LOG: Final = "/api/log/token"
# The reads that the relay answers by itself: seeds and cancels it hands on, and pictures need no key.
_OWN_READS: Final = frozenset({_FETCH, _LIST})

create_zero_counters(
    {
        _FETCH,
        _LIST,
        _SEED,
        _IMAGE,
        _CANCEL,
        _TASKS,
        _LOG,
        requests.UPLOAD_PATH,
        *(str(order.path) for order in get_args(SubmitRequest)),
    }
)


class RelayClient:
    """A relay's `/mj` protocol: reads are free and retried once, submits are sent exactly once.

    A submit is sent only while the key can read: before the first submit, and after a read that was refused, a check
    is made first. Where the check fails, its error is raised and the submit is not sent.

    Every method raises leaves of `RelayError` and nothing else, but for `image`.
    """

    def __init__(
        self,
        relay: RelayTransport,
        *,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
        seed_timeout: aiohttp.ClientTimeout = SEED_TIMEOUT,
        pictures_timeout: aiohttp.ClientTimeout = UPLOAD_TIMEOUT,
        complete: TaskTransform | None = None,
    ) -> None:
        self._relay = relay
        self._complete = complete or _unchanged
        self._sleep = sleep
        self.account_rate_limiter = AccountRateLimiter(now)
        self._gate = SubmitGate(self._check_for_submits)
        self._diagnosis = KeyDiagnosis(
            lambda: relay.read_account(USAGE_PATH, _OF_USAGE), self.account_rate_limiter, now
        )
        self._of_seed = RequestLimits(timeout=seed_timeout)
        self._of_pictures = RequestLimits(timeout=pictures_timeout)
        self._spoken: set[str] = set()
        """The submit paths that have answered in JSON: this relay has them."""

    @classmethod
    @asynccontextmanager
    async def open(  # noqa: PLR0913 - the composition root names four of them, a test the one that it shortens
        cls,
        base_url: str,
        key: str,
        *,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
        read_timeout: aiohttp.ClientTimeout = READ_TIMEOUT,
        submit_timeout: aiohttp.ClientTimeout = SUBMIT_TIMEOUT,
        seed_timeout: aiohttp.ClientTimeout = SEED_TIMEOUT,
        pictures_timeout: aiohttp.ClientTimeout = UPLOAD_TIMEOUT,
        complete: TaskTransform | None = None,
    ) -> AsyncGenerator[Self]:
        """Open the connections to the relay at `base_url`, with `key` in their headers.

        Every task that is read is passed through `complete`.
        """
        async with RelayTransport.open(
            base_url, key, now=now, read_timeout=read_timeout, submit_timeout=submit_timeout
        ) as relay:
            yield cls(
                relay,
                now=now,
                sleep=sleep,
                seed_timeout=seed_timeout,
                pictures_timeout=pictures_timeout,
                complete=complete,
            )

    async def fetch_task(self, task_id: str) -> Task:
        """Fetch one task; of one that waits for a form the most advanced of its rows, as a fetch reads the first.

        Raises:
            TaskUnknown: The relay knows no such task, or not for this key.
        """
        task = await self._read(_FETCH, lambda answer: responses.parse_task(answer, task_id), name=_segment(task_id))
        if task.is_modal_row:
            with suppress(RelayError, KeyError):
                return (await self.fetch_tasks([task_id]))[task_id]
        return await self._complete(self._reachable(task))

    async def fetch_tasks(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Fetch up to `BATCH` tasks by id in one request; unknown ids are missing.

        Raises:
            ActionUnsupported: This relay has no list-by-condition.
        """
        ids = list(task_ids)
        found = await self._read(
            _LIST, lambda answer: responses.parse_tasks(answer, ids), body={"ids": ids}, terms=_OF_LIST
        )
        return {task_id: await self._complete(self._reachable(task)) for task_id, task in found.items()}

    async def fetch_seed(self, task_id: str) -> str:
        """Ask for the number that a task was drawn from, which takes up to a minute, or two where it fails at first.

        Raises:
            TaskUnknown: The relay knows no such task, or not for this key.
            ActionUnsupported: This relay has no image-seed.
            SubmitRefused: Midjourney gives none for this task.
        """
        name = _segment(task_id)
        return await self._read(
            _SEED, lambda answer: responses.parse_seed(answer, task_id), name=name, terms=self._of_seed
        )

    async def fetch_image(self, task_id: str) -> bytes:
        """Download a task's picture or clip through the relay, at most 32 MiB, untouched.

        Raises:
            TaskUnknown: The relay knows no such task.
            PictureGone: The link behind it is dead.
            ActionUnsupported: This relay has no such path.
        """
        name = _segment(task_id)
        return await self._read(
            _IMAGE, lambda answer: responses.parse_image(answer, task_id), name=name, terms=_OF_PICTURE
        )

    async def cancel_task(self, task_id: str) -> None:
        """Ask to give a running task up; the task itself tells whether it was.

        Raises:
            TaskUnknown: The relay knows no such task, or not for this key.
            ActionUnsupported: This relay has no such path, as none behind new-api has.
            SubmitRefused: It is over already, or waits for its form.
        """
        name = _segment(task_id)
        await self._read(_CANCEL, lambda answer: responses.parse_cancel(answer, task_id), name=name, body={})

    async def find_task_by_state(self, state: str) -> Task | None:
        """Look through all tasks of a midjourney-proxy for the one that carries this `state`.

        Raises:
            ActionUnsupported: This relay has no list of all tasks, as none behind new-api has.
        """
        answer = await self._read(_TASKS, lambda answer: answer)
        task = await asyncio.to_thread(parse_task_by_state, answer, state)
        return self._reachable(task) if task else None

    async def fetch_billing_log(self) -> BillingPage:
        """Read what the relay billed to this key, newest first: one call, as it counts them (see account_rate_limiter).

        Raises:
            ActionUnsupported: This relay has no such log.
            RelayBusy: It was asked too often.
        """
        with count_api_request(_LOG):
            answer = await self._relay.read_account(_LOG, _OF_LOG)
        return await asyncio.to_thread(parse_billing_log, answer)

    async def check_key(self) -> None:
        """Ask for a task that nobody has: whether the relay answers, and the key is accepted."""
        try:
            await self.fetch_task(_NOBODY)
        except TaskUnknown:
            return

    async def _check_for_submits(self) -> None:
        """Check, and be content with an answer that cannot be read, where it shows that the relay took the key."""
        try:
            await self.check_key()
        except RelayUnreachable as strange:
            if not strange.took_key:
                raise

    async def submit(self, order: SubmitRequest, *, state: str, speed: Speed | None = None) -> SubmitResponse:
        """Ask for a new task; `state` comes back with it, `speed` asks for another queue than the relay's own.

        Raises:
            SubmitUncertain: The task may exist, and be paid.
            ActionUnsupported: This relay cannot do it, or, with a speed, has no path for that.
            RelayError: Any other leaf: nothing was accepted, nothing is paid.
        """
        return await self._submit(order.path, {**order.body, "state": state}, responses.parse_submission, speed=speed)

    async def submit_action(
        self, task_id: str, custom_id: str, *, state: str, remix: bool = False, speed: Speed | None = None
    ) -> SubmitResponse:
        """Press the button `custom_id` of `task_id`; `state` comes back with the child, `remix` asks for its form."""
        return await self.submit(
            PressButton(task_id=task_id, custom_id=custom_id, remix=remix), state=state, speed=speed
        )

    async def submit_change(self, task_id: str, action: str, index: int, *, state: str) -> SubmitResponse:
        """Do UPSCALE, VARIATION or REROLL the older way."""
        return await self.submit(Change(task_id=task_id, action=action, index=index), state=state)

    async def submit_modal(
        self, task_id: str, prompt: str, *, state: str, mask: bytes = b"", speed: Speed | None = None
    ) -> SubmitResponse:
        """Answer the form that the child `task_id` waits for; the same id comes back."""
        return await self.submit(SubmitModal(task_id=task_id, prompt=prompt, mask=mask), state=state, speed=speed)

    async def upload_images(self, pictures: Sequence[bytes]) -> tuple[str, ...]:
        """Put pictures on Discord's CDN, through an account of the relay, and return their links, dead after a day.

        It is billed, and so sent once, like a submit.

        Raises:
            SubmitUncertain: They may have been taken, and paid.
        """
        links = await self._submit(requests.UPLOAD_PATH, {"base64Array": tuple(pictures)}, responses.parse_upload_links)
        return tuple(rewrite_relay_url(url, self._relay.base_url) for url in links)

    def _reachable(self, task: Task) -> Task:
        """Turn links that only the relay's own machine could open into links through the configured base."""
        return task.model_copy(
            update={
                "image_url": rewrite_relay_url(task.image_url, self._relay.base_url),
                "image_urls": tuple(rewrite_relay_url(url, self._relay.base_url) for url in task.image_urls),
                "video_url": rewrite_relay_url(task.video_url, self._relay.base_url),
                "video_urls": tuple(rewrite_relay_url(url, self._relay.base_url) for url in task.video_urls),
            }
        )

    async def _read(
        self,
        template: str,
        understand: Callable[[RelayResponse], _T],
        *,
        name: str = "",
        body: RequestBody | None = None,
        terms: RequestLimits = _OF_TEXT,
    ) -> _T:
        method, path = "GET" if body is None else "POST", template.replace("{id}", name)

        def proof(answer: RelayResponse) -> bool | None:
            return responses.prove_key(answer, understand) if template in _OWN_READS else None

        async def once() -> _T:
            with count_api_request(template):
                return understand(await self._relay.read(method, path, body, terms, proof))

        try:
            found = await self._ask_twice(once, f"{method} {path}")
        except TaskUnknown:
            self._let_submits_pass(template)
            raise
        except (KeyRefused, BalanceExhausted) as refused:
            self._gate.close()
            raise await self._diagnosis.explain(refused) from None
        except UpstreamKeyRefused:
            await self._check_key()
            raise
        self._let_submits_pass(template)
        return found

    async def _ask_twice(self, once: Callable[[], Awaitable[_T]], what: str) -> _T:
        try:
            return await once()
        except RelayUnreachable as error:
            if error.retry_after is not None:
                raise
            log.debug("%s: %s; asking once more.", what, error.reason)
        await self._sleep(0.5)
        return await once()

    def _let_submits_pass(self, template: str) -> None:
        """Open the gate for submits, where an answer shows that this key may read."""
        if template in _OWN_READS:
            self._gate.open()
            self._diagnosis.forget()

    async def _check_key(self) -> None:
        """Find out whether a refusal by the upstream is one of our key after all: then reads are refused too.

        Raises:
            KeyRefused: The relay refuses the key.
            BalanceExhausted: The key is used up.
        """
        with suppress(RelayUnreachable, RelayBusy):
            await self.check_key()

    async def _submit(
        self, path: str, body: RequestBody, understand: Callable[[RelayResponse], _T], *, speed: Speed | None = None
    ) -> _T:
        await self._gate.wait_until_open()
        try:
            return await self._send(path, body, understand, speed)
        except KeyRefused as refused:
            self._doubt()
            raise await self._diagnosis.explain(refused) from None
        except UpstreamKeyRefused:
            await self._check_key()
            raise
        except (ActionUnsupported, RelayUnreachable):
            self._doubt()
            raise

    def _doubt(self) -> None:
        """Let a read find out before the next submit whether the second header still goes alone, where it does."""
        if not self._relay.headers.sends_both:
            self._gate.close()

    async def _send(
        self, path: str, body: RequestBody, understand: Callable[[RelayResponse], _T], speed: Speed | None
    ) -> _T:
        terms = self._of_pictures if requests.has_pictures(body) else _OF_TEXT
        with count_api_request(path):
            path = f"/mj-{speed}{path}" if speed else path
            answer = await self._relay.submit(path, body, terms)
            if answer.is_success and answer.is_html and path in self._spoken:
                # Not the web console then, but a proxy's page, which may have come after the submit was forwarded.
                raise SubmitOutcomeUnknown("a page instead of an answer")
            if answer.text.lstrip("\ufeff \t\r\n").startswith("{") and answer.status not in {404, 405}:
                self._spoken.add(path)
            return understand(answer)


async def _unchanged(task: Task) -> Task:
    return task


def _segment(task_id: str) -> str:
    """Quote an id, which comes from people, as one part of a path; dots alone would be resolved, quoted or not."""
    if not task_id.strip(". "):
        raise TaskUnknown(task_id)
    return quote(task_id, safe="", errors="replace")
