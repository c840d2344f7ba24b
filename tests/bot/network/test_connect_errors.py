"""Why a host cannot be connected, in sentences for the operator."""

import errno
import ssl
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from bot.network.connect_errors import explain_connect_error

KEY = ConnectionKey(
    host="relay.example", port=8080, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)


def make_ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


def make_certificate_error(code: int, message: str = "so") -> aiohttp.ClientConnectorCertificateError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return aiohttp.ClientConnectorCertificateError(KEY, error)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError()), "this machine can't find the host relay.example. Check"),
        (
            aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(errno.ECONNREFUSED, "so")),
            "nothing listens at relay.example:8080. Check the host and the port in MJ_API_URL",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError("Multiple exceptions: [Errno 111] Connect call failed, so")),
            "nothing listens at relay.example:8080.",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.ENETUNREACH, "so")),
            "this machine has no route to relay.example:8080.",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNRESET, "so")),
            "relay.example:8080 can't be reached (Connection reset by peer).",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, make_ssl_error("WRONG_VERSION_NUMBER")),
            "relay.example:8080 speaks http, not https. Set MJ_API_URL to http://relay.example:8080.",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, make_ssl_error("RECORD_LAYER_FAILURE")),
            "relay.example:8080 speaks http, not https.",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, make_ssl_error("TLSV1_ALERT_PROTOCOL_VERSION")),
            "no TLS connection to relay.example:8080 can be made (tlsv1 alert protocol version).",
        ),
        (make_certificate_error(10), "the certificate of relay.example has expired, by this machine's clock. Check"),
        (make_certificate_error(18), "this machine doesn't trust the issuer of the certificate of relay.example."),
        (make_certificate_error(62), "the certificate that relay.example shows is for another name."),
        (make_certificate_error(23, "revoked"), "the certificate of relay.example is refused (revoked)."),
        (aiohttp.ConnectionTimeoutError("so"), "the connection was not made in time."),
    ],
)
def test_a_connection_that_fails_has_a_cause_and_a_next_step(error: BaseException, said: str) -> None:
    """Class names of a library tell an operator nothing."""
    found = explain_connect_error(error, "MJ_API_URL")
    assert found is not None
    assert f"{found.problem} {found.advice}".startswith(said)
    assert "Error" not in found.problem


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), TimeoutError(), cast("Any", ValueError("x"))])
def test_other_errors_are_none_of_a_connection(error: BaseException) -> None:
    assert explain_connect_error(error, "MJ_API_URL") is None
