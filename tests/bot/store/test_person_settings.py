"""People's settings, on every kind of store."""

import asyncio
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select

from bot.entities import Notify, PersonSettings
from bot.midjourney.request_options import Speed
from bot.ports import Store
from bot.store import SqlStore
from bot.store.rows import person_settings_to_row
from bot.store.schema import people
from tests.fakes.sample_rows import NOON


async def test_a_person_without_settings_has_the_defaults(store: Store) -> None:
    assert PersonSettings() == await store.find_person_settings(7)


async def test_every_field_of_settings_is_stored(store: Store) -> None:
    """A later change starts from the stored settings."""
    chosen = PersonSettings(remix=True, defaults="--ar 3:2", speed=Speed.RELAX, notify=Notify.ALWAYS)
    assert chosen == await store.update_person_settings(7, lambda _: chosen)
    assert chosen == await store.find_person_settings(7)
    assert PersonSettings() == await store.find_person_settings(8)
    changed = await store.update_person_settings(7, lambda settings: replace(settings, speed=None))
    assert changed == replace(chosen, speed=None) == await store.find_person_settings(7)


async def test_concurrent_changes_of_settings_all_count(store: Store) -> None:
    """Two clicks on a settings panel are two transactions."""
    fields: list[dict[str, Any]] = [
        {"remix": True}, {"defaults": "--tile"}, {"speed": Speed.FAST}, {"notify": Notify.NEVER},
    ]  # fmt: skip
    changes = [lambda settings, field=field: replace(settings, **field) for field in fields]
    await asyncio.gather(*(store.update_person_settings(7, change) for change in changes))
    wanted = PersonSettings(remix=True, defaults="--tile", speed=Speed.FAST, notify=Notify.NEVER)
    assert wanted == await store.find_person_settings(7)


async def test_settings_equal_to_the_defaults_have_no_row(sql: SqlStore) -> None:
    """Rows with defaults that an earlier version wrote are deleted with expired rows."""
    await sql.update_person_settings(7, lambda settings: replace(settings, remix=True))
    await sql.update_person_settings(7, lambda _: PersonSettings())
    assert await list_person_ids(sql) == []
    async with sql.database.write_engine.begin() as connection:
        nothing = person_settings_to_row(PersonSettings())
        rows = [{"person_id": 7, **nothing}, {"person_id": 8, **nothing, "speed": "relax"}]
        await connection.execute(insert(people), [*rows, {"person_id": 9, **nothing, "notify": "by owl"}])
    await sql.delete_expired(NOON)
    assert await list_person_ids(sql) == [8, 9]


async def test_a_change_beside_a_reset_counts(store: Store) -> None:
    """Neither fails because of the other's row."""
    for _ in range(5):
        await asyncio.gather(
            store.update_person_settings(7, lambda _: PersonSettings()),
            store.update_person_settings(7, lambda settings: replace(settings, remix=True)),
            store.update_person_settings(7, lambda _: PersonSettings()),
            store.update_person_settings(8, lambda settings: replace(settings, remix=True)),
        )
        assert (await store.find_person_settings(8)).remix


async def test_unknown_values_of_a_newer_version_are_read_as_defaults(sql: SqlStore) -> None:
    """During a deployment an old process may read what a new one wrote."""
    await sql.update_person_settings(7, lambda settings: replace(settings, remix=True))
    async with sql.database.write_engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE people SET speed = 'ludicrous', notify = 'by owl'")
    assert PersonSettings(remix=True) == await sql.find_person_settings(7)


async def list_person_ids(sql: SqlStore) -> list[int]:
    rows = await sql.database.read(select(people.c.person_id).order_by(people.c.person_id))
    return [row["person_id"] for row in rows]
