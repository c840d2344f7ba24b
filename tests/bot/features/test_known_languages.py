"""The languages in memory follow the database, and a choice counts at once."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.entities import ServerRules
from bot.errors import StoreUnavailable
from bot.features.known_languages import KnownLanguages
from bot.languages import Language
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore

LIEN, GUILD = 7, 30


class SlowStore(FakeStore):
    """A store that answers the question for languages with what was there when it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now)
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def list_person_languages(self) -> Mapping[int, Language]:
        found = dict(await super().list_person_languages())
        self.asked.set()
        await self.may_answer.wait()
        return found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def choose(store: FakeStore, language: Language | None) -> None:
    await store.update_person_settings(LIEN, lambda settings: replace(settings, language=language))


async def test_choices_of_other_processes_are_known_within_a_minute(clock: FakeClock) -> None:
    """Also that one was taken back; while the database is away, the last ones count."""
    store = FakeStore(clock.now)
    known = KnownLanguages(store, store.rules, clock.clock)
    running = asyncio.ensure_future(known.run())
    await clock.advance(0)
    assert known.get_person_language(LIEN) is None
    await choose(store, Language.VIETNAMESE)
    store.rules.servers[GUILD] = ServerRules(language=Language.SIMPLIFIED_CHINESE)
    await clock.advance(61)
    assert known.get_person_language(LIEN) is Language.VIETNAMESE
    assert known.get_server_language(GUILD) is Language.SIMPLIFIED_CHINESE
    store.down = True
    await clock.advance(61)
    assert known.get_person_language(LIEN) is Language.VIETNAMESE
    store.down = False
    await choose(store, None)
    del store.rules.servers[GUILD]
    await clock.advance(61)
    assert (known.get_person_language(LIEN), known.get_server_language(GUILD)) == (None, None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(("before", "chosen"), [(None, Language.VIETNAMESE), (Language.VIETNAMESE, None)])
async def test_a_choice_during_a_read_is_not_lost(
    clock: FakeClock, before: Language | None, chosen: Language | None
) -> None:
    """The read may have begun before it was saved; the next one counts again."""
    store = SlowStore(clock)
    known = KnownLanguages(store, store.rules, clock.clock)
    await choose(store, before)
    known.note_person(LIEN, before)
    reading = asyncio.ensure_future(known.refresh())
    await store.asked.wait()
    await choose(store, chosen)
    known.note_person(LIEN, chosen)
    store.may_answer.set()
    await reading
    assert known.get_person_language(LIEN) is chosen
    await choose(store, Language.TRADITIONAL_CHINESE)
    await known.refresh()
    assert known.get_person_language(LIEN) is Language.TRADITIONAL_CHINESE


async def test_a_read_that_fails_changes_nothing(clock: FakeClock) -> None:
    store = FakeStore(clock.now)
    known = KnownLanguages(store, store.rules, clock.clock)
    known.note_person(LIEN, Language.VIETNAMESE)
    store.down = True
    with pytest.raises(StoreUnavailable):
        await known.refresh()
    assert known.get_person_language(LIEN) is Language.VIETNAMESE
