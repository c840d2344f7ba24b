"""URLs: which addresses a socket may connect to, which links only the relay can open, and when they expire."""

import socket
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.imaging.downloads.url_safety import (
    AddressRefusedError,
    create_public_connector,
    has_known_domain,
    is_host,
    is_public_ip,
    parse_expiry,
    rewrite_relay_url,
)

RELAY = "https://relay.example/pre"

PUBLIC = ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450:4001::1"]
PRIVATE = [
    "0.0.0.0",  # noqa: S104 - judged, not bound
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
]


@pytest.mark.parametrize("ip", PUBLIC)
def test_internet_addresses_are_public(ip: str) -> None:
    assert is_public_ip(ip)


@pytest.mark.parametrize("ip", PRIVATE)
def test_other_addresses_are_not_public(ip: str) -> None:
    """Private, local, reserved, multicast, tunneled, translated and metadata addresses."""
    assert not is_public_ip(ip)


class FakeResolver(AbstractResolver):
    """A resolver that returns the next list of addresses for each query, then fails."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not self._answers:
            raise OSError("no such name")
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for ip in self._answers.pop(0)
        ]

    async def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize("ips", [["127.0.0.1"], ["10.0.0.1", "192.168.0.1"], ["::1", "127.0.0.1"]])
async def test_connector_refuses_hosts_with_only_private_addresses(ips: list[str]) -> None:
    async with aiohttp.ClientSession(connector=create_public_connector(FakeResolver(ips))) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://rebound.example/")
    assert isinstance(caught.value.os_error, AddressRefusedError)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
async def test_connector_refuses_literal_private_addresses(host: str) -> None:
    """Aiohttp calls no resolver for them."""
    async with aiohttp.ClientSession(connector=create_public_connector(FakeResolver())) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://{host}:1/")
    assert isinstance(caught.value.os_error, AddressRefusedError)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:3000/mj/image/17?rand=a%2Fb&", "https://relay.example/pre/mj/image/17?rand=a%2Fb&"),
        ("http://LOCALHOST./a.png", "https://relay.example/pre/a.png"),
        ("https://127.0.0.1/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://127.1:80/x", "https://relay.example/pre/x"),
        ("http://0.0.0.0:3000/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://[::1]:3000/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://app.localhost/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://localhost", "https://relay.example/pre/"),
        ("http://localhost/pre/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://10.0.0.5:8080/mj/image/1", "https://relay.example/pre/mj/image/1"),
        ("http://new-api:3000/mj-fast/mj/image/1", "https://relay.example/pre/mj-fast/mj/image/1"),
        ("http://host.docker.internal/mj/image/1", "https://relay.example/pre/mj/image/1"),
    ],
)
def test_links_of_the_relays_machine_are_rewritten(url: str, expected: str) -> None:
    assert expected == rewrite_relay_url(url, RELAY)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3&",
        "https://relay.example/mj/image/1",
        "http://10.0.0.5/other/1",
        "http://new-api/other",
        "http://8.8.8.8/mj/image/1",
        "http://127.example.com/mj/image/1",
        "ftp://localhost/mj/image/1",
        "http://[/mj/image/1",
        "http://localhost:x/mj/image/1",
        "",
    ],
)
def test_other_links_are_unchanged(url: str) -> None:
    assert url == rewrite_relay_url(url, RELAY)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("/pre/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("///mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("mj/image/17?rand=a%2Fb&", "https://relay.example/pre/mj/image/17?rand=a%2Fb&"),
        ("./mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("../files/a.png", "https://relay.example/pre/files/a.png"),
        ("a_fox.webp?x=1", "https://relay.example/pre/a_fox.webp?x=1"),
        (" /mj/image/17\n", "https://relay.example/pre/mj/image/17"),
        ("relay.example/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("RELAY.example/pre/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("relay.example:8443/mj/image/17", "https://relay.example:8443/mj/image/17"),
        ("//relay.example/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("//cdn.example/a.png?ex=1&", "https://cdn.example/a.png?ex=1&"),
        ("cdn.example/attachments/1/a.png", "https://cdn.example/attachments/1/a.png"),
        ("8.8.8.8/a.png", "https://8.8.8.8/a.png"),
        ("v1.2/a.png", "https://relay.example/pre/v1.2/a.png"),
        ("localhost:3000/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("new-api:3000/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("//new-api/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("10.0.0.5/mj/image/17", "https://relay.example/pre/mj/image/17"),
        ("[::1]:3000/mj/image/17", "https://relay.example/pre/mj/image/17"),
    ],
)
def test_what_an_address_lacks_is_taken_from_the_relay(url: str, expected: str) -> None:
    assert expected == rewrite_relay_url(url, RELAY)


@pytest.mark.parametrize("relay", ["http://new-api:3000", "http://[fd00::5]:3000", "http://10.0.0.5"])
def test_an_address_without_scheme_may_name_a_private_relay(relay: str) -> None:
    authority = relay.removeprefix("http://")
    for url in ("/mj/image/17", "mj/image/17", f"{authority}/mj/image/17", f"//{authority}/mj/image/17"):
        assert f"{relay}/mj/image/17" == rewrite_relay_url(url, relay)


@pytest.mark.parametrize(
    "text", ["null", "undefined", "pending", "1754300000123417", "-", "?a=1", "/", "//", "not / yet"]
)
def test_text_that_is_no_address_becomes_empty(text: str) -> None:
    assert rewrite_relay_url(text, RELAY) == ""


def test_links_of_a_relay_on_localhost_keep_its_host() -> None:
    """A wrong port is corrected."""
    base = "http://user:secret@127.0.0.1:8080"
    assert rewrite_relay_url("http://127.0.0.1:8080/mj/image/1", base) == "http://127.0.0.1:8080/mj/image/1"
    assert rewrite_relay_url("http://localhost:3000/mj/image/1", base) == "http://127.0.0.1:8080/mj/image/1"


HOSTS = st.sampled_from(["localhost", "127.0.0.1", "10.0.0.1", "new-api", "cdn.example", "relay.example", "[::1]"])
TAILS = st.from_regex(r"(/mj/image)?/[A-Za-z0-9%&=?._~-]{0,20}", fullmatch=True)


@given(HOSTS, st.sampled_from(["", ":80", ":3000"]), TAILS, st.sampled_from(["", "/", "/pre", "/a/b/"]))
def test_rewriting_keeps_path_and_query_and_is_idempotent(host: str, port: str, tail: str, prefix: str) -> None:
    relay = f"https://relay.example{prefix}"
    rewritten = rewrite_relay_url(f"http://{host}{port}{tail}", relay)
    assert rewritten.endswith(tail)
    assert rewrite_relay_url(rewritten, relay) == rewritten
    assert URL(rewritten).host != "localhost"


@given(st.text())
def test_any_text_can_be_rewritten_and_parsed(text: str) -> None:
    assert isinstance(rewrite_relay_url(text, RELAY), str)
    assert isinstance(parse_expiry(text), datetime | None)
    assert isinstance(parse_expiry(f"https://cdn.example/a.png?ex={text}"), datetime | None)


def test_expiry_is_parsed_from_hex_seconds() -> None:
    url = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=6728831f&is=6727319f&hm=ab&"
    assert datetime(2024, 11, 4, 8, 17, 35, tzinfo=UTC) == parse_expiry(url)


@pytest.mark.parametrize("query", ["", "?ex=", "?ex=zz", "?ex=123456789", "?ex=-1", "?ex=1_0", "?x=67288aef"])
def test_links_without_valid_expiry_have_none(query: str) -> None:
    assert parse_expiry(f"https://cdn.example/a.png{query}") is None
    assert parse_expiry(f"http://[{query}") is None


async def test_connector_connects_to_allowed_addresses(unused_tcp_port: int) -> None:
    connector = create_public_connector(FakeResolver(["127.0.0.1"]), is_allowed={"127.0.0.1"}.__contains__)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://cdn.example:{unused_tcp_port}/")
    assert isinstance(caught.value.os_error, ConnectionRefusedError)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("cdn.discordapp.com", True),
        ("CDN.DiscordApp.com.", True),
        ("a_b-c.media.discordapp.net", True),
        ("discord.com.evil.test", False),
        ("xdiscord.com", False),
        (".discord.com", False),
        ("..discord.com", False),
        ("a..discord.com", False),
        ("a.discord.com..", False),
        ("a%00.discord.com", False),
        ("evil%2ediscord.com", False),
        ("a%2f.discord.com", False),
        ("a\0.discord.com", False),
        ("a\r\n.discord.com", False),
        ("a\u3002.discord.com", False),
        ("10.0.0.1:80.discord.com", False),
        ("a b.midjourney.com", False),
        ("a@b.midjourney.com", False),
        ("a.midjourney.com\n", False),
    ],
)
def test_only_a_well_formed_name_has_a_known_domain(host: str, *, expected: bool) -> None:
    """What a proxy may decode, cut or leave out is no name of Discord's or Midjourney's."""
    assert has_known_domain(host) is expected


@pytest.mark.parametrize("host", ["router", "nas.local", "a_b.example", "xn--mnchen-3ya.test.", "10.0.0.1", "fd00::1"])
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize("host", ["", ".", "a..b", ".a", "a%00", "fe80::1%eth0", "m\u00fcnchen.test", "a\tb", "[::1]"])
def test_other_text_is_no_host(host: str) -> None:
    assert not is_host(host)
