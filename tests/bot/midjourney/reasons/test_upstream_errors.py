"""Errors of Discord that a relay passed on are recognized by text or status; nothing secret is left."""

import pytest

from bot.midjourney.reasons.upstream_errors import UpstreamError, is_web_page, parse_upstream_error


@pytest.mark.parametrize(
    ("said", "clause", "left"),
    [
        ("Unknown Message", "Discord no longer has the original message", ""),
        ("401 Unauthorized: [no body]", "Discord no longer accepts the login of the relay's account", ""),
        (
            '400 Bad Request: "{"message":"Invalid Form Body","code":50035"',
            "Discord rejected what the relay sent",
            "",
        ),
        (
            "503 Service Unavailable: [upstream connect error]",
            "Discord didn't answer the relay",
            "upstream connect error",
        ),
        ('TooManyRequests: {"session_id":"secret"}', "Discord is slowing the relay's account down", ""),
        ('{"captcha_key":["captcha-required"]}', "Discord wants the relay's account verified", ""),
    ],
)
def test_an_error_that_was_passed_on_is_explained(said: str, clause: str, left: str) -> None:
    passed_on = parse_upstream_error(said)
    assert passed_on is not None
    assert passed_on.meaning is not None
    assert (passed_on.meaning.clause, passed_on.unexplained_text) == (clause, left)


@pytest.mark.parametrize("said", ["<!doctype html><title>502</title>", '"<html>'])
def test_a_web_page_is_not_explained(said: str) -> None:
    assert is_web_page(said)
    assert parse_upstream_error(said) == UpstreamError(None)


@pytest.mark.parametrize("said", ["", "Invalid parameter", "关联任务不存在", "404", "4 of 5 workers are busy"])
def test_other_texts_are_not_errors_of_discord(said: str) -> None:
    """A bare status is one; a number in a sentence is not."""
    assert (parse_upstream_error(said) is None) is (said != "404")
