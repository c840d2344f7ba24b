"""Build every refusal of a relay by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from aiohttp import web

from sandbox.relay.answers import bad_gateway, console_page, midjourney_error, openai_error, panic_answer, submit_answer
from sandbox.relay.error_texts import ErrorTexts
from sandbox.relay.settings import Software
from sandbox.relay.submits.upstream_queue import banned_answer, queue_full_answer

Refusal = Literal[
    "queue full",
    "no account",
    "banned",
    "saturated",
    "unknown action",
    "no channel",
    "no route",
    "quota",
    "key spent",
    "lost",
    "panic",
    "bad gateway",
]

REFUSALS: dict[Refusal, Callable[[], web.Response]] = {
    # refused by the upstream, with HTTP 200, unbilled
    "queue full": queue_full_answer,
    "no account": lambda: submit_answer(3, "无可用的账号实例", None, {}),
    "banned": lambda: banned_answer("a gore"),
    # refused by new-api
    "saturated": lambda: midjourney_error("当前分组负载已饱和\uff0c请稍后再试", 30),
    "unknown action": lambda: openai_error(400, "Invalid request, unknown_action:MJ::BOOKMARK::u"),
    "no channel": lambda: openai_error(503, "当前分组 drawing 下对于模型 mj_x 无可用渠道", code="model_not_found"),
    "no route": console_page,
    "quota": lambda: midjourney_error("quota_not_enough"),
    "key spent": lambda: openai_error(401, "该令牌额度已用尽 TokenStatusExhausted[sk-abc***xyz]"),
    # it is unknown whether the task exists
    "lost": lambda: midjourney_error("do_request_failed", 5),
    "panic": panic_answer,
    "bad gateway": bad_gateway,
}


def build_refusal(reason: Refusal, software: Software) -> web.Response:
    """Return a refusal in the words of a relay software."""
    error_texts = ErrorTexts(software)
    own_texts: dict[Refusal, Callable[[], web.Response]] = {
        "unknown action": lambda: error_texts.unknown_action("unknown_action:MJ::BOOKMARK::u"),
        "no channel": lambda: error_texts.no_channel("default", "mj_x"),
        "no route": lambda: error_texts.unknown_path("POST", "/mj/submit/x"),
        "key spent": lambda: error_texts.refuse_key("exhausted", "sk-abc***xyz"),
    }
    return REFUSALS[reason]() if software == "new-api" or reason not in own_texts else own_texts[reason]()
