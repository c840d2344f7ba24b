"""What a person is called never changes rows that are not about them, on SQLite and PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.entities import Block, Person, RuleChange
from bot.store import SqlStore, open_store
from bot.store.schema import reports, rule_changes, rules
from tests.fakes.sample_rows import NOON, a_claim, a_job, write_accepted_claim

EVE, HOA, MOD = 1187000000000000017, 1187000000000000018, 1187000000000000019
GUILD = 30
HOSTILE_NAMES = ("2026", "2026-11-24T12:00:00Z", str(HOA), "until", "guild_id", "spam", "drawing", "paused", "blocked")
"""Words, times and ids that are in the rows of other people."""


@pytest.fixture
async def store(migrated_url: str) -> AsyncGenerator[SqlStore]:
    async with open_store(migrated_url, now=lambda: NOON, owner="a", migrates=False) as opened:
        yield opened


def change(what: str, after: str, person_id: int = MOD) -> RuleChange:
    return RuleChange(guild_id=GUILD, person_id=person_id, made_at=NOON, what=what, before="on", after=after)


def block(person_id: int, reason: str) -> Block:
    return Block(guild_id=GUILD, person_id=person_id, reason=reason, blocked_by=MOD, until=NOON + timedelta(days=1))


async def save_report(store: SqlStore, comment: str, message_id: int = 99, task_id: str = "") -> None:
    row = {
        "guild_id": GUILD, "channel_id": 20, "message_id": message_id, "task_id": task_id, "reporter_id": HOA,
        "reason": "other", "comment": comment, "made_at": NOON, "state": "open",
    }  # fmt: skip
    await store.database.write(reports.insert().values(row))


async def read(store: SqlStore, query: Any) -> Sequence[dict[str, Any]]:  # noqa: ANN401 - any select
    return [dict(row) for row in await store.database.read(query)]


async def test_a_name_changes_no_row_of_another_person(store: SqlStore) -> None:
    """Neither the end of a block, which could not be lifted then, nor a server's audit, nor a report."""
    about = f"block of <@{HOA}>"
    await store.rules.save_block(block(HOA, "spam"), [change(about, "blocked until 2026-11-24 12:00 UTC (spam)")])
    await store.rules.save_block(block(MOD, ""), [change("drawing", "paused")])
    await save_report(store, "spam, 2026")
    queries = (select(rule_changes), select(reports))
    before = [await store.rules.list_blocks(GUILD), *[await read(store, one) for one in queries]]
    await store.personal_data.delete(EVE, HOSTILE_NAMES)
    assert [await store.rules.list_blocks(GUILD), *[await read(store, one) for one in queries]] == before


async def test_a_name_hides_nothing_that_its_bearer_did(store: SqlStore) -> None:
    """A manager can't blank what they changed, nor a blocked person until when they are blocked."""
    words = change("blocked words", "blocked (paused)", EVE)
    await store.rules.save_block(block(EVE, "spam by Eve"), [change("drawing", "paused", EVE), words])
    reason = f"blocked until 2026-11-24 12:00 UTC (spam by Eve, <@{EVE}>)"
    await store.rules.save_block(block(HOA, f"with {EVE}"), [change(f"block of <@{EVE}>", reason)])
    await store.personal_data.delete(EVE, (*HOSTILE_NAMES, "Eve"))
    pseudonym = store.database.pseudonyms.find(EVE)
    rows = await read(store, select(rule_changes).order_by(rule_changes.c.id))
    assert [(row["person_id"], row["what"], row["after"]) for row in rows] == [
        (pseudonym, "drawing", "paused"),
        (pseudonym, "blocked words", "blocked (paused)"),
        (
            MOD,
            f"block of <@{pseudonym}>",
            f"blocked until 2026-11-24 12:00 UTC ((removed) by (removed), <@{pseudonym}>)",
        ),
    ]
    blocks = {one.person_id: one for one in await store.rules.list_blocks(GUILD)}
    assert (blocks[pseudonym].reason, blocks[pseudonym].until) == ("(removed) by (removed)", NOON + timedelta(days=1))
    assert blocks[HOA].reason == f"with {pseudonym}"


async def test_reports_about_a_persons_pictures_lose_their_name(store: SqlStore) -> None:
    """By the message, also one that is gone, by the task, and by the id in the comment."""
    for claim_id, message_id in ((1, 10), (2, 11)):
        await write_accepted_claim(store, a_claim(claim_id, person_id=EVE, message_id=message_id), f"t{claim_id}")
        await store.open_job(a_job(message_id, f"t{claim_id}", claim_id=claim_id, requester=Person(EVE, "x")))
        await store.close_job(message_id)
    await store.delete_job(11)
    for message_id, task_id in ((10, ""), (11, ""), (98, "t1")):
        await save_report(store, "Eve drew it", message_id, task_id)
    await save_report(store, f"<@{EVE}>: Eve")
    await save_report(store, "Eve of Christmas")
    await store.personal_data.delete(EVE, ("Eve",))
    comments = [row["comment"] for row in await read(store, select(reports).order_by(reports.c.id))]
    pseudonym = store.database.pseudonyms.find(EVE)
    assert comments == [*["(removed) drew it"] * 3, f"<@{pseudonym}>: (removed)", "Eve of Christmas"]


async def test_a_block_that_is_not_readable_loses_the_id(store: SqlStore) -> None:
    await store.rules.save_block(block(EVE, ""), [])
    await store.database.write(rules.update().values(body=f'{{"person_id": {EVE}, spam'))
    await store.personal_data.delete(EVE, ("spam",))
    [row] = await read(store, select(rules))
    assert row["body"] == f'{{"person_id": {store.database.pseudonyms.find(EVE)}, spam'
