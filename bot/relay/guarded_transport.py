"""Send requests so that a key that cannot read never spends: retried reads, gated submits, diagnosed refusals."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp

from bot.clock import Now
from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayMoved,
    RelayUnreachable,
    SubmitRedirected,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.metrics import count_api_request
from bot.midjourney.request_options import Speed
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.key_diagnosis import USAGE_PATH, KeyDiagnosis
from bot.relay.requests import RequestBody, has_pictures
from bot.relay.responses import parser
from bot.relay.responses.missing_paths import is_same_page
from bot.relay.responses.relay_response import RelayResponse
from bot.relay.submit_gate import SubmitGate
from bot.relay.transport import RelayTransport, RequestLimits
from bot.retry import Sleep, retry
from bot.timeouts import raise_if_canceled

FETCH_PATH: Final = "/mj/task/{id}/fetch"
LIST_PATH: Final = "/mj/task/list-by-condition"
# The reads that the relay answers itself; it forwards seeds and cancels to its upstream.
_PATHS_PROVING_KEY: Final = frozenset({FETCH_PATH, LIST_PATH})
_MISSING_PATH: Final = "/mj/no-such-path"
"""A path that no relay has."""
_HTTP_NOT_FOUND: Final = 404
_HTTP_SERVER_ERROR: Final = 500
_RETRY_DELAYS: Final = (0.5,)
# Short, because the refusal that it explains waits for it.
_USAGE_LIMITS: Final = RequestLimits(max_bytes=65536, timeout=aiohttp.ClientTimeout(total=5))
DEFAULT_LIMITS: Final = RequestLimits()

_T = TypeVar("_T")
Parse = Callable[[RelayResponse], _T]


class GuardedTransport:
    """Reads are free and retried once; submits are sent exactly once, and only while the key can read.

    Before the first submit, and after a refused read, one read checks the key. If it fails, the submit is not sent, and
    the check's error is raised.
    """

    def __init__(
        self, transport: RelayTransport, *, now: Now, sleep: Sleep, upload_timeout: aiohttp.ClientTimeout
    ) -> None:
        self._transport = transport
        self._sleep = sleep
        self.account_rate_limiter = AccountRateLimiter(now)
        self.gate = SubmitGate(self._check_before_submit)
        self._diagnosis = KeyDiagnosis(
            lambda: transport.read_account(USAGE_PATH, _USAGE_LIMITS), self.account_rate_limiter, now
        )
        self._upload_limits = RequestLimits(timeout=upload_timeout)
        self._known_paths: set[str] = set()
        """The paths that have responded with JSON, so that this relay is known to have them; reads by template."""
        self._unknown_answers: set[tuple[int, bool]] = set()
        """How the relay says that it does not know a task: the status, and whether it says so in words."""

    @property
    def base_url(self) -> str:
        """Return the relay's URL, without a final slash."""
        return self._transport.base_url

    async def read(
        self,
        template: str,
        parse: Parse[_T],
        *,
        task_id: str | None = None,
        body: RequestBody | None = None,
        limits: RequestLimits = DEFAULT_LIMITS,
    ) -> _T:
        """Send a read, once more after a temporary failure, and return what `parse` makes of the response.

        `template` is the path, with `{id}` for the task id.
        """
        method = "GET" if body is None else "POST"
        path = template if task_id is None else template.replace("{id}", _quote_segment(task_id))

        def prove_key(response: RelayResponse) -> bool | None:
            return parser.prove_key(response, parse) if template in _PATHS_PROVING_KEY else None

        async def read_once() -> _T:
            with count_api_request(template):
                response = await self._transport.read(method, path, body, limits, prove_key)
                return await self._parse(template, response, parse)

        try:
            value = await retry(
                read_once,
                should_retry=lambda error: _is_temporary(error, is_list=template == LIST_PATH),
                delays=_RETRY_DELAYS,
                sleep=self._sleep,
            )
        except TaskUnknown:
            self._allow_submits(template)
            raise
        except (KeyRefused, BalanceExhausted) as refusal:
            self.gate.close()
            raise await self._diagnosis.explain(refusal) from None
        except UpstreamKeyRefused:
            await self._check_after_upstream_refusal()
            raise
        self._allow_submits(template)
        return value

    async def read_account(self, path: str, limits: RequestLimits) -> RelayResponse:
        """Read an account route, once; the caller acquires the call from `account_rate_limiter`."""
        with count_api_request(path):
            return self._note_path(path, await self._transport.read_account(path, limits))

    async def check_key(self) -> None:
        """Fetch a task that does not exist, and return if the relay responds and accepts the key."""
        with suppress(TaskUnknown):
            await self.read(
                FETCH_PATH,
                lambda response: parser.parse_task(response, UNUSED_TASK_ID),
                task_id=UNUSED_TASK_ID,
            )

    async def _check_before_submit(self) -> None:
        """Check the key, and accept an unreadable response if it shows that the relay accepted the key."""
        try:
            await self.check_key()
        except RelayUnreachable as unreadable:
            if not unreadable.took_key:
                raise

    async def _check_after_upstream_refusal(self) -> None:
        """Find out whether a refusal by the upstream is about our key after all: then reads are refused too.

        Raises:
            KeyRefused: The relay refuses the key.
            BalanceExhausted: The key's quota is used up.
        """
        with suppress(RelayUnreachable, RelayBusy):
            await self.check_key()

    def _allow_submits(self, template: str) -> None:
        """Open the gate if the response shows that the key can read."""
        if template in _PATHS_PROVING_KEY:
            self.gate.open()
            self._diagnosis.forget()

    async def submit(self, path: str, body: RequestBody, parse: Parse[_T], *, speed: Speed | None = None) -> _T:
        """Send a billed request exactly once, and return what `parse` makes of the response."""
        with raise_if_canceled(RelayUnreachable("stopped before it was sent")):
            await self.gate.wait_until_open()
        try:
            return await self._submit_once(path, body, parse, speed)
        except KeyRefused as refusal:
            self._recheck_headers()
            raise await self._diagnosis.explain(refusal) from None
        except UpstreamKeyRefused:
            await self._check_after_upstream_refusal()
            raise
        except (ActionUnsupported, RelayUnreachable, SubmitRedirected):
            self._recheck_headers()
            raise

    def _recheck_headers(self) -> None:
        """Make the next submit wait for a read, which finds out whether mj-api-secret alone is still accepted."""
        if not self._transport.headers.sends_both:
            self.gate.close()

    async def _submit_once(self, path: str, body: RequestBody, parse: Parse[_T], speed: Speed | None) -> _T:
        limits = self._upload_limits if has_pictures(body) else DEFAULT_LIMITS
        with count_api_request(path):
            path = f"/mj-{speed}{path}" if speed else path
            response = await self._transport.submit(path, body, limits)
            return await self._parse(path, response, parse)

    async def _parse(self, path: str, response: RelayResponse, parse: Parse[_T]) -> _T:
        """Parse a response; a proxy's page and its 404 count as what they are, not as the relay's answer."""
        response = self._note_path(path, response)
        try:
            return parse(response)
        except ActionUnsupported as unsupported:
            is_page = unsupported.lasting and response.is_success and response.is_html
            if not is_page or await self._is_console(response):
                raise
        except TaskUnknown as unknown:
            if path == FETCH_PATH and not self._may_mean_unknown(response):
                raise RelayUnreachable(unknown.reason) from None
            raise
        return parse(replace(response, path_has_worked=True))

    def _note_path(self, path: str, response: RelayResponse) -> RelayResponse:
        """Note that a path has worked, and return its response with whether it has before."""
        has_worked = path in self._known_paths
        if response.starts_with(("{", "[")) and not response.is_redirect and response.status not in {404, 405}:
            self._known_paths.add(path)
        return replace(response, path_has_worked=has_worked)

    def _may_mean_unknown(self, response: RelayResponse) -> bool:
        """Whether the relay may have said that it does not know a task.

        A relay always says so with the same status, and either in words or without, as its answer about the unused id
        shows. Once that is known, an answer without words that is another, such as an empty one, comes from something
        else, and so does a 404, which proxies send while the relay is being deployed. Words count always; but HTTP 500
        says anything, and counts only where the relay answers so about the unused id.
        """
        answer = (response.status, parser.names_unknown_task(response))
        others = {known for known in self._unknown_answers if known[0] != _HTTP_NOT_FOUND}
        is_unused = response.path.endswith(FETCH_PATH.replace("{id}", UNUSED_TASK_ID))
        if answer == (_HTTP_NOT_FOUND, False):
            counts = not others
        elif response.status >= _HTTP_SERVER_ERROR:
            counts = is_unused or answer in others
        else:
            counts = answer[1] or is_unused or not others or answer in others
        if counts:
            self._unknown_answers.add(answer)
        return counts

    async def _is_console(self, page: RelayResponse) -> bool:
        """Whether a page is the web console, which new-api serves for any path that it lacks, while tasks can be read.

        A proxy's page comes instead of reads too, or only for some of the paths.
        """
        try:
            other = await self._transport.read("GET", _MISSING_PATH, None, DEFAULT_LIMITS, lambda _: None)
            if not is_same_page(page, other):
                return False
            await self._check_before_submit()
        except RelayError:
            return False
        return True


def _is_temporary(error: Exception, *, is_list: bool) -> bool:
    """Whether a second read may help; the poller reads a spoiled list again itself, in halves."""
    if not isinstance(error, RelayUnreachable) or isinstance(error, RelayMoved):
        return False
    return error.retry_after is None and not (is_list and error.spoiled)


def _quote_segment(task_id: str) -> str:
    """Quote an id, which people type, as one segment of a path; dots alone would be resolved even when quoted."""
    if not task_id.strip(". "):
        raise TaskUnknown(task_id=task_id)
    return quote(task_id, safe="", errors="replace")
