"""The relay's Midjourney API: each endpoint is a method."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from functools import partial
from typing import Final, Self, TypeVar, get_args

import aiohttp

from bot.clock import Now, utc_now
from bot.errors import ActionUnsupported, RelayError
from bot.imaging.downloads.url_safety import rewrite_relay_url
from bot.metrics import create_zero_counters
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.network.connectors import DIRECT
from bot.network.proxies import Proxies
from bot.relay import requests
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingPage, parse_billing_log, parse_task_by_state
from bot.relay.guarded_transport import FETCH_PATH, LIST_PATH, GuardedTransport, Parse
from bot.relay.key_diagnosis import USAGE_PATH
from bot.relay.requests import Change, SubmitRequest, find_sent_ids
from bot.relay.responses import account_responses, parser
from bot.relay.responses.account_responses import KeyQuota, RelayMoney, RelayPriceList
from bot.relay.responses.row_cache import TaskRowCache
from bot.relay.transport import RelayTransport, RequestLimits
from bot.retry import Sleep

BATCH_SIZE: Final = 50
"""How many ids one list-by-condition accepts."""

# `connect` includes the DNS lookup. If it times out, nothing was sent.
READ_TIMEOUT: Final = aiohttp.ClientTimeout(total=20, connect=12, sock_connect=8)
# new-api gives its upstream 60 s; we must wait longer for its response.
SUBMIT_TIMEOUT: Final = aiohttp.ClientTimeout(total=90, connect=12, sock_connect=8)
# Five pictures of 10 MiB take minutes on a slow connection; `sock_read` starts when they are sent.
UPLOAD_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, connect=12, sock_connect=8, sock_read=90)
# The upstream asks Discord for the seed; TrueAI's proxy waits 60 s for that.
SEED_TIMEOUT: Final = aiohttp.ClientTimeout(total=75, connect=12, sock_connect=8)
_T = TypeVar("_T")
TaskTransform = Callable[[Task], Awaitable[Task]]
"""Change a task that was read, to add the buttons that the bot offers when the relay sends none."""
_LIST_LIMITS: Final = RequestLimits(max_bytes=4 * 1024 * 1024)
_LOG_LIMITS: Final = RequestLimits(max_bytes=8 * 1024 * 1024)
_SEED_PATH: Final = "/mj/task/{id}/image-seed"
_CANCEL_PATH: Final = "/mj/task/{id}/cancel"
_ALL_TASKS_PATH: Final = "/mj/task/list"
_LOG_PATH: Final = "/api/log/token"
_STATUS_PATH, _PRICING_PATH, _MODELS_PATH = "/api/status", "/api/pricing", "/api/available_model"
_SUBSCRIPTION_PATH, _BILLED_PATH = "/v1/dashboard/billing/subscription", "/v1/dashboard/billing/usage"
# The price list of a relay with hundreds of models of all kinds has some 300 KiB.
_ACCOUNT_LIMITS: Final = RequestLimits(max_bytes=2 * 1024 * 1024, timeout=aiohttp.ClientTimeout(total=15))

create_zero_counters(
    {FETCH_PATH, LIST_PATH, _SEED_PATH, _CANCEL_PATH, _ALL_TASKS_PATH, _LOG_PATH, requests.UPLOAD_PATH}
    | {_STATUS_PATH, _PRICING_PATH, _MODELS_PATH, _SUBSCRIPTION_PATH, _BILLED_PATH, USAGE_PATH}
    | {str(kind.path) for kind in get_args(SubmitRequest)}
)


class RelayClient:
    """A relay's `/mj` API; every method raises subclasses of `RelayError` only.

    GuardedTransport says which requests are retried and when submits are held back.
    """

    def __init__(
        self,
        transport: RelayTransport,
        *,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
        seed_timeout: aiohttp.ClientTimeout = SEED_TIMEOUT,
        upload_timeout: aiohttp.ClientTimeout = UPLOAD_TIMEOUT,
        transform_task: TaskTransform | None = None,
    ) -> None:
        self._transport = GuardedTransport(transport, now=now, sleep=sleep, upload_timeout=upload_timeout)
        self._transform_task = transform_task
        self._rows = TaskRowCache(lambda row: self._rewrite_links(parser.parse_row(row)))
        self._seed_limits = RequestLimits(timeout=seed_timeout)
        self.submits_ended = 0
        """How many billed requests this process has sent, or tried to send, whatever became of them."""

    @classmethod
    @asynccontextmanager
    async def open(  # noqa: PLR0913 - the composition root passes four of them, a test the one that it shortens
        cls,
        base_url: str,
        key: str,
        *,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
        read_timeout: aiohttp.ClientTimeout = READ_TIMEOUT,
        submit_timeout: aiohttp.ClientTimeout = SUBMIT_TIMEOUT,
        seed_timeout: aiohttp.ClientTimeout = SEED_TIMEOUT,
        upload_timeout: aiohttp.ClientTimeout = UPLOAD_TIMEOUT,
        transform_task: TaskTransform | None = None,
        proxies: Proxies = DIRECT,
    ) -> AsyncGenerator[Self]:
        """Open the connections to the relay at `base_url`, with `key` in their headers.

        Every task that is read passes through `transform_task`.
        """
        async with RelayTransport.open(
            base_url, key, now=now, read_timeout=read_timeout, submit_timeout=submit_timeout, proxies=proxies
        ) as transport:
            yield cls(
                transport,
                now=now,
                sleep=sleep,
                seed_timeout=seed_timeout,
                upload_timeout=upload_timeout,
                transform_task=transform_task,
            )

    @property
    def account_rate_limiter(self) -> AccountRateLimiter:
        """Return the limiter from which callers acquire each call of `fetch_billing_log`."""
        return self._transport.account_rate_limiter

    async def fetch_task(self, task_id: str) -> Task:
        """Fetch one task.

        Of a task that waits for its modal, the most advanced row is returned, because a fetch reads the first one.

        Raises:
            TaskUnknown: The relay does not know the task, or not for this key.
        """
        task = await self._transport.read(
            FETCH_PATH, lambda response: parser.parse_task(response, task_id), task_id=task_id
        )
        if task.is_modal_row:
            with suppress(RelayError, KeyError):
                return (await self.fetch_tasks([task_id]))[task_id]
        return await self._add_buttons(self._rewrite_links(task))

    async def fetch_tasks(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Fetch up to `BATCH_SIZE` tasks by id in one request; unknown ids are missing.

        Raises:
            ActionUnsupported: The relay has no list-by-condition.
        """
        ids = list(task_ids)
        tasks = await self._transport.read(
            LIST_PATH,
            lambda response: parser.parse_tasks(response, ids, self._rows.parse),
            body={"ids": ids},
            limits=_LIST_LIMITS,
        )
        return {task_id: await self._add_buttons(task) for task_id, task in tasks.items()}

    async def fetch_seed(self, task_id: str) -> str:
        """Fetch the seed of a task, which takes up to a minute, or two if the first read fails.

        Raises:
            TaskUnknown: The relay does not know the task, or not for this key.
            ActionUnsupported: The relay has no image-seed.
            SubmitRefused: Midjourney provides no seed for this task.
        """
        return await self._transport.read(
            _SEED_PATH,
            lambda response: parser.parse_seed(response, task_id),
            task_id=task_id,
            limits=self._seed_limits,
        )

    async def cancel_task(self, task_id: str) -> None:
        """Ask the relay to cancel a running task; the task's status shows later whether it did.

        Raises:
            TaskUnknown: The relay does not know the task, or not for this key.
            ActionUnsupported: The relay has no cancel; new-api has none.
            SubmitRefused: The task is over already, or waits for its modal.
        """
        await self._transport.read(
            _CANCEL_PATH, lambda response: parser.parse_cancel(response, task_id), task_id=task_id, body={}
        )

    async def find_task_by_state(self, state: str) -> Task | None:
        """Search all tasks of a midjourney-proxy for the one that carries `state`.

        Raises:
            ActionUnsupported: The relay has no list of all tasks; new-api has none.
        """
        response = await self._transport.read(_ALL_TASKS_PATH, lambda response: response)
        task = await asyncio.to_thread(parse_task_by_state, response, state)
        return self._rewrite_links(task) if task else None

    async def fetch_billing_log(self) -> BillingPage:
        """Fetch what the relay billed to this key, newest first; counts as one call of `account_rate_limiter`.

        Raises:
            ActionUnsupported: The relay has no such log.
            RelayBusy: The log was read too often.
        """
        response = await self._transport.read_account(_LOG_PATH, _LOG_LIMITS)
        return await asyncio.to_thread(parse_billing_log, response)

    async def fetch_money(self) -> RelayMoney:
        """Fetch the relay's unit and currency.

        Raises:
            ActionUnsupported: The relay does not tell them.
        """
        return await self._read_account(_STATUS_PATH, account_responses.parse_status)

    async def fetch_prices(self) -> RelayPriceList:
        """Fetch the relay's price list: new-api's, or that of one-hub where the relay has none of new-api's.

        Raises:
            ActionUnsupported: The relay has no price list that it shows to this key.
        """
        try:
            return await self._read_account(_PRICING_PATH, account_responses.parse_pricing)
        except ActionUnsupported as unsupported:
            try:
                return await self._read_account(_MODELS_PATH, account_responses.parse_available_models)
            except ActionUnsupported:
                raise unsupported from None

    async def fetch_balance(self) -> tuple[Decimal, Decimal]:
        """Fetch what the key has left, and its limit; counts as two calls of `account_rate_limiter`.

        Both are in the `balance_currency` of `fetch_money`. Which of key and account they are about, the relay does not
        say. The limit of an unlimited key is UNLIMITED.

        Raises:
            ActionUnsupported: The relay has no such routes.
        """
        limit = await self._read_account(_SUBSCRIPTION_PATH, account_responses.parse_subscription)
        used = await self._read_account(_BILLED_PATH, account_responses.parse_billing_usage)
        return limit - used, limit

    async def fetch_key_quota(self) -> KeyQuota:
        """Fetch what is left of the key's quota, in units; counts as one call of `account_rate_limiter`.

        Raises:
            ActionUnsupported: The relay has no such route.
        """
        return await self._read_account(USAGE_PATH, account_responses.parse_key_usage)

    async def _read_account(self, path: str, parse: Parse[_T]) -> _T:
        """Read an account route, once; a failure of it says nothing about the key, and closes no gate."""
        response = await self._transport.read_account(path, _ACCOUNT_LIMITS)
        return await asyncio.to_thread(parse, response)

    async def check_key(self) -> None:
        """Fetch a task that does not exist, and return if the relay responds and accepts the key."""
        await self._transport.check_key()

    async def submit(self, request: SubmitRequest, *, state: str, speed: Speed | None = None) -> SubmitResponse:
        """Submit a new task, which will carry `state`; `speed` selects another queue than the relay's default.

        Raises:
            SubmitOutcomeUnknown: The task may exist and be billed.
            ActionUnsupported: The relay cannot do this or, with a speed, has no path for that.
            RelayError: Any other error: nothing was accepted, nothing is billed.
        """
        body = {**request.body, "state": state}
        parse = partial(parser.parse_submission, sent_ids=find_sent_ids(request))
        return await self._submit(request.path, body, parse, speed=speed)

    async def submit_change(self, task_id: str, action: str, index: int, *, state: str) -> SubmitResponse:
        """Request UPSCALE, VARIATION or REROLL through the older endpoint."""
        return await self.submit(Change(task_id=task_id, action=action, index=index), state=state)

    async def upload_images(self, pictures: Sequence[bytes]) -> tuple[str, ...]:
        """Upload pictures to Discord's CDN through an account of the relay, and return their links, valid for a day.

        An upload is billed, and so sent exactly once, like a submit.

        Raises:
            SubmitOutcomeUnknown: The pictures may have been uploaded and billed.
        """
        body = {"base64Array": tuple(pictures)}
        links = await self._submit(requests.UPLOAD_PATH, body, parser.parse_upload_links)
        return tuple(rewrite_relay_url(url, self._transport.base_url) for url in links)

    async def _submit(
        self, path: str, body: requests.RequestBody, parse: Parse[_T], *, speed: Speed | None = None
    ) -> _T:
        try:
            return await self._transport.submit(path, body, parse, speed=speed)
        finally:
            self.submits_ended += 1

    async def _add_buttons(self, task: Task) -> Task:
        return await self._transform_task(task) if self._transform_task else task

    def _rewrite_links(self, task: Task) -> Task:
        """Rewrite links without scheme or host, or that only the relay's machine can open, to use the base URL."""
        base_url = self._transport.base_url
        return task.model_copy(
            update={
                "image_url": rewrite_relay_url(task.image_url, base_url),
                "image_urls": _rewrite_all(task.image_urls, base_url),
                "video_url": rewrite_relay_url(task.video_url, base_url),
                "video_urls": _rewrite_all(task.video_urls, base_url),
            }
        )


def _rewrite_all(urls: Sequence[str], base_url: str) -> tuple[str, ...]:
    """Rewrite the links of pictures or clips, whose places are their numbers; return () if none is an address."""
    rewritten = tuple(rewrite_relay_url(url, base_url) for url in urls)
    return rewritten if any(rewritten) else ()
