"""Settings of a person: read in time, and validated before they are saved."""

import asyncio
from dataclasses import replace

import pytest

from bot.entities import PersonSettings, TaskFilter
from bot.errors import PromptRefused, StoreUnavailable
from bot.features.person_settings import TASKS_PER_PAGE, PersonSettingsService
from bot.midjourney.request_options import Speed
from bot.store.group_commit import run_to_completion
from tests.fakes.sample_entities import viewer
from tests.fakes.sample_rows import LIEN, NOON, a_job
from tests.fakes.store import FakeStore


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(lambda: NOON)


async def test_settings_belong_to_one_person(store: FakeStore) -> None:
    """A change is returned as it is saved."""
    people = PersonSettingsService(store)
    changed = await people.change_settings(7, lambda settings: replace(settings, remix=True))
    assert changed == PersonSettings(remix=True) == await people.get_settings(7)
    assert await people.is_remix_on(7)
    assert not await people.is_remix_on(8)


@pytest.mark.parametrize(
    ("typed", "defaults", "speed"),
    [
        ("--ar 3:2 --s 250", "--ar 3:2 --stylize 250", None),
        ("—ar 3:2 —tile", "--ar 3:2 --tile", None),
        ("--relax --ar 1:1", "--ar 1:1", Speed.RELAX),
        ("  \x00 ", "", None),
        ("", "", None),
    ],
)
async def test_defaults_are_saved_as_midjourney_reads_them(
    store: FakeStore, typed: str, defaults: str, speed: Speed | None
) -> None:
    """Short names are spelled out, dashes corrected; a speed is the person's speed, not a parameter of each prompt."""
    changed = await PersonSettingsService(store).set_default_parameters(7, typed)
    assert changed == PersonSettings(defaults=defaults, speed=speed)


async def test_defaults_without_a_speed_leave_the_speed(store: FakeStore) -> None:
    """Only what was typed is changed."""
    people = PersonSettingsService(store)
    await people.change_settings(7, lambda settings: replace(settings, speed=Speed.TURBO))
    assert (await people.set_default_parameters(7, "--tile")).speed is Speed.TURBO


@pytest.mark.parametrize("typed", ["a fox --ar 3:2", "--ar banana", "--repeat 4", "https://x.example/a.png", "--wat 1"])
async def test_invalid_defaults_change_nothing(store: FakeStore, typed: str) -> None:
    """Words, links, wrong values and several jobs are refused."""
    people = PersonSettingsService(store)
    await people.set_default_parameters(7, "--tile")
    with pytest.raises(PromptRefused):
        await people.set_default_parameters(7, typed)
    assert (await people.get_settings(7)).defaults == "--tile"


async def test_a_press_goes_on_without_remix_while_the_store_is_down(store: FakeStore) -> None:
    """And a form that would be prefilled wrongly is not opened."""
    await store.update_person_settings(7, lambda settings: replace(settings, remix=True))
    store.down = True
    people = PersonSettingsService(store)
    assert not await people.is_remix_on(7)
    with pytest.raises(StoreUnavailable):
        await people.get_settings_in_time(7)


async def test_a_press_goes_on_without_remix_if_the_store_is_slow(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord allows three seconds for the first answer."""
    free = asyncio.Event()

    async def slow(_: int) -> PersonSettings:
        await run_to_completion(free.wait())  # as the real store: a cancellation does not end it
        return PersonSettings(remix=True)

    monkeypatch.setattr(store, "find_person_settings", slow)
    assert not await PersonSettingsService(store, read_timeout_seconds=0).is_remix_on(7)
    free.set()


async def test_tasks_come_in_pages(store: FakeStore) -> None:
    """A page that no longer exists is the first; without tasks there is one empty page."""
    people = PersonSettingsService(store)
    nothing = await people.get_task_page(viewer(LIEN), TaskFilter.ALL, 3)
    assert (nothing.index, nothing.page_count, list(nothing.tasks)) == (0, 1, [])
    for number in range(1, TASKS_PER_PAGE + 2):
        await store.open_job(a_job(number, f"t{number}"))
    first, second, gone = [await people.get_task_page(viewer(LIEN), TaskFilter.ALL, number) for number in (0, 1, 7)]
    assert [one.task_id for one in second.tasks] == ["t1"]
    assert (first.page_count, first.total_tasks, len(first.tasks)) == (2, TASKS_PER_PAGE + 1, TASKS_PER_PAGE)
    assert gone == first


async def test_defaults_are_ready_for_a_command(store: FakeStore) -> None:
    """Parameters and speed; a default that is no longer valid is left out."""
    people = PersonSettingsService(store)
    await people.set_default_parameters(7, "--ar 3:2 --relax")
    found = await people.get_defaults(7)
    assert [f"--{each.name} {each.value}".strip() for each in found.all_parameters] == ["--ar 3:2", "--relax"]
    await people.change_settings(8, lambda settings: replace(settings, defaults="--nonsense 3", speed=Speed.FAST))
    assert [each.name for each in (await people.get_defaults(8)).all_parameters] == ["fast"]
    assert (await people.get_defaults(9)).all_parameters == ()


async def test_a_hint_is_new_once(store: FakeStore) -> None:
    """Other hints and settings stay, and a database that does not answer gives no hint."""
    people = PersonSettingsService(store)
    await people.change_settings(7, lambda settings: replace(settings, remix=True, hints=frozenset({"other"})))
    assert await people.note_hint(7, "prompt")
    assert not await people.note_hint(7, "prompt")
    assert await people.get_settings(7) == PersonSettings(remix=True, hints=frozenset({"other", "prompt"}))
    store.down = True
    assert not await people.note_hint(8, "prompt")
