"""What names and proxies do to the bot, as findings for `python -m bot check` and /mjcheck."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from yarl import URL

from bot.imaging.network.proxies import Proxies
from bot.imaging.network.system_resolver import SystemResolver
from bot.imaging.url_safety import has_known_domain, is_fake_ip, is_public_ip
from bot.ops.diagnostics import Finding
from bot.settings import Settings

LookUp = Callable[[str], Awaitable[list[str]]]
"""Return the addresses of a host as this machine resolves it; raise OSError if it does not know the host."""

_PICTURE_HOSTS = ("cdn.discordapp.com", "cdn.midjourney.com")
"""Where most relays' pictures are."""
_SECONDS = 3.0
_NAME = "Pictures"


async def look_up(host: str) -> list[str]:
    """Return the addresses of a host."""
    return [each["host"] for each in await SystemResolver().resolve(host)]


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
    except_for = f", except for {settings.no_proxy}" if settings.no_proxy else ""
    return f"requests go through the proxy {names}{only}{except_for}."


@dataclass(frozen=True)
class PictureHostCheck:
    """Checks whether the bot may open the addresses of pictures.

    `problems` are PictureRefusals.problems of the running bot.
    """

    settings: Settings
    problems: Mapping[str, str] = field(default_factory=dict[str, str])
    look_up: LookUp = look_up

    async def run(self) -> list[Finding]:
        """Return the worst finding, if there is one."""
        for host, problem in self.problems.items():
            if problem:
                message = f"the bot gets none from {host}. {problem}"
                return [Finding(_NAME, is_ok=False, message=message, advice="Allow that host in the proxy.")]
        relay = urlsplit(self.settings.mj_api_url).hostname or ""
        hosts = dict.fromkeys((*self.problems, *_PICTURE_HOSTS, relay))
        found = dict(zip(hosts, await asyncio.gather(*map(self._find_addresses, hosts)), strict=True))
        picture_hosts = {host: addresses for host, addresses in found.items() if host != relay or host in self.problems}
        return (
            self._report_fake_ips(found) or _report_private(picture_hosts) or self._report_unknown(picture_hosts) or []
        )

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
