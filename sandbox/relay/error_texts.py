"""Build the errors of each relay software in its own words and shape.

Recorded from new-api of April 2025 and of May 2026 (a fork), one-hub, and midjourney-proxy 2.6 on 2026-11-28.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from sandbox.relay.accounts.keys import KeyFault
from sandbox.relay.answers import (
    ConnectionDropped,
    console_page,
    dumps,
    empty_answer,
    json_answer,
    not_found,
    openai_error,
    panic_answer,
)
from sandbox.relay.settings import Software

_KEY_TEXTS: dict[KeyFault, str] = {
    "missing": "未提供令牌",
    "wrong": "无效的令牌",
    "expired": "该令牌已过期",
    "exhausted": "该令牌额度已用尽 TokenStatusExhausted[sk-{mask}]",
}
_TOMCAT = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 404 \u2013 Not Found</title>'
    '<style type="text/css">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;'
    "background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} "
    "a {color:black;} .line {height:1px;background-color:#525D76;border:none;}</style></head>"
    "<body><h1>HTTP Status 404 \u2013 Not Found</h1></body></html>"
)


@dataclass(frozen=True)
class ErrorTexts:
    """The errors of one relay software."""

    software: Software

    @property
    def is_english(self) -> bool:
        """Whether the middleware's errors are in English, as in new-api of 2026."""
        return self.software == "newapi-2026"

    def refuse_key(self, fault: KeyFault, key: str) -> web.Response:
        """Refuse a key: new-api of 2026 has one text for every fault, midjourney-proxy an empty body."""
        if self.software == "midjourney-proxy":
            return empty_answer(401)
        if self.is_english:
            return self._error(401, "Invalid token", code="")
        if self.software == "onehub" and fault == "missing":
            fault = "wrong"
        return self._error(401, _KEY_TEXTS[fault].format(mask=f"{key[:3]}***{key[-3:]}"))

    def refuse_model(self, model: str) -> web.Response:
        """Refuse a model that the key may not use; a read counts as the model ""."""
        if self.is_english:
            return self._error(403, f"This token has no access to model {model}", code="")
        return self._error(403, f"该令牌无权访问模型 {model}")

    def no_channel(self, group: str, model: str) -> web.Response:
        """Report that no channel of the key's group offers a model."""
        if self.is_english:
            text = f"No available channel for model {model} under group {group} (distributor)"
            return self._error(503, text, code="model_not_found")
        code = "model_not_found" if self.software == "new-api" else None
        return self._error(503, f"当前分组 {group} 下对于模型 {model} 无可用渠道", code=code)

    def unknown_action(self, reason: str) -> web.Response:
        """Refuse a customId that the middleware cannot parse."""
        if self.is_english:
            return self._error(400, f"Invalid request: {reason}", code="")
        return self._error(400, f"Invalid request, {reason}")

    def crash(self) -> web.Response:
        """Answer as after a crash: new-api of 2025 writes two objects into one body, 2026 closes the connection."""
        if self.software == "new-api":
            return panic_answer()
        if self.is_english:
            raise ConnectionDropped
        second = dumps({"code": 4, "description": "task_status_not_success ", "type": "upstream_error"})
        return web.Response(
            status=500, text=f"{panic_answer().text}{second}", content_type="application/json", charset="utf-8"
        )

    def unknown_path(self, method: str, path: str) -> web.Response:
        """Answer a path that this software does not have."""
        if self.software == "midjourney-proxy":
            return spring_error(404, path) if path.startswith("/mj/") else _tomcat_page()
        if self.is_english or path.startswith(("/v1", "/api", "/assets")):
            return not_found(method, path)
        return console_page()

    def _error(self, status: int, message: str, code: str | None = None) -> web.Response:
        kind = "one_hub_error" if self.software == "onehub" else "new_api_error"
        return openai_error(status, message, code, kind)


def spring_error(status: int, path: str) -> web.Response:
    """Return Spring's error body, with which midjourney-proxy answers requests that it does not handle."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"timestamp": time, "status": status, "error": HTTPStatus(status).phrase, "path": path}
    return json_answer(body, status, charset=None)


def _tomcat_page() -> web.Response:
    return web.Response(status=404, text=_TOMCAT, headers={"Content-Type": "text/html;charset=utf-8"})
