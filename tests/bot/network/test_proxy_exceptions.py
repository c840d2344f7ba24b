"""What NO_PROXY stands for, and what in it has no effect; test_proxies tests which hosts it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.network.proxy_exceptions import parse_exceptions


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("", []),
        ("*, <local>, .corp.test, *.nas.test, 10., 10.0.0.0/8, [fd00::]/8, a.test:1, https://b.test/", []),
        ("relay.test:port", ["relay.test:port"]),
        ("10.0.0.0/99, nas.test", ["10.0.0.0/99"]),
        ("[fd00::/8", ["[fd00::/8"]),
        ("a[!;[|*.", ["a[!", "[", "*."]),
        ("http://user:secret@a b!", ["b!"]),
        ("10.0.0.9-10.0.0.1 fe80::-10.0.0.1", ["10.0.0.9-10.0.0.1", "fe80::-10.0.0.1"]),
        ("10.0.0.256,10.0.0.1-9,7", ["10.0.0.256", "10.0.0.1-9", "7"]),
    ],
)
def test_what_names_no_host_is_returned(text: str, unread: list[str]) -> None:
    assert parse_exceptions(text)[1] == unread


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    """Without an error, also when a host is compared with it."""
    read, _ = parse_exceptions(text)
    for each in read.values():
        assert each.matches("corp.test", 443) in {True, False}


def test_credentials_are_left_out() -> None:
    """The entries are shown to operators."""
    read, unread = parse_exceptions("https://user:secret@corp.test/, user:secret@a[!")
    assert "secret" not in f"{read} {unread}"
