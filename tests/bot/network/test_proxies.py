"""Which proxy is used for a URL, and for which hosts none is."""

import pytest
from yarl import URL

from bot.network.proxies import Proxies
from bot.settings import Settings


def read(**given: str) -> Proxies:
    """Read proxies from settings that are otherwise bare."""
    return Proxies.from_settings(Settings.read(_env_file=None, discord_token="a.b.c", mj_api_key="sk-1", **given))


def find(url: str, **given: str) -> str:
    """Return the name of the proxy for a URL, or ""."""
    proxy = read(**given).find(URL(url))
    return f"{proxy.name} {proxy.setting}" if proxy else ""


BOTH = {"http_proxy": "plain.test:3128", "https_proxy": "https://safe.test"}


@pytest.mark.parametrize(
    ("url", "given", "expected"),
    [
        ("https://discord.com/api", BOTH, "safe.test:443 HTTPS_PROXY"),
        ("wss://gateway.discord.gg/", BOTH, "safe.test:443 HTTPS_PROXY"),
        ("http://relay.test:3000/mj", BOTH, "plain.test:3128 HTTP_PROXY"),
        ("ws://discord.test/gw", BOTH, "plain.test:3128 HTTP_PROXY"),
        ("http://relay.test/", {"https_proxy": "safe.test"}, ""),
        ("https://relay.test/", {"http_proxy": "plain.test"}, ""),
        ("https://relay.test/", {"all_proxy": "http://all.test:8080"}, "all.test:8080 ALL_PROXY"),
        ("http://relay.test/", {"all_proxy": "all.test:8080", **BOTH}, "plain.test:3128 HTTP_PROXY"),
        ("https://relay.test/", {"all_proxy": "all.test:8080", "http_proxy": "p.test"}, "all.test:8080 ALL_PROXY"),
        ("https://relay.test/", {"all_proxy": "[2001:db8::1]:3128"}, "[2001:db8::1]:3128 ALL_PROXY"),
        ("https://relay.test/", {}, ""),
    ],
)
def test_each_scheme_has_its_proxy(url: str, given: dict[str, str], expected: str) -> None:
    assert find(url, **given) == expected


@pytest.mark.parametrize(
    ("proxy", "authorization"),
    [
        ("http://user:password@p.test:1", "Basic dXNlcjpwYXNzd29yZA=="),
        ("user:p%40ss%2F%23@p.test:1", "Basic dXNlcjpwQHNzLyM="),
        ("http://user:p@ss@p.test:1", "Basic dXNlcjpwQHNz"),
        ("http://user@p.test:1", "Basic dXNlcjo="),
        ("http://:word@p.test:1", "Basic OndvcmQ="),
        ("http://jos%C3%A9:%E5%AF%86@p.test:1", "Basic am9zw6k65a+G"),
        ("http://p.test:1", ""),
    ],
)
def test_credentials_are_taken_from_the_address(proxy: str, authorization: str) -> None:
    """Only the header holds them."""
    made = read(https_proxy=proxy).https
    assert made is not None
    assert (made.authorization, made.name, str(made.url)) == (authorization, "p.test:1", "http://p.test:1/")
    assert not [part for part in (authorization[6:], "pass", "word@") if part and part in f"{made!r}"]


@pytest.mark.parametrize(
    ("no_proxy", "direct", "proxied"),
    [
        ("example.com", ["example.com", "a.b.example.com", "EXAMPLE.com."], ["notexample.com", "example.com.org"]),
        (".example.com", ["example.com", "a.example.com"], ["notexample.com"]),
        ("*.example.com", ["a.example.com"], ["notexample.com"]),
        ("nas.local, relay ; 10.0.0.0/8", ["nas.local", "relay", "10.1.2.3"], ["nas.example", "11.0.0.1"]),
        ("relay.test:3000", ["relay.test:3000"], ["relay.test:3001", "relay.test"]),
        ("192.168.*", ["192.168.7.7"], ["192.169.7.7"]),
        ("[2001:db8::1]:3000 2001:db8:1::/48", ["[2001:db8::1]:3000", "[2001:db8:1::7]"], ["[2001:db8::1]:3001"]),
        ("2001:db8:0::1", ["[2001:db8::1]"], ["[2001:db8::2]"]),
        ("<local>", ["relay", "nas"], ["relay.test", "10.0.0.1"]),
        ("http://relay.test", ["relay.test"], ["other.test"]),
        ("*", ["example.com", "10.0.0.1", "relay"], []),
        ("", [], ["example.com", "10.0.0.1", "relay"]),
        (",, ;", [], ["example.com"]),
        ("relay.test:port, 10.0.0.0/99", [], ["relay.test", "10.0.0.1", "10.0.0.0"]),
        ("https://corp.test/", ["corp.test", "a.corp.test"], ["acorp.test"]),
        ("corp.test/, http://user:secret@nas.test:3000/mj?a=1", ["corp.test", "nas.test:3000"], ["nas.test"]),
        ("https://10.0.0.5/mj", ["10.0.0.5"], ["10.0.0.6"]),
        ('"corp.test"', ["corp.test"], ["other.test"]),
        ("'corp.test, nas.local'", ["corp.test", "nas.local"], ["other.test"]),
        ("\u201ccorp.test\u201d", ["corp.test"], ["other.test"]),
        ("m\u00fcnchen.test", ["xn--mnchen-3ya.test", "a.xn--mnchen-3ya.test"], ["munchen.test"]),
        ("*.m\u00dcnchen.test:3000", ["a.xn--mnchen-3ya.test:3000"], ["a.xn--mnchen-3ya.test"]),
        ("\uff43orp.test\uff0c nas.test\u3001a\u3002test", ["corp.test", "nas.test", "a.test"], ["b.test"]),
        ("10.", ["10.1.2.3"], ["110.1.2.3", "10.test"]),
        ("192.168., 172.16.4", ["192.168.9.9", "172.16.4.7"], ["192.169.0.1", "172.16.5.1"]),
        ("10.0.0.0/255.255.0.0", ["10.0.7.7"], ["10.1.0.1"]),
        ("10.0.0.3-10.0.1.9", ["10.0.0.3", "10.0.0.255", "10.0.1.9"], ["10.0.0.2", "10.0.1.10"]),
        ("[fd00::]/8", ["[fd00::1]", "[fdff::1]"], ["[fe00::1]"]),
        ("[2001:db8::/32]", ["[2001:db8:7::1]"], ["[2001:db9::1]"]),
        ("[, a[!, <-loopback>, 10.0.0.9-10.0.0.1, .", [], ["corp.test", "10.0.0.5"]),
    ],
)
def test_exceptions_are_reached_directly(no_proxy: str, direct: list[str], proxied: list[str]) -> None:
    found = {host: find(f"http://{host}/", http_proxy="p.test:1", no_proxy=no_proxy) for host in direct + proxied}
    assert found == dict.fromkeys(direct, "") | dict.fromkeys(proxied, "p.test:1 HTTP_PROXY")


@pytest.mark.parametrize(
    "host", ["localhost:3000", "127.0.0.1", "127.8.8.8", "[::1]:3000", "relay.localhost", "LOCALHOST."]
)
def test_only_a_local_proxy_is_asked_for_this_machine(host: str) -> None:
    """Another machine would connect to itself."""
    assert find(f"http://{host}/", http_proxy="10.0.0.1:3128") == ""
    assert find(f"http://{host}/", http_proxy="127.0.0.1:7890") == "127.0.0.1:7890 HTTP_PROXY"
    assert find(f"http://{host}/", http_proxy="127.0.0.1:7890", no_proxy="localhost,127.0.0.0/8,::1") == ""
