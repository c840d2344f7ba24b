"""The REST side of a loopback Discord: reads, limits, checks, answers and records every request."""

import json
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import BodyPartReader, web

from cogs.text.limits import FILE_BYTES, REQUEST_BYTES
from tests.wire.loopback_faults import RateLimits, Verdict
from tests.wire.loopback_schema import schema_reasons
from tests.wire.loopback_state import Refused, Request, State, Upload
from tests.wire.loopback_world import Message

PREFIX = "/api/v10"
_FIELD = re.compile(r"files\[(\d)\]")
_MESSAGES = {
    0: "401: Unauthorized",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    40005: "Request entity too large",
    40060: "Interaction has already been acknowledged.",
    40094: "This interaction has reached the maximum number of follow up messages.",
    50001: "Missing Access",
    50006: "Cannot send an empty message",
    50033: "Invalid Recipient(s)",
    50005: "Cannot edit a message authored by another user",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
}


class RefusalError(Exception):
    """Discord's answer to a request that it does not carry out."""

    def __init__(self, status: int, code: int, reasons: Collection[str] = ()) -> None:
        super().__init__(f"{status} {code} {reasons}")
        self.status, self.code, self.reasons = status, code, list(reasons)

    def body(self) -> dict[str, Any]:
        """Give the error object, the reasons at their places in it."""
        built: dict[str, Any] = {"message": _MESSAGES.get(self.code, "Refused"), "code": self.code}
        if self.reasons:
            errors: dict[str, Any] = {}
            for reason in self.reasons:
                _place(errors, reason)
            built["errors"] = errors
        return built


def _place(errors: dict[str, Any], reason: str) -> None:
    where = re.match(r"[\w.\[\]]+", reason)
    node = errors
    for key in re.findall(r"\w+", where.group() if where else "")[:12]:
        node = node.setdefault(key, {})
    code = "BUTTON_COMPONENT_INVALID_EMOJI" if ".emoji" in reason else "BASE_TYPE_INVALID"
    node.setdefault("_errors", []).append({"code": code, "message": reason})


@dataclass(frozen=True)
class Call:
    """A request as it was read; `path` is without /api/v10, `template` in the words of the OpenAPI document."""

    method: str
    path: str
    template: str
    match: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: list[Upload]

    @property
    def route(self) -> str:
        """Give the method and path in one."""
        return f"{self.method} {self.path}"


Answer: TypeAlias = tuple[int, Any]
Handler: TypeAlias = Callable[[Call], Answer]


class Wire:
    """Takes requests, judges them, and lets a handler answer."""

    def __init__(self, state: State, *, schema: bool, limits: bool) -> None:
        self.state, self.schema, self.limits = state, schema, limits
        self.budgets = RateLimits()

    def taker(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make an aiohttp handler of ours."""

        async def take(request: web.Request) -> web.StreamResponse:
            call = await _read(request)
            fault = next((one for one in self.state.faults if one.takes(call.method, call.path)), None)
            if fault is not None:
                await fault.wait()
            verdict = Verdict({})
            if fault is None or fault.status is None or fault.carried_out:
                status, body, verdict = self._answer(handler, call, request.headers.get("Authorization", ""))
            if fault is not None and fault.status is not None:
                status, body = fault.status, fault.body
            self._record(call, status, body)
            if status == 0 and request.transport is not None:
                request.transport.abort()
            return _response(status, body, {**verdict.headers, **(fault.headers if fault else {})})

        return take

    def _answer(self, handler: Handler, call: Call, authorization: str) -> tuple[int, Any, Verdict]:
        verdict = Verdict({})
        try:
            self._authorize(call, authorization)
            verdict = self.budgets.ask(call.method, call.path) if self.limits else verdict
            if verdict.retry_after is not None:
                limited = {"message": "You are being rate limited.", "retry_after": round(verdict.retry_after, 3)}
                return 429, {**limited, "global": verdict.everywhere, "code": 0}, verdict
            self._check(call)
            return *handler(call), verdict
        except RefusalError as refusal:
            if refusal.code in {50006, 50035}:
                self.state.refused.append(Refused(call.route, call.body, refusal.reasons))
            return refusal.status, refusal.body(), verdict

    def _authorize(self, call: Call, authorization: str) -> None:
        own_token = call.path.startswith(("/webhooks/", "/interactions/"))
        if not own_token and authorization != f"Bot {self.state.token}":
            raise RefusalError(401, 0)

    def _check(self, call: Call) -> None:
        limit = max(FILE_BYTES, self.state.file_bytes)
        sizes = [len(upload.content) for upload in call.uploads]
        if sizes and (max(sizes) > limit or sum(sizes) > max(REQUEST_BYTES, limit)):
            raise RefusalError(413, 40005)
        given = call.body is not None or not call.uploads
        reasons = schema_reasons(call.method, call.template, call.body) if self.schema and given else []
        if reasons:
            raise RefusalError(400, 50035, reasons)

    def _record(self, call: Call, status: int, body: Any) -> None:  # noqa: ANN401
        code = int(body.get("code") or 0) if status >= 400 and isinstance(body, Mapping) else 0
        names = tuple(upload.name for upload in call.uploads)
        request = Request(time.monotonic(), call.method, call.path, call.body, names, status, code)
        self.state.requests.append(request)
        if status == 429:
            self.state.rate_limited.append(request)
        self.state.changed()

    def unknown(self, call: Call) -> Answer:
        """Answer for a route that this Discord lacks, and put it on the record."""
        self.state.refused.append(Refused(call.route, call.body, ["the loopback has no such route"]))
        return 404, {"message": "404: Not Found", "code": 0}


async def _read(request: web.Request) -> Call:
    resource = request.match_info.route.resource
    template = resource.canonical.removeprefix(PREFIX) if resource else request.path
    body: Any = None
    uploads: list[Upload] = []
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            content = bytes(await part.read())
            slot = _FIELD.fullmatch(part.name or "")
            if slot:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                uploads.append(Upload(part.filename or "file", content, kind, int(slot[1])))
            elif part.name == "payload_json":
                body = json.loads(content)
    elif request.can_read_body and (text := await request.read()):
        body = json.loads(text)
    path = request.path.removeprefix(PREFIX)
    return Call(request.method, path, template, request.match_info, request.query, body, uploads)


def _response(status: int, body: Any, headers: Mapping[str, str]) -> web.Response:  # noqa: ANN401
    if status == 429:
        retry_after = str((body or {}).get("retry_after", 1))
        headers = {"Via": "1.1 google", "Retry-After": retry_after, **headers}
    if status == 204 or body is None:
        return web.Response(status=status or 500, headers=headers)
    # discord.py knows JSON only by exactly this type: no charset.
    return web.Response(
        status=status or 500, body=json.dumps(body).encode(), content_type="application/json", headers=headers
    )


def known_files(body: Mapping[str, Any], uploads: list[Upload], message: Message | None) -> list[str]:
    """Name the files that the message will have; a RefusalError where `attachments` names one that there is not."""
    had = {str(file.id): file.name for file in message.files} if message else {}
    slots = {str(upload.slot): upload.name for upload in uploads}
    if body.get("attachments") is None:
        kept = list(had.values())
    else:
        ids = [str(given.get("id")) for given in body["attachments"]]
        if wrong := [one for one in ids if one not in had and one not in slots]:
            raise RefusalError(400, 50035, [f"attachments: {one} is neither uploaded nor there" for one in wrong])
        kept = [had[one] for one in ids if one in had]
    return kept + list(slots.values())
