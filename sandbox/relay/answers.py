"""Build the answers of new-api, in its JSON shapes and content types."""

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
"""The id that new-api gives to the current request."""


class RequestRefused(Exception):
    """Ends the handling of a request with `answer`."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ConnectionDropped(Exception):
    """Closes the connection without an answer."""


def dumps(value: object) -> str:
    """Return JSON as Go writes it: without spaces, and with Chinese characters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def empty_answer(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a status with neither a body nor a Content-Type."""
    return web.Response(status=status, headers=headers)


def submit_answer(
    code: int, description: str, result: object, properties: Mapping[str, object] | None = None
) -> web.Response:
    """Return the answer to a submit: JSON labeled as plain text, because new-api writes the raw bytes."""
    return text_answer(submit_body(code, description, result, properties))


def submit_body(
    code: int, description: str, result: object, properties: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the JSON body with which the upstream answers a submit."""
    body: dict[str, object] = {"code": code, "description": description, "result": result}
    return body if properties is None else {**body, "properties": dict(properties)}


def rewrite_codes(body: Mapping[str, object], *, keeps_21: bool, blanks: bool = False) -> web.Response:
    """Return an upstream's answer to a submit as new-api passes it on, with codes replaced in the text.

    Code 22 becomes 1, and so does 21 unless `keeps_21` (Custom Zoom and Vary (Region)). With `blanks` after its colons
    the text matches neither replacement and stays unchanged.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ": ")) if blanks else dumps(body)
    text = text.replace('"code":22', '"code":1')
    return text_answer(text if keeps_21 else text.replace('"code":21', '"code":1'))


def text_answer(body: object) -> web.Response:
    """Return a body labeled as plain text; anything but a string is encoded as JSON."""
    text = body if isinstance(body, str) else dumps(body)
    return web.Response(text=text, content_type="text/plain", charset="utf-8")


def tasks_answer(text: str) -> web.Response:
    """Return JSON text of tasks."""
    return web.Response(body=text.encode(), content_type="application/json")


def midjourney_error(description: str, code: int = 4) -> web.Response:
    """Return new-api's own error in Midjourney's shape; the trailing space of the description is new-api's."""
    body = {"code": code, "description": f"{description} ", "type": "upstream_error"}
    return json_answer(body, 429 if code == 30 else 400)


def openai_error(status: int, message: str, code: str | None = None, kind: str = "new_api_error") -> web.Response:
    """Return an error of new-api's middleware in OpenAI's shape."""
    error: dict[str, str] = {} if code is None else {"code": code}
    error |= {
        "message": message if kind == "new_api_panic" else f"{message} (request id: {REQUEST_ID.get()})",
        "type": kind,
    }
    return json_answer({"error": error}, status)


def image_error(status: int, error: str) -> web.Response:
    """Return the answer of `/mj/image` for a missing picture."""
    return json_answer({"error": error}, status)


def panic_answer() -> web.Response:
    """Return new-api's answer after a crash, here on a customId without a second part."""
    text = "Panic detected, error: runtime error: index out of range [1] with length 1."
    return openai_error(
        500, f"{text} Please submit a issue here: https://github.com/Calcium-Ion/new-api", kind="new_api_panic"
    )


def console_page() -> web.Response:
    """Return the web console, with which new-api answers any unknown path, with status 200."""
    return web.Response(text=_CONSOLE, content_type="text/html", charset="utf-8")


def bad_gateway() -> web.Response:
    """Return the 502 page of the reverse proxy in front of a relay that is down."""
    return web.Response(status=502, text=_BAD_GATEWAY, content_type="text/html", charset="utf-8")


def not_found(method: str, path: str) -> web.Response:
    """Return the JSON 404 of paths under `/v1`, `/api` and `/assets`."""
    error = {"message": f"Invalid URL ({method} {path})", "type": "invalid_request_error", "param": "", "code": ""}
    return json_answer({"error": error}, 404)


def json_answer(body: object, status: int = 200, *, charset: str | None = "utf-8") -> web.Response:
    """Return a JSON answer; Go names the charset in the content type, Java does not."""
    return web.Response(
        status=status,
        body=dumps(body).encode(),
        headers={"Content-Type": f"application/json; charset={charset}" if charset else "application/json"},
    )
