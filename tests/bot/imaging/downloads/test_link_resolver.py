"""Lookups of people's links keep places for other people, and for results."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.imaging.downloads.downloader import LinkedPicture, PictureDownloader
from bot.imaging.downloads.link_resolver import LinkResolver, look_up_for

KNOWN = ResolveResult(hostname="cdn.test", host="93.184.216.34", port=0, family=socket.AF_INET, proto=0, flags=0)


class NameServers(AbstractResolver):
    """Answers for every host but those with `dead` in their name, until `recover` is called."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.began_three = asyncio.Event()
        """As many links are downloaded at once."""
        self._recovered = asyncio.Event()

    def recover(self) -> None:
        """Let the dead servers say that they know no such name."""
        self._recovered.set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Answer, or wait."""
        self.asked.append(host)
        if len(self.asked) == 3:
            self.began_three.set()
        if "dead" in host:
            await self._recovered.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [KNOWN]

    async def close(self) -> None:
        """Hold nothing."""


@asynccontextmanager
async def open_resolver() -> AsyncGenerator[tuple[LinkResolver, NameServers]]:
    """Open a resolver on name servers."""
    servers = NameServers()
    resolver = LinkResolver(servers)
    yield resolver, servers
    await resolver.close()


async def give_up(resolver: LinkResolver, person_id: int, hosts: int) -> None:
    """Let a person's links name dead hosts, one after another, and stop waiting for each."""
    for number in range(hosts):
        with look_up_for(person_id):
            lookup = asyncio.create_task(resolver.resolve(f"{number}.dead{person_id}.test"))
        for _ in range(3):
            await asyncio.sleep(0)
        lookup.cancel()
        await asyncio.gather(lookup, return_exceptions=True)


@pytest.mark.parametrize("hosts", [1, 2, 9, 40])
async def test_a_persons_dead_hosts_take_only_the_persons_share(hosts: int) -> None:
    """Though nobody waits for them any more: the system still does."""
    async with open_resolver() as (resolver, servers):
        await give_up(resolver, 1, hosts)
        assert len(servers.asked) == min(hosts, 2)
        with look_up_for(2):
            assert await resolver.resolve("cdn.test") == [KNOWN]


@pytest.mark.parametrize("people", [3, 7, 30])
async def test_all_people_together_leave_places_for_results(people: int) -> None:
    """A SystemResolver has eight; once its servers answer, links work again."""
    async with open_resolver() as (resolver, servers):
        for person_id in range(1, people + 1):
            await give_up(resolver, person_id, 5)
        assert len(servers.asked) == 6
        servers.recover()
        with look_up_for(1):
            assert await resolver.resolve("cdn.test") == [KNOWN]


async def test_an_unknown_name_is_an_oserror_and_frees_its_place() -> None:
    async with open_resolver() as (resolver, servers):
        servers.recover()
        for number in range(20):
            with pytest.raises(socket.gaierror):
                await resolver.resolve(f"{number}.dead.test")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_links_with_dead_name_servers_delay_no_result(scheme: str) -> None:
    """Neither by their lookups nor by their connections; the person of each link is known."""
    servers = NameServers()
    async with aiohttp.ClientSession() as session:
        pictures = PictureDownloader(session, "http://relay.test", resolver=servers, is_allowed=lambda _: False)
        links = [
            asyncio.create_task(LinkedPicture(pictures, f"{scheme}://{number}.dead.test/", number % 5).read())
            for number in range(40)
        ]
        await servers.began_three.wait()
        with pytest.raises(Exception, match="not a public address"):
            await pictures.download_bytes(f"{scheme}://cdn.test/a.png")
        assert servers.asked[-1] == "cdn.test"
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        await pictures.close()
