"""What operators are told of fake-IP DNS, private picture hosts and proxies."""

import asyncio

import pytest
from yarl import URL

from bot.network.connectors import ProxyError
from bot.network.proxies import Proxies, Proxy
from bot.ops.network_checks import PictureHostCheck, create_look_up, describe_proxies
from bot.settings import Settings

PROXY = Proxy(URL("http://p.test:3128"), "HTTPS_PROXY")
Problems = dict[str, ProxyError | None]
PUBLIC = ["93.184.216.34"]


def read(**given: object) -> Settings:
    """Read settings that are otherwise bare."""
    return Settings.read(_env_file=None, discord_token="a.b.c", mj_api_key="sk-1", **given)


async def check(names: dict[str, list[str]], problems: Problems | None = None, **given: object) -> str:
    """Return the findings, where names are known as given and all others are unknown."""

    async def find(host: str) -> list[str]:
        if host not in names:
            raise OSError("unknown")
        return names[host]

    return "\n".join(map(str, await PictureHostCheck(read(**given), problems or {}, find, let_through).run()))


async def let_through(host: str, proxies: Proxies) -> ProxyError | None:
    """Stand for a proxy that connects to every host."""
    return None


CDN, MIDJOURNEY, RELAY = "cdn.discordapp.com", "cdn.midjourney.com", "api.yescale.io"
FAKE_HINT = "Set ALLOW_FAKE_IP_DNS=true; .env.example says what that opens."


@pytest.mark.parametrize(
    ("names", "problems", "host", "address"),
    [
        ({CDN: ["198.18.0.9"]}, {}, CDN, "198.18.0.9"),
        ({CDN: PUBLIC, MIDJOURNEY: ["fc00::77"]}, {}, MIDJOURNEY, "fc00::77"),
        ({RELAY: ["198.19.4.4"]}, {}, RELAY, "198.19.4.4"),
        ({"pics.example": ["fdfe:dcba:9876::9"]}, {"pics.example": None}, "pics.example", "fdfe:dcba:9876::9"),
    ],
)
async def test_fake_ip_dns_is_reported(
    names: dict[str, list[str]], problems: Problems, host: str, address: str
) -> None:
    """One finding: the host, its address, and the setting; no failure once the setting allows it."""
    known = (
        f"Pictures: this machine's DNS gives {host} the address {address}, a fake IP as Clash, sing-box and Surge use"
    )
    refused = f"FAIL  {known}, so pictures from there are refused as private. {FAKE_HINT}"
    assert await check(names, problems) == refused
    assert await check(names, problems, allow_fake_ip_dns=True) == f"ok    {known}; ALLOW_FAKE_IP_DNS allows it."


DNS_HINT = "Check this machine's DNS server and hosts file."
RELAY_HINT = "The relay should deliver pictures itself, or from a public address."


@pytest.mark.parametrize(
    ("host", "address", "what", "advice"),
    [
        (CDN, "0.0.0.0", f"this machine resolves {CDN} to 0.0.0.0, which is", DNS_HINT),  # noqa: S104 - a DNS filter's
        ("nas.lan", "192.168.1.7", "this machine resolves nas.lan to 192.168.1.7, which is", RELAY_HINT),
        ("10.0.0.5", "10.0.0.5", "10.0.0.5 is", RELAY_HINT),
    ],
)
async def test_private_picture_hosts_are_reported(host: str, address: str, what: str, advice: str) -> None:
    """Also those from which the running bot refused a picture."""
    problems: Problems = {} if host == CDN else {host: None}
    expected = f"FAIL  Pictures: {what} not a public address, so pictures from there are refused. {advice}"
    assert await check({host: [address]}, problems) == expected


@pytest.mark.parametrize(
    ("names", "problems", "given"),
    [
        ({CDN: PUBLIC, MIDJOURNEY: PUBLIC, RELAY: PUBLIC}, {}, {}),
        ({}, {}, {}),
        ({CDN: PUBLIC, RELAY: ["192.168.1.7"]}, {}, {"mj_api_url": f"http://{RELAY}:3000"}),
        ({CDN: PUBLIC, RELAY: ["198.18.0.9"]}, {}, {}),
        ({CDN: PUBLIC, "pics.example": PUBLIC}, {"pics.example": None}, {}),
        ({}, {}, {"https_proxy": "p.test:1", "no_proxy": "*.discordapp.com, midjourney.com"}),
    ],
)
async def test_nothing_is_reported_of_hosts_that_work(
    names: dict[str, list[str]], problems: Problems, given: dict[str, object]
) -> None:
    """The relay itself may be private, an unknown name is reported elsewhere, and what was mended is forgotten."""
    assert await check(names, problems, **given) == ""


async def test_names_that_only_the_proxy_knows_are_reported() -> None:
    """Pictures of Discord and Midjourney come all the same; one that the bot has refused is a failure."""
    told = (
        "only the proxy can, and it might connect to a private address. So the bot downloads pictures only from "
        "Discord, Midjourney and the relay. Let this machine resolve public names too."
    )
    given = {"all_proxy": "p.test:1"}
    assert await check({}, {}, **given) == f"WARN  Pictures: this machine can't look up {CDN}, {told}"
    refused = await check({}, {"pics.example": None}, **given)
    assert refused == f"FAIL  Pictures: this machine can't look up pics.example, {told}"
    assert (await check({}, {CDN: None}, **given)).startswith("WARN")


async def test_what_the_proxy_did_comes_first() -> None:
    error = ProxyError(PROXY, "refused to connect to cdn.midjourney.com:443 (HTTP 403)", "Allow it.", status=403)
    problems: Problems = {"ok.example": None, MIDJOURNEY: error}
    found = await check({CDN: ["198.18.0.9"]}, problems, https_proxy="p.test:3128")
    assert found == f"FAIL  Pictures: the bot gets none from {MIDJOURNEY}. {error.problem} Allow it."


async def test_a_dns_server_that_does_not_answer_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded time the hosts count as unknown."""
    monkeypatch.setattr("bot.ops.network_checks._SECONDS", 0.01)

    async def hang(_: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert await PictureHostCheck(read(), {}, hang, let_through).run() == []


async def test_hosts_are_looked_up_as_the_system_does() -> None:
    assert {"127.0.0.1", "::1"} & set(await create_look_up()("localhost"))


@pytest.mark.parametrize(
    ("status", "fake", "expected"),
    [
        (403, True, "FAIL  Pictures: The proxy p.test:3128 did so. Do this."),
        (407, False, "FAIL  Pictures: The proxy p.test:3128 did so. Do this."),
        (502, False, "WARN  Pictures: The proxy p.test:3128 did so. Do this."),
        (0, False, "WARN  Pictures: The proxy p.test:3128 did so. Do this."),
        (502, True, "FAIL  Pictures: this machine's DNS gives cdn.discordapp.com the address 198.18.0.9"),
    ],
)
async def test_a_proxy_that_refuses_the_usual_hosts_is_reported(status: int, fake: bool, expected: str) -> None:  # noqa: FBT001
    """A refusal is a failure; a fault may pass, and hides nothing worse."""

    async def find(host: str) -> list[str]:
        return ["198.18.0.9"] if fake else PUBLIC

    async def refuse(host: str, proxies: Proxies) -> ProxyError | None:
        return ProxyError(PROXY, "did so", "Do this.", status=status) if host == MIDJOURNEY else None

    found = await PictureHostCheck(read(https_proxy="p.test:3128"), {}, find, refuse).run()
    assert str(found[0]).startswith(expected)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ""),
        ({"all_proxy": "http://user:secret@p.test:3128"}, "requests go through the proxy p.test:3128 (ALL_PROXY)."),
        (
            {"https_proxy": "http://user:secret@p.test", "no_proxy": "nas.local"},
            "requests go through the proxy p.test:80 (HTTPS_PROXY) for https:// addresses only, except for nas.local.",
        ),
        (
            {"all_proxy": "p.test:1", "no_proxy": "nas.local, relay.test:port, 10.0.0.0/99"},
            (
                "requests go through the proxy p.test:1 (ALL_PROXY), except for nas.local. NO_PROXY contains "
                '"relay.test:port" and "10.0.0.0/99": that names no host or network, and has no effect. Write names, '
                "addresses or networks, such as nas.local, 192.168.0.0/16."
            ),
        ),
        (
            {"https_proxy": "a.test:1", "http_proxy": "https://b.test"},
            "requests go through the proxy a.test:1 (HTTPS_PROXY) and b.test:443 (HTTP_PROXY).",
        ),
        (
            {"http_proxy": "http://p.test:3128"},
            "requests go through the proxy p.test:3128 (HTTP_PROXY) for http:// addresses only.",
        ),
    ],
)
def test_the_proxies_are_told_without_credentials(given: dict[str, str], expected: str) -> None:
    assert describe_proxies(read(**given)) == expected
