"""The sentence about a relay that cannot be used, from recorded answers and from errors."""

import pytest

from bot.errors import (
    ActionUnsupported,
    KeyExpired,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayMoved,
    RelayUnreachable,
)
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.relay.relay_problems import describe_relay_problem
from bot.relay.responses import parser
from bot.relay.responses.relay_response import RelayResponse
from tests.recordings import recorded

URL = "https://relay.example"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("real/onehub_401", "API key: the relay does not know MJ_API_KEY. Copy MJ_API_KEY again from"),
        ("real/2026_key_refused_any_reason", "API key: the relay refuses MJ_API_KEY (the key is not valid). Copy"),
        ("real/2026_model_limits_on_fetch", "API key: MJ_API_KEY is limited to some models, so the relay won't"),
        ("real/nov_401_empty", "API key: the relay refuses MJ_API_KEY. Copy MJ_API_KEY again from the relay's"),
        ("34_err_401_invalid_key", "API key: the relay does not know MJ_API_KEY. Copy MJ_API_KEY again"),
        ("35_err_401_key_quota_exhausted", "API key: the quota of MJ_API_KEY is used up. Raise the key's"),
        ("37_err_503_no_channel", "API key: the group of MJ_API_KEY has no channel that can draw. Choose"),
        ("39_err_400_quota_not_enough", f"Relay: {URL} doesn't respond properly (the account's balance"),
    ],
)
def test_a_recorded_answer_has_the_sentence_that_fits_its_cause(name: str, text: str) -> None:
    """No Chinese is left, and the cause for /readyz quotes nothing."""
    with pytest.raises(RelayError) as refused:
        parser.parse_task(recorded(name).answer, UNUSED_TASK_ID)
    found = describe_relay_problem(refused.value, URL)
    assert str(found).startswith(text)
    assert str(found).isascii()
    assert str(found).endswith(".")
    assert "relay.example" not in found.cause


@pytest.mark.parametrize(
    ("error", "text", "cause"),
    [
        (KeyExpired("sk"), "API key: MJ_API_KEY has expired. Renew", "MJ_API_KEY has expired"),
        (
            KeyRefused("ask Bob"),
            "API key: the relay refuses MJ_API_KEY (ask Bob). Copy",
            "the relay refuses MJ_API_KEY",
        ),
        (
            RelayMoved("HTTP 301", address="https://new.example"),
            f"Relay: {URL} redirects to https://new.example. Set MJ_API_URL to https://new.example.",
            "the relay redirects to another address, to which MJ_API_URL must be changed",
        ),
        (
            RelayUnreachable("cannot connect", no_host=True),
            "Relay: this machine can't find the host relay.example. Check its internet connection, then MJ_API_URL.",
            "the relay's host name does not exist",
        ),
        (RelayUnreachable("HTTP 502"), f"Relay: {URL} doesn't respond properly (HTTP 502). Check", "does not answer"),
        (
            RelayUnreachable("系统异常"),
            f"Relay: {URL} doesn't respond properly (the relay had an internal",
            "not answer",
        ),
        (RelayUnreachable("HTTP 200"), f"Relay: {URL} doesn't respond properly (a web page or an empty", "not answer"),
        (RelayUnreachable(), f"Relay: {URL} doesn't respond properly (RelayUnreachable). Check", "does not answer"),
        (
            RelayBusy("当前分组负载已饱和"),
            f"Relay: {URL} doesn't respond properly (the key's group is overload",
            "too busy",
        ),
        (
            ActionUnsupported("x", lasting=True),
            f"Relay: {URL} is no relay: it has no /mj routes. Check MJ_API_URL",
            "no /mj routes",
        ),
    ],
)
def test_an_error_has_a_sentence_and_a_cause(error: RelayError, text: str, cause: str) -> None:
    found = describe_relay_problem(error, URL)
    assert str(found).startswith(text)
    assert cause in found.cause
    assert "Bob" not in found.cause


def test_without_a_url_the_relay_is_named_as_such() -> None:
    assert str(describe_relay_problem(RelayUnreachable("HTTP 502"))).startswith("Relay: the relay doesn't respond")
    assert "the host of the relay" in str(describe_relay_problem(RelayUnreachable("x", no_host=True)))


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "<html><head><title>404 Not Found</title></head></html>"),
        (404, "404 page not found"),
        (404, "404: Not Found"),
        (404, "404 Not Found: [no body]"),
        (405, "Method Not Allowed"),
    ],
)
def test_another_web_server_is_no_relay(status: int, text: str) -> None:
    answer = RelayResponse(status=status, text=text)
    with pytest.raises(RelayError) as refused:
        parser.parse_task(answer, UNUSED_TASK_ID)
    assert str(describe_relay_problem(refused.value, URL)).startswith(
        f"Relay: {URL} is no relay: it has no /mj routes. Check MJ_API_URL"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "Client sent an HTTP request to an HTTPS server.",
        "400 The plain HTTP request was sent to HTTPS port",
        "Bad Request: This combination of host and port requires TLS.",
    ],
)
def test_http_on_a_port_for_https_is_named(reason: str) -> None:
    found = describe_relay_problem(RelayUnreachable(reason), "http://relay.example:8443")
    assert str(found) == (
        "Relay: http://relay.example:8443 speaks https, not http. Set MJ_API_URL to https://relay.example:8443."
    )
