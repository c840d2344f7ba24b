"""Explain to the operator why a connection to a host could not be made, from aiohttp's error."""

import errno
import os
import re
import ssl
from dataclasses import dataclass
from typing import Final

import aiohttp

_UNKNOWN_ISSUER: Final = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT to X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE."""
_WRONG_DATE: Final = {9: "is not valid yet", 10: "has expired"}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""
_WRONG_NAME: Final = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""OpenSSL's reasons where the other side answers without TLS."""
_NO_ROUTE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})
_REFUSED: Final = re.compile(rf"Errno {errno.ECONNREFUSED}\b|refused", re.IGNORECASE)


@dataclass(frozen=True)
class ConnectProblem:
    """Why a host cannot be connected: `problem` and `advice` are sentences."""

    problem: str
    advice: str


def explain_connect_error(error: BaseException, setting: str) -> ConnectProblem | None:
    """Explain an error of a connection to the host that `setting` names; None for any other error."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            problem = f"this machine can't find the host {error.host}."
            return ConnectProblem(problem, f"Check its internet connection, then {setting}.")
        case aiohttp.ClientConnectorCertificateError():
            return _explain_certificate(error.certificate_error, error.host, setting)
        case aiohttp.ClientConnectorError():
            return _explain_os_error(error.os_error, error.host, error.port, setting)
        case aiohttp.ConnectionTimeoutError():
            advice = f"Check {setting}, this machine's internet connection, and its firewall."
            return ConnectProblem("the connection was not made in time.", advice)
        case _:
            return None


def _explain_os_error(reason: OSError, host: str, port: int | None, setting: str) -> ConnectProblem:
    where = host if port is None else f"{f'[{host}]' if ':' in host else host}:{port}"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return _explain_certificate(reason, host, setting)
    if isinstance(reason, ssl.SSLError):
        if reason.reason in _NO_TLS:
            return ConnectProblem(f"{where} speaks http, not https.", f"Set {setting} to http://{where}.")
        words = (reason.reason or type(reason).__name__).replace("_", " ").lower()
        problem = f"no TLS connection to {where} can be made ({words})."
        return ConnectProblem(problem, f"Check the host and the port in {setting}.")
    if reason.errno == errno.ECONNREFUSED or (reason.errno is None and _REFUSED.search(str(reason))):
        advice = f"Check the host and the port in {setting}, and whether the program there runs."
        return ConnectProblem(f"nothing listens at {where}.", advice)
    if reason.errno in _NO_ROUTE:
        advice = f"Check this machine's internet connection, then {setting}."
        return ConnectProblem(f"this machine has no route to {where}.", advice)
    words = os.strerror(reason.errno) if reason.errno else type(reason).__name__
    return ConnectProblem(f"{where} can't be reached ({words}).", f"Check {setting}, and whether the host is up.")


def _explain_certificate(reason: Exception, host: str, setting: str) -> ConnectProblem:
    code = getattr(reason, "verify_code", 0)
    if code in _WRONG_DATE:
        return ConnectProblem(
            f"the certificate of {host} {_WRONG_DATE[code]}, by this machine's clock.",
            "Check this machine's clock; if it is right, the certificate has to be renewed at the host.",
        )
    if code in _WRONG_NAME:
        return ConnectProblem(
            f"the certificate that {host} shows is for another name.", f"Set {setting} to the name in the certificate."
        )
    if code in _UNKNOWN_ISSUER:
        advice = "Set SSL_CERT_FILE to a file with the trusted certificates and this one's issuer."
        return ConnectProblem(f"this machine doesn't trust the issuer of the certificate of {host}.", advice)
    words = getattr(reason, "verify_message", "") or type(reason).__name__
    return ConnectProblem(f"the certificate of {host} is refused ({words}).", f"Check {setting}.")
