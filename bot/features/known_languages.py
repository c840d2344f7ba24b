"""Keep in memory which languages people and servers have chosen, so that no answer waits for the database."""

import logging
from collections.abc import Awaitable, Mapping

from bot.clock import Clock
from bot.errors import StoreUnavailable
from bot.languages import Language
from bot.ports import RulesStore, Store
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

_REFRESH_SECONDS = 60.0
"""After how long a choice that was made in another process is known here."""


class KnownLanguages:
    """The languages of those who have chosen one; few have, as Discord tells the language of everyone else."""

    def __init__(self, store: Store, rules: RulesStore, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._people = _Choices()
        self._servers = _Choices()

    def get_person_language(self, person_id: int) -> Language | None:
        """Return the language that a person has chosen."""
        return self._people.get(person_id)

    def get_server_language(self, guild_id: int) -> Language | None:
        """Return the language that the managers of a server have chosen."""
        return self._servers.get(guild_id)

    def note_person(self, person_id: int, language: Language | None) -> None:
        """Use a choice of a person at once; None: they leave it to Discord again."""
        self._people.note(person_id, language)

    def note_server(self, guild_id: int, language: Language | None) -> None:
        """Use a choice of a server's managers at once; None: they leave it to Discord again."""
        self._servers.note(guild_id, language)

    async def run(self) -> None:
        """Read all choices again and again, until cancelled."""
        while True:
            try:
                await self.refresh()
            except StoreUnavailable as gone:
                STORE_OUTAGE.report(log, "The chosen languages are not read.", gone)
            await self._clock.sleep(_REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read all choices, or raise StoreUnavailable."""
        await self._people.replace(self._store.list_person_languages())
        await self._servers.replace(self._rules.list_server_languages())


class _Choices:
    """The languages that were chosen, by person or server."""

    def __init__(self) -> None:
        self._known: dict[int, Language] = {}
        self._noted: dict[int, Language | None] = {}

    def get(self, owner_id: int) -> Language | None:
        return self._known.get(owner_id)

    def note(self, owner_id: int, language: Language | None) -> None:
        self._noted[owner_id] = language
        _set(self._known, owner_id, language)

    async def replace(self, reading: Awaitable[Mapping[int, Language]]) -> None:
        """Take what is read, but for choices that were made meanwhile: the database may not have had them yet."""
        self._noted.clear()
        known = dict(await reading)
        for owner_id, language in self._noted.items():
            _set(known, owner_id, language)
        self._known = known


def _set(known: dict[int, Language], owner_id: int, language: Language | None) -> None:
    if language is None:
        known.pop(owner_id, None)
    else:
        known[owner_id] = language
