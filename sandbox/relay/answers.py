"""Build every answer that a new-api gives, in its own shapes and content types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar

from aiohttp import web

_CONSOLE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"/><title>New API</title></head>
<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>
"""
_BAD_GATEWAY = """<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body>
</html>
"""
REQUEST_ID = ContextVar("request_id", default="20260101000000000000000sandbox0")
"""The id that new-api gives to the request which is being answered."""


class RequestRefused(Exception):
    """An answer that ends the handling of a request where it is raised."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ConnectionDropped(Exception):
    """The connection is closed instead of an answer."""


def dumps(value: object) -> str:
    """Return JSON as Go writes it: no spaces, no escapes for Chinese."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def empty_answer(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a status with neither a body nor a Content-Type."""
    return web.Response(status=status, headers=headers)


def submit_answer(
    code: int, description: str, result: object, properties: Mapping[str, object] | None = None
) -> web.Response:
    """Return a submit's answer: JSON that calls itself plain text, as new-api writes the raw bytes."""
    return text_answer(submit_body(code, description, result, properties))


def submit_body(
    code: int, description: str, result: object, properties: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the body of a submit's answer, as the upstream makes it."""
    body: dict[str, object] = {"code": code, "description": description, "result": result}
    return body if properties is None else {**body, "properties": dict(properties)}


def rewrite_codes(body: Mapping[str, object], *, keeps_21: bool, blanks: bool = False) -> web.Response:
    """Return an upstream's answer to a submit as new-api passes it on, which is a replacement of text.

    22 becomes 1, and 21 too but for Custom Zoom and Vary (Region). What the upstream writes with `blanks` after its
    colons holds neither text, and passes as it is.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ": ")) if blanks else dumps(body)
    text = text.replace('"code":22', '"code":1')
    return text_answer(text if keeps_21 else text.replace('"code":21', '"code":1'))


def text_answer(body: object) -> web.Response:
    """Return a body, JSON unless it is text already, that calls itself plain text."""
    text = body if isinstance(body, str) else dumps(body)
    return web.Response(text=text, content_type="text/plain", charset="utf-8")


def tasks_answer(text: str) -> web.Response:
    """Return task JSON that is already encoded."""
    return web.Response(body=text.encode(), content_type="application/json")


def midjourney_error(description: str, code: int = 4) -> web.Response:
    """Return new-api's own error in Midjourney style; the space at the end of the description is its."""
    body = {"code": code, "description": f"{description} ", "type": "upstream_error"}
    return json_answer(body, 429 if code == 30 else 400)


def openai_error(status: int, message: str, code: str | None = None, kind: str = "new_api_error") -> web.Response:
    """Return the error of new-api's middleware, OpenAI style."""
    error: dict[str, str] = {} if code is None else {"code": code}
    error |= {
        "message": message if kind == "new_api_panic" else f"{message} (request id: {REQUEST_ID.get()})",
        "type": kind,
    }
    return json_answer({"error": error}, status)


def image_error(status: int, error: str) -> web.Response:
    """Return what `/mj/image` says where there is no picture."""
    return json_answer({"error": error}, status)


def panic_answer() -> web.Response:
    """Return new-api's answer to its own crash, here on a customId that has no second part."""
    text = "Panic detected, error: runtime error: index out of range [1] with length 1."
    return openai_error(
        500, f"{text} Please submit a issue here: https://github.com/Calcium-Ion/new-api", kind="new_api_panic"
    )


def console_page() -> web.Response:
    """Return the web console, which is what any unknown path gets, with status 200."""
    return web.Response(text=_CONSOLE, content_type="text/html", charset="utf-8")


def bad_gateway() -> web.Response:
    """Return what the proxy before a dead relay says."""
    return web.Response(status=502, text=_BAD_GATEWAY, content_type="text/html", charset="utf-8")


def not_found(method: str, path: str) -> web.Response:
    """Return the JSON 404 of `/v1`, `/api` and `/assets`."""
    error = {"message": f"Invalid URL ({method} {path})", "type": "invalid_request_error", "param": "", "code": ""}
    return json_answer({"error": error}, 404)


def json_answer(body: object, status: int = 200, *, charset: str | None = "utf-8") -> web.Response:
    """Return JSON: Go names its charset, Java does not."""
    return web.Response(
        status=status,
        body=dumps(body).encode(),
        headers={"Content-Type": f"application/json; charset={charset}" if charset else "application/json"},
    )
