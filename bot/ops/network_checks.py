"""What names and proxies do to the bot, as findings for `python -m bot check` and /mjcheck."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from yarl import URL

from bot.imaging.downloads.picture_sessions import find_proxy_refusal_of
from bot.imaging.downloads.url_safety import has_known_domain, is_fake_ip, is_public_ip
from bot.network.connectors import ProxyError
from bot.network.proxies import Proxies
from bot.network.system_resolver import SystemResolver
from bot.ops.diagnostics import Finding
from bot.settings import Settings

LookUp = Callable[[str], Awaitable[list[str]]]
"""Return the addresses of a host as this machine resolves it; raise OSError if it does not know the host."""

TryProxy = Callable[[str, Proxies], Awaitable[ProxyError | None]]
"""Return the proxy's error for an https:// host; None if there is none."""

_PICTURE_HOSTS = ("cdn.discordapp.com", "cdn.midjourney.com")
"""Where most relays' pictures are."""
_SECONDS = 3.0
_NAME = "Pictures"


def create_look_up() -> LookUp:
    """Create a look-up by the system, with a limit of its own for names that take long."""
    resolver = SystemResolver()

    async def look_up(host: str) -> list[str]:
        return [each["host"] for each in await resolver.resolve(host)]

    return look_up


def describe_proxies(settings: Settings) -> str:
    """Say which proxies are used, in one sentence without credentials; "" if none is."""
    proxies = Proxies.from_settings(settings)
    used = {proxy.name: proxy for proxy in (proxies.https, proxies.http) if proxy}
    if not used:
        return ""
    names = " and ".join(f"{proxy.name} ({proxy.setting})" for proxy in used.values())
    only = (
        " for http:// addresses only"
        if not proxies.https
        else " for https:// addresses only"
        if not proxies.http
        else ""
    )
    except_for = f", except for {', '.join(proxies.exceptions)}" if proxies.exceptions else ""
    return f"requests go through the proxy {names}{only}{except_for}.{_describe_unread(proxies.unread_exceptions)}"


def _describe_unread(exceptions: Iterable[str]) -> str:
    """Say which entries of NO_PROXY have no effect; "" if all have one."""
    if not (shown := " and ".join(f'"{each}"' for each in exceptions)):
        return ""
    return (
        f" NO_PROXY contains {shown}: that names no host or network, and has no effect. Write names, addresses or "
        "networks, such as nas.local, 192.168.0.0/16."
    )


@dataclass(frozen=True)
class PictureHostCheck:
    """Checks whether the bot may open the addresses of pictures.

    `problems` are PictureRefusals.problems of the running bot.
    """

    settings: Settings
    problems: Mapping[str, ProxyError | None] = field(default_factory=dict[str, ProxyError | None])
    look_up: LookUp = field(default_factory=create_look_up)
    try_proxy: TryProxy = find_proxy_refusal_of

    async def run(self) -> list[Finding]:
        """Return the worst finding, if there is one."""
        for host, error in self.problems.items():
            if error:
                message = f"the bot gets none from {host}. {error.problem}"
                return [Finding(_NAME, is_ok=False, message=message, advice=error.advice)]
        tried = await self._try_proxy()
        if any(not finding.is_ok for finding in tried):
            return tried
        return await self._judge_addresses() or tried

    async def _try_proxy(self) -> list[Finding]:
        """Report a proxy that does not let the usual hosts through; a refusal is a failure, a fault may pass."""
        proxies = Proxies.from_settings(self.settings)
        errors = await asyncio.gather(*(self.try_proxy(host, proxies) for host in _PICTURE_HOSTS))
        if (error := next(filter(None, errors), None)) is None:
            return []
        return [Finding(_NAME, is_ok=not 400 <= error.status < 500, message=error.problem, advice=error.advice)]

    async def _judge_addresses(self) -> list[Finding]:
        hosts = tuple(dict.fromkeys((*self.problems, *_PICTURE_HOSTS)))
        found = dict(zip(hosts, await asyncio.gather(*map(self._find_addresses, hosts)), strict=True))
        if not any(found.values()):  # the relay's own pictures may be anywhere, but show what DNS does
            relay = urlsplit(self.settings.mj_api_url).hostname or ""
            fake = self._report_fake_ips({relay: await self._find_addresses(relay)})
            return fake or self._report_unknown(found)
        return self._report_fake_ips(found) or _report_private(found) or self._report_unknown(found)

    async def _find_addresses(self, host: str) -> list[str]:
        try:
            async with asyncio.timeout(_SECONDS):
                return await self.look_up(host)
        except OSError:  # TimeoutError is one
            return []

    def _report_fake_ips(self, found: Mapping[str, Iterable[str]]) -> list[Finding]:
        for host, addresses in found.items():
            if fake := next(filter(is_fake_ip, addresses), None):
                known = (
                    f"this machine's DNS gives {host} the address {fake}, a fake IP as Clash, sing-box and Surge use"
                )
                if self.settings.allow_fake_ip_dns:
                    return [Finding(_NAME, is_ok=True, message=f"{known}; ALLOW_FAKE_IP_DNS allows it.")]
                return [
                    Finding(
                        _NAME,
                        is_ok=False,
                        message=f"{known}, so pictures from there are refused as private.",
                        advice="Set ALLOW_FAKE_IP_DNS=true; .env.example says what that opens.",
                    )
                ]
        return []

    def _report_unknown(self, found: Mapping[str, Iterable[str]]) -> list[Finding]:
        """Report what only the proxy can resolve."""
        proxies = Proxies.from_settings(self.settings)
        unknown = [host for host, addresses in found.items() if not addresses and proxies.find(URL(f"https://{host}"))]
        if not unknown:
            return []
        refused = [host for host in unknown if host in self.problems and not has_known_domain(host)]
        message = (
            f"this machine can't look up {(refused or unknown)[0]}, only the proxy can, and it might connect to a "
            "private address. So the bot downloads pictures only from Discord, Midjourney and the relay."
        )
        advice = "Let this machine resolve public names too."
        return [Finding(_NAME, is_ok=not refused, message=message, advice=advice)]


def _report_private(found: Mapping[str, Iterable[str]]) -> list[Finding]:
    for host, addresses in found.items():
        private = next((each for each in addresses if not is_public_ip(each)), None)
        if private:
            what = f"{host} is" if host == private else f"this machine resolves {host} to {private}, which is"
            advice = (
                "Check this machine's DNS server and hosts file."
                if host in _PICTURE_HOSTS
                else "The relay should deliver pictures itself, or from a public address."
            )
            message = f"{what} not a public address, so pictures from there are refused."
            return [Finding(_NAME, is_ok=False, message=message, advice=advice)]
    return []
