"""The settings of people in the database."""

from collections.abc import Callable, Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import PersonSettings
from bot.languages import Language, find_language
from bot.store import queries
from bot.store.database import Database
from bot.store.rows import person_settings_from_row, person_settings_to_row
from bot.store.schema import people


class SqlPeople:
    """Reads and changes what people have chosen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_settings(self, person_id: int) -> PersonSettings:
        """Return a person's settings, or the defaults."""
        rows = await self._database.read(select(people).where(people.c.person_id == person_id))
        return person_settings_from_row(rows[0]) if rows else PersonSettings()

    async def update_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Apply `change` to a person's settings under a row lock; a row that holds only defaults is deleted."""
        own = people.c.person_id == person_id

        async def write(connection: AsyncConnection) -> PersonSettings:
            # Insert a row first, as PostgreSQL can only lock a row that exists.
            row, found = {"person_id": person_id, **person_settings_to_row(PersonSettings())}, None
            while found is None:  # another change may delete the row in between
                await connection.execute(queries.insert_if_absent(people, self._database.dialect), row)
                found = (await connection.execute(select(people).where(own).with_for_update())).mappings().first()
            changed = change(person_settings_from_row(dict(found)))
            statement = update(people).where(own).values(person_settings_to_row(changed))
            await connection.execute(delete(people).where(own) if changed == PersonSettings() else statement)
            return changed

        return await self._database.transaction(write)

    async def list_languages(self) -> Mapping[int, Language]:
        """Return the languages of the people who have chosen one, by person."""
        chosen = select(people.c.person_id, people.c.language).where(people.c.language.is_not(None))
        rows = await self._database.read(chosen)
        found = ((row["person_id"], find_language(row["language"])) for row in rows)
        return {person_id: language for person_id, language in found if language is not None}
