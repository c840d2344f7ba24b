"""A database that commit 7e4ce19 wrote opens, and its rows mean what they meant.

Both kinds are upgraded; and then restored from a backup, and copied to the other kind.
"""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.entities import ClaimState, Notify, PersonSettings, PressedButton, Usage
from bot.errors import AlreadyClaimed
from bot.midjourney.buttons import find_button, find_marks, hash_custom_id
from bot.midjourney.request_options import Speed
from bot.midjourney.task import Status
from bot.store import SqlStore, open_store
from tests.fakes.sample_rows import LIEN, a_claim, allow, later
from tests.old_databases import KINDS, make_old_database
from tests.postgres import Postgres, date_claims

GRID, UPSCALED = "1730621826053455", "1730621826099999"
UUID = "6d3a1b7c-5a1e-4f2b-9b1d-0c8a2f4e7d11"
U2, V3 = f"MJ::JOB::upsample::2::{UUID}", f"MJ::JOB::variation::3::{UUID}"


@pytest.fixture(params=KINDS)
async def old(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> AsyncGenerator[SqlStore]:
    """The old database, opened ten minutes after the process that wrote it ended."""
    url = await make_old_database(request.param, tmp_path, postgres)
    if not url.startswith("sqlite"):
        await postgres.let_tests_set_time(url)
    async with open_store(url, now=lambda: later(600), owner="new process") as store:
        if store.database.is_postgresql:
            await store.database.write(Postgres.set_time(later(600)))
            date_claims(store)
        yield store


async def test_jobs_are_read(old: SqlStore) -> None:
    upscaled = await old.find_job(2)
    assert upscaled is not None
    assert (upscaled.requester, upscaled.task_id, upscaled.born_at) == (LIEN, UPSCALED, later(2))
    assert (upscaled.pressed, upscaled.done, upscaled.parent_id, upscaled.claim_id) == ("U2", "Picture 2", GRID, 91)
    assert (upscaled.place.token, upscaled.place.channel_id, upscaled.notified) == ("token-2", 20, False)
    assert [job.id for job in await old.list_jobs_of_task(GRID)] == [4, 1]
    private = await old.find_job(4)
    assert private is not None
    assert (private.place.ephemeral, private.place.guild_id, private.form_sent) == (True, 0, True)


async def test_open_jobs_and_claims_of_the_old_process_are_taken_over(old: SqlStore) -> None:
    assert [job.id for job in await old.process_leases.take_over_jobs(9)] == [2, 3]
    assert [claim.id for claim in await old.process_leases.list_orphaned_claims()] == [92]


async def test_snapshots_are_read(old: SqlStore) -> None:
    grid, upscaled = await old.find_snapshot(GRID), await old.find_snapshot(UPSCALED)
    assert grid is not None
    assert (grid.status, grid.progress, grid.state, len(grid.buttons)) == (Status.SUCCESS, 100, "mjbot:90", 8)
    assert upscaled is not None
    assert (upscaled.status, upscaled.progress) == (Status.IN_PROGRESS, 46)


async def test_pressed_buttons_are_found_by_their_old_keys(old: SqlStore) -> None:
    """So a button that was green stays green, and a click of it finds its customId."""
    link = "https://discord.com/channels/30/20/2"
    pressed = PressedButton(UPSCALED, link, is_finished=False)
    assert find_marks(U2, await old.find_pressed_buttons(GRID)) == (pressed,)
    grid = await old.find_snapshot(GRID)
    assert grid is not None
    button = find_button(grid.buttons, hash_custom_id(U2))
    assert button is not None
    assert button.custom_id == U2


async def test_old_claims_still_count_and_conflict(old: SqlStore) -> None:
    seen: list[Usage] = []
    press = a_claim(200, hash_custom_id(V3), task_id=GRID, made_at=later(200), person_id=9)
    with pytest.raises(AlreadyClaimed) as other:
        await old.create_claim(press, allow)
    assert other.value.claim_id == 92
    await old.create_claim(a_claim(201, "other", made_at=later(201)), seen.append)
    assert seen == [Usage(person_submits_today=3, all_submits_today=4, last_claim_at=later(92), at=later(201))]
    assert [claim.id for claim in await old.list_claims(ClaimState.UNKNOWN)] == [94]
    assert [claim.id for claim in await old.list_billed_claims(later(600), 9)] == [91, 90]


async def test_settings_and_capabilities_are_read(old: SqlStore) -> None:
    chosen = PersonSettings(remix=True, defaults="--ar 3:2", speed=Speed.RELAX, notify=Notify.ALWAYS)
    assert await old.find_person_settings(7) == chosen
    assert await old.find_missing_capabilities(later(timedelta(hours=1).total_seconds())) == {"pan": "no such action"}


async def test_old_rows_can_be_written(old: SqlStore) -> None:
    [upscaled, _] = await old.process_leases.take_over_jobs(9)
    await old.close_job(upscaled.id)
    await old.settle_claim(92, ClaimState.REFUSED)
    assert await old.count_open_jobs() == 1
    assert [claim.id for claim in await old.list_claims(ClaimState.SUBMITTING)] == []
