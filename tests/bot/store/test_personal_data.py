"""What a deletion leaves of a person, in every column of every table, on SQLite and PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.entities import (
    Block,
    ClaimState,
    Cost,
    CountScope,
    DataSection,
    LedgerFilter,
    Notify,
    Person,
    PersonSettings,
    Report,
    ReportReason,
    RuleChange,
    SpendingCount,
    SpendingPlan,
)
from bot.errors import AlreadyClaimed
from bot.midjourney.task import Status, Task
from bot.store import SqlStore, open_store
from bot.store.personal.deleting import blank_snapshots
from bot.store.schema import claims, jobs, metadata, reports, rule_changes, secrets, snapshots
from tests.fakes.sample_rows import NOON, a_claim, a_job, allow, later, write_accepted_claim

MAI = Person(1187000000000000017, "Mai Lindenberg", "https://cdn.example/avatars/1187000000000000017/a1b2.png")
HOA = Person(1187000000000000018, "Hoa")
WORDS = ("zeppelin", "marzipan", "albatross")
PROMPT = "A zeppelin of marzipan, followed by an albatross --ar 3:2"


@pytest.fixture
async def store(either_url: str) -> AsyncGenerator[SqlStore]:
    async with open_store(either_url, now=lambda: NOON, owner="a") as opened:
        yield opened


def drawn(task_id: str, prompt: str = PROMPT, **more: Any) -> Task:  # noqa: ANN401 - any of the fields
    """Return a finished task as relays send it, with the prompt in each place that they put it."""
    name = prompt.split(" --", maxsplit=1)[0].replace(" ", "_").replace(",", "")
    row = {
        "id": task_id,
        "status": "SUCCESS",
        "action": "IMAGINE",
        "prompt": prompt,
        "promptEn": prompt,
        "description": f"Submit success: {prompt}",
        "imageUrl": f"https://cdn.example/attachments/1/2/mj_{name}_{task_id}.png",
        "buttons": [{"customId": f"MJ::JOB::upsample::1::{task_id}", "label": "U1"}],
        "properties": {
            "finalPrompt": prompt,
            "finalZhPrompt": prompt,
            "promptEn": prompt,
            "bannedWord": prompt.split()[1],
        },
    }
    return Task.model_validate(row | more)


async def fill(store: SqlStore) -> None:
    """Write rows of every table about Mai, and about Hoa, who follows some of her tasks and draws from them."""
    for number, (task_id, followers) in enumerate(
        {"alone": (MAI,), "shared": (MAI, HOA), "watched": (HOA, MAI), "nobodys": (MAI, HOA)}.items(), 1
    ):
        is_paid = task_id != "nobodys"
        for place, person in enumerate(followers):
            job = a_job(number * 10 + place, task_id, requester=person, claim_id=number if is_paid and not place else 0)
            await store.open_job(job)
            await store.close_job(job.id)
        if is_paid:
            claim = a_claim(number, f"imagine:{number:010x}", task_id="", person_id=followers[0].id)
            await write_accepted_claim(store, claim, task_id)
        await store.save_snapshot(drawn(task_id, "a quiet harbor" if task_id == "watched" else PROMPT))
    await write_accepted_claim(store, a_claim(50, "U1", task_id="alone", person_id=HOA.id), "child")
    await store.save_snapshot(drawn("child", action="UPSCALE"))
    await store.open_job(a_job(60, "child", requester=HOA, claim_id=50))
    await write_accepted_claim(store, a_claim(51, "V1", task_id="alone", person_id=HOA.id), "remix")
    await store.save_snapshot(drawn("remix", "a wooden spoon"))
    await store.open_job(a_job(70, "older", requester=MAI, claim_id=3))
    await store.delete_job(70)
    changed = PersonSettings(remix=True, defaults="--ar 3:2", notify=Notify.ALWAYS)
    await store.update_person_settings(MAI.id, lambda _: changed)
    await store.update_person_settings(HOA.id, lambda _: changed)
    await fill_rules(store)
    await fill_reports(store)


async def fill_rules(store: SqlStore) -> None:
    what = f"block of <@{MAI.id}>"
    for person, by, guild_id in ((MAI, HOA, 30), (HOA, MAI, 30), (MAI, HOA, 0)):
        block = Block(guild_id=guild_id, person_id=person.id, reason=f"{MAI.name}: spam", blocked_by=by.id)
        change = RuleChange(
            guild_id=guild_id, person_id=by.id, made_at=NOON, what=what, before="", after=f"blocked ({MAI.name}: spam)"
        )
        await store.rules.save_block(block, [change])


async def fill_reports(store: SqlStore) -> None:
    for reporter, resolver, comment in (
        (MAI, None, f"someone drew {PROMPT}"),
        (HOA, MAI.id, f"<@{MAI.id}>, {MAI.name}, drew this"),
    ):
        row = {
            "guild_id": 30, "channel_id": 20, "message_id": 10, "task_id": "shared", "reporter_id": reporter.id,
            "reason": "other", "comment": comment, "made_at": NOON, "state": "open", "resolver_id": resolver,
            "resolved_at": None,
        }  # fmt: skip
        await store.database.write(reports.insert().values(row))


async def read_everything(store: SqlStore) -> dict[str, str]:
    """Return each table as one text of all of its columns."""
    found: dict[str, str] = {}
    for table in metadata.sorted_tables:
        rows = await store.database.read(select(table))
        found[table.name] = "\n".join(" | ".join(map(str, row.values())) for row in rows)
    return found


def search(tables: dict[str, str], *texts: str) -> set[str]:
    return {
        f"{text} in {name}" for name, rows in tables.items() for text in texts if text.casefold() in rows.casefold()
    }


async def test_only_the_pseudonym_is_left_of_a_person(store: SqlStore) -> None:
    """Not the id, the name, the avatar's link or a word of a prompt; what is another person's stays."""
    await fill(store)
    sought = (str(MAI.id), MAI.name, MAI.avatar_url, "albatross", *WORDS)
    before = await read_everything(store)
    written = {"jobs", "claims", "snapshots", "rules", "rule_changes", "deleted_messages", "people", "reports"}
    assert {name for name in written if search({name: before[name]}, *sought)} == written
    deleted = await store.personal_data.delete(MAI.id)
    after = await read_everything(store)
    assert search(after, *sought) == set()
    pseudonym = store.database.pseudonyms.find(MAI.id)
    assert -(2**63) <= pseudonym < 0
    kept = {"claims", "rules", "rule_changes", "deleted_messages", "reports"}
    assert {one.split(" in ")[1] for one in search(after, str(pseudonym))} == kept
    assert (deleted.jobs, deleted.tasks, deleted.blanked, deleted.has_settings) == (4, 1, 3, True)
    assert await store.find_person_settings(HOA.id) != PersonSettings()
    others = await store.find_snapshots(["watched", "remix", "shared"])
    assert (others["watched"].prompt, others["remix"].prompt) == ("a quiet harbor", "a wooden spoon")
    assert (others["shared"].status, others["shared"].buttons[0].label) == (Status.SUCCESS, "U1")
    assert {job.requester for job in await store.list_jobs_of_tasks([*others, "nobodys"], 9)} == {HOA}


async def test_words_that_the_relay_sends_again_stay_blank(store: SqlStore, either_url: str) -> None:
    """In the process of the deletion at once, also for a task whose snapshot was deleted; in others, within an hour."""
    await fill(store)
    async with open_store(either_url, now=lambda: NOON, owner="b") as other:
        await store.personal_data.delete(MAI.id)
        for task_id in ("shared", "alone", "remix"):
            await store.save_snapshot(
                drawn(task_id, PROMPT if task_id != "remix" else "a wooden spoon", progress="100%")
            )
        assert search(await read_everything(store), *WORDS) == set()
        await other.save_snapshot(drawn("shared", imageUrl="https://cdn.example/other.png"))
        assert search(await read_everything(store), *WORDS) != set()
        assert await other.personal_data.blank_returned_words() == 1
        assert search(await read_everything(store), *WORDS) == set()
        assert await other.personal_data.blank_returned_words() == 0
        await other.save_snapshot(drawn("shared"))
        assert search(await read_everything(store), *WORDS) == set()
    found = await store.find_snapshot("remix")
    assert found is not None
    assert found.prompt == "a wooden spoon"


async def test_limits_and_repeats_count_what_was_done_before_the_deletion(store: SqlStore) -> None:
    """By person, by member of a server, of the day; the cooldown; and a double click."""
    await store.database.load_pseudonyms()
    for number in (1, 2):
        cost = Cost(expected=None, currency="USD")
        await write_accepted_claim(store, a_claim(number, person_id=MAI.id, message_id=number, cost=cost), f"c{number}")
    counts = [SpendingCount(scope, NOON - timedelta(days=9)) for scope in (CountScope.PERSON, CountScope.MEMBER)]

    async def count() -> tuple[int, bool, list[int]]:
        usage = await store.find_usage(MAI.id, 30, lambda *_: SpendingPlan(counts=counts))
        return (
            usage.person_submits_today,
            usage.last_claim_at is not None,
            [usage.spending[one].tasks for one in counts],
        )

    before = await count()
    for _ in range(2):
        await store.personal_data.delete(MAI.id)
        assert await count() == before
    [first, *_] = await store.list_claims(ClaimState.ACCEPTED)
    assert first.person_id == store.database.pseudonyms.find(MAI.id)
    again = a_claim(9, person_id=MAI.id, message_id=first.message_id, made_at=first.made_at)
    with pytest.raises(AlreadyClaimed) as refused:
        await store.create_claim(again, allow)
    assert (refused.value.person_id, refused.value.claim_id) == (MAI.id, first.id)
    assert len(await store.ledger.list_entries(LedgerFilter(person_id=MAI.id), limit=9)) == 2
    assert await store.ledger.list_entries(LedgerFilter(person_id=HOA.id), limit=9) == []


async def test_reports_count_what_was_reported_before_the_deletion(store: SqlStore) -> None:
    """A message is reported once, and few an hour."""
    since = NOON - timedelta(hours=1)

    async def add(reporter: Person, message_id: int) -> bool | None:
        report = Report(
            guild_id=30, channel_id=20, message_id=message_id, task_id="", reporter_id=reporter.id,
            reason=ReportReason.OTHER, comment="", made_at=NOON,
        )  # fmt: skip
        added = await store.reports.add_report(report, since=since, most=2)
        return None if added is None else bool(added)

    assert [await add(MAI, 1), await add(MAI, 2)] == [True, True]
    await store.personal_data.delete(MAI.id)
    assert [await add(MAI, 1), await add(MAI, 3)] == [False, None]
    assert await add(HOA, 1)


async def test_a_blocked_person_stays_blocked(store: SqlStore) -> None:
    """Also after a further block and a further deletion; a moderator may unblock them by their id."""
    await fill_rules(store)
    for _ in range(2):
        await store.personal_data.delete(MAI.id, names=[MAI.name])
        assert sorted(block.guild_id for block in (await store.find_rules(30, MAI.id)).blocks) == [0, 30]
        [block] = [one for one in await store.rules.list_blocks(30) if one.blocked_by == HOA.id]
        assert (block.person_id, block.reason) == (store.database.pseudonyms.find(MAI.id), "(removed): spam")
        again = Block(guild_id=30, person_id=MAI.id, reason="mai lindenberg: spam", blocked_by=HOA.id)
        await store.rules.save_block(again, [])
        assert len((await store.find_rules(30, MAI.id)).blocks) == 2
    await store.personal_data.delete(MAI.id)
    assert await store.rules.delete_block(30, MAI.id, [])
    assert [block.guild_id for block in (await store.find_rules(30, MAI.id)).blocks] == [0]


async def test_nothing_is_deleted_while_a_task_is_drawing(store: SqlStore) -> None:
    """Nor while a submit is on its way."""
    await fill(store)
    await store.open_job(a_job(80, "t80", requester=MAI, claim_id=80))
    await store.create_claim(a_claim(80, person_id=MAI.id, task_id="x"), allow)
    await store.create_claim(a_claim(81, person_id=MAI.id, task_id="y", message_id=9), allow)
    before = await read_everything(store)
    assert (await store.personal_data.delete(MAI.id)).running == 2
    assert await read_everything(store) == before
    assert (await store.personal_data.count(MAI.id)).running == 2


async def test_two_people_delete_at_once_in_two_processes(store: SqlStore, either_url: str) -> None:
    """One of them clicks twice, and their shared tasks are saved meanwhile: each row is counted once."""
    for number in range(1, 13):
        people = (MAI, HOA) if number % 2 else (HOA, MAI)
        for place, person in enumerate(people):
            job = a_job(number + 100 * place, f"t{number}", requester=person, claim_id=0 if place else number)
            await store.open_job(job)
            await store.close_job(job.id)
        claim = a_claim(number, f"imagine:{number:010x}", task_id="", person_id=people[0].id, message_id=number)
        await write_accepted_claim(store, claim, f"t{number}")
        await store.save_snapshot(drawn(f"t{number}"))
    async with open_store(either_url, now=lambda: NOON, owner="b") as other:
        deletions = [one.personal_data.delete(person.id) for one in (store, other) for person in (MAI, HOA)]
        saves = [
            one.save_snapshot(drawn(f"t{n}", progress=f"{n}%")) for one in (store, other) for n in range(12, 0, -1)
        ]
        deleted, _ = await asyncio.gather(asyncio.gather(*deletions), asyncio.gather(*saves))
        await other.personal_data.blank_returned_words()
    assert sum(one.jobs for one in deleted) == 24
    assert sum(one.kept for one in deleted) == 12
    assert search(await read_everything(store), str(MAI.id), str(HOA.id), *WORDS) == set()


async def test_a_snapshot_that_is_saved_meanwhile_is_blanked_as_it_is_then(store: SqlStore) -> None:
    """What was read before is not written over it."""
    await store.save_snapshot(drawn("shared", status="IN_PROGRESS"))
    [row] = await store.database.read(select(snapshots))
    await store.save_snapshot(drawn("shared"))
    await store.database.transaction(lambda connection: blank_snapshots(connection, [dict(row)]))
    found = await store.find_snapshot("shared")
    assert found is not None
    assert (found.status, found.prompt, bool(found.buttons)) == (Status.SUCCESS, "", True)
    await store.database.write(snapshots.delete())
    await store.database.transaction(lambda connection: blank_snapshots(connection, [dict(row)]))
    assert await store.find_snapshot("shared") is None


async def test_who_asked_for_a_private_task_may_still_see_it(store: SqlStore) -> None:
    """Its place is kept, so that it is private for everyone else."""
    await write_accepted_claim(store, a_claim(1, person_id=MAI.id), "mine")
    await store.open_job(a_job(10, "mine", requester=MAI, claim_id=1, ephemeral=True))
    await store.close_job(10)
    await store.personal_data.delete(MAI.id)
    origins = await store.list_task_origins(["mine"])
    assert {origin.ephemeral for origin in origins} == {True}
    assert all(store.is_person(origin.requester_id, MAI.id) for origin in origins)
    assert not any(store.is_person(origin.requester_id, HOA.id) for origin in origins)


async def test_an_export_has_every_row_of_a_person_and_no_other(store: SqlStore) -> None:
    """Page by page; not another person's prompt, no token, and not who blocked them."""
    await fill(store)
    rows: dict[DataSection, list[Any]] = {}
    for section in DataSection:
        after = ""
        while page := await store.personal_data.read_rows(MAI.id, section, after, 2):
            rows.setdefault(section, []).extend(row for _, row in page)
            after = page[-1][0]
    counts = (await store.personal_data.count(MAI.id)).counts
    assert {section: len(found) for section, found in rows.items()} == counts
    assert set(rows) == set(DataSection)
    text = json.dumps(rows)
    assert "token" not in text
    assert str(HOA.id) not in text
    bodies = {row["task_id"]: row["body"] for row in rows[DataSection.TASKS]}
    assert bodies["shared"]["prompt"] == PROMPT
    assert "prompt" not in bodies["watched"]
    assert {row["person_id"] for row in rows[DataSection.LEDGER]} == {str(MAI.id)}


async def test_processes_agree_on_one_key(either_url: str) -> None:
    """It is made once, and a person without data has the same pseudonym in each."""
    async with (
        open_store(either_url, now=lambda: NOON, owner="a") as first,
        open_store(either_url, now=lambda: NOON, owner="b") as second,
    ):
        found = {one.database.pseudonyms.find(MAI.id) for one in (first, second)}
        assert len(found) == 1
        await first.database.transaction(first.database.pseudonyms.create)
        assert {first.database.pseudonyms.find(MAI.id)} == found
        rows = await first.database.read(select(secrets))
        assert len(rows) == 1
        assert first.database.pseudonyms.find(0) == 0
        assert first.database.pseudonyms.find(HOA.id) not in found


async def test_expired_tokens_are_cleared_and_nothing_else(store: SqlStore) -> None:
    for number in range(1, 4):
        await store.open_job(a_job(number))
    await store.open_job(a_job(9))
    before = await store.database.read(select(jobs).order_by(jobs.c.message_id))
    assert await store.clear_expired_tokens(later(900)) == 0
    assert await store.clear_expired_tokens(later(901)) == 4
    assert await store.clear_expired_tokens(later(901)) == 0
    after = await store.database.read(select(jobs).order_by(jobs.c.message_id))
    assert after == [{**row, "token": ""} for row in before]


async def test_the_file_of_sqlite_has_no_word_of_a_deleted_person(url: str, tmp_path: Path) -> None:
    """What is deleted is overwritten, and the write-ahead log is emptied."""
    async with open_store(url, now=lambda: NOON) as store:
        await fill(store)
        await store.personal_data.delete(MAI.id)
        files = b"".join(path.read_bytes() for path in sorted((tmp_path / "data").iterdir()) if path.is_file())
    assert [text for text in (str(MAI.id), MAI.name, MAI.avatar_url, *WORDS) if text.encode() in files] == []
    assert b"a quiet harbor" in files
    assert {claims.name, rule_changes.name, snapshots.name} <= set(metadata.tables)
