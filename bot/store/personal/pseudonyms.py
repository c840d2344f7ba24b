"""The pseudonym of a person: a number in place of their id in rows that outlive the deletion of their data."""

import hmac
from secrets import token_hex
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.queries import insert_if_absent
from bot.store.schema import secrets

_KEY_NAME: Final = "pseudonym key"
_FIRST_USE: Final = "pseudonyms used"
"""The row that exists once a person's data was deleted."""
_KEY_BYTES: Final = 32


class Pseudonyms:
    """Computes pseudonyms with the key of this database, which all processes share.

    A pseudonym is negative, so that it never equals an id of Discord. Until the key is loaded, no row has one, and a
    person's id stands for both. `is_used`: a person's data was deleted here.
    """

    def __init__(self) -> None:
        self._key = b""
        self.is_used = False

    def find(self, person_id: int) -> int:
        """Return the pseudonym of a person."""
        if not self._key or person_id <= 0:
            return person_id
        digest = hmac.digest(self._key, str(person_id).encode(), "sha256")
        return -1 - (int.from_bytes(digest[:8]) >> 1)

    def is_person(self, stored_id: int, person_id: int) -> bool:
        """Return whether a stored id is a person's own, or their pseudonym."""
        return stored_id in {person_id, self.find(person_id)}

    async def load(self, connection: AsyncConnection) -> bool:
        """Read the key, and whether a pseudonym is used; return whether there is a key."""
        wanted = select(secrets.c.name, secrets.c.value).where(secrets.c.name.in_((_KEY_NAME, _FIRST_USE)))
        found = {row.name: row.value for row in await connection.execute(wanted)}
        self._key = bytes.fromhex(found.get(_KEY_NAME, ""))
        self.is_used = _FIRST_USE in found
        return bool(self._key)

    async def create(self, connection: AsyncConnection) -> None:
        """Write a key, unless another process has written one, and read the one that counts."""
        row = {"name": _KEY_NAME, "value": token_hex(_KEY_BYTES)}
        await connection.execute(insert_if_absent(secrets, connection.dialect.name).values(row))
        await self.load(connection)

    async def mark_used(self, connection: AsyncConnection) -> None:
        """Write that a pseudonym is used from now on."""
        row = {"name": _FIRST_USE, "value": "1"}
        await connection.execute(insert_if_absent(secrets, connection.dialect.name).values(row))
        self.is_used = True
