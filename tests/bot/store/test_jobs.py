"""Rows of jobs: the same on SQLite, PostgreSQL and the fake."""

from dataclasses import replace

from bot.ports import Store
from tests.fakes.sample_rows import a_job, later, open_jobs


async def test_every_field_of_a_job_is_stored(store: Store) -> None:
    job = a_job(1, pressed="U2", done="Picture 2", parent_id="p", parent_link="l", claim_id=9, notify=True)
    job = replace(job, form_sent=True, place=replace(job.place, guild_id=0, ephemeral=True, reachable=False))
    await store.open_job(job)
    assert job == await store.find_job(1)
    assert job.place.token == "token"


async def test_an_unknown_message_has_no_job(store: Store) -> None:
    assert await store.find_job(1) is None


async def test_open_jobs_are_listed_oldest_first(store: Store) -> None:
    """Closed jobs are not listed, but can still be found."""
    for message_id in (3, 1, 2):
        await store.open_job(a_job(message_id))
    await store.close_job(1)
    await store.close_job(99)
    assert [a_job(2), a_job(3)] == list(await open_jobs(store))
    assert a_job(1) == await store.find_job(1)


async def test_a_closed_job_can_be_opened_again(store: Store) -> None:
    await store.open_job(a_job(1))
    await store.close_job(1)
    await store.open_job(a_job(1, born_at=later(50)))
    assert [a_job(1, born_at=later(50))] == list(await open_jobs(store))


async def test_an_update_neither_opens_nor_creates_a_job(store: Store) -> None:
    await store.open_job(a_job(1, ""))
    await store.update_job(a_job(1, "t9"))
    assert [a_job(1, "t9")] == list(await open_jobs(store))
    await store.close_job(1)
    await store.update_job(a_job(1, "t9", notify=True))
    await store.update_job(a_job(2))
    assert list(await open_jobs(store)) == []
    assert a_job(1, "t9", notify=True) == await store.find_job(1)
    assert await store.find_job(2) is None


async def test_form_sent_stays_set_unless_the_form_may_be_sent_again(store: Store) -> None:
    """A process that read the row before writes it without `form_sent`."""
    await store.open_job(a_job(1))
    await store.open_job(a_job(1, form_sent=True))
    await store.open_job(a_job(1))
    await store.update_job(a_job(1, notify=True))
    assert a_job(1, notify=True, form_sent=True) == await store.find_job(1)
    await store.open_job(a_job(1), form_again=True)
    assert a_job(1) == await store.find_job(1)
    await store.update_job(a_job(1, form_sent=True))
    assert a_job(1, form_sent=True) == await store.find_job(1)


async def test_jobs_of_a_task_are_listed_newest_first(store: Store) -> None:
    """Both open and closed jobs; no task has the id ""."""
    for job in (a_job(1), a_job(3), a_job(2), a_job(4, "t2"), a_job(5, "")):
        await store.open_job(job)
    await store.close_job(3)
    assert [job.id for job in await store.list_jobs_of_task("t1")] == [3, 2, 1]
    assert list(await store.list_jobs_of_task("")) == []


async def test_the_job_of_a_claim_is_found(store: Store) -> None:
    """No claim has the id 0."""
    await store.open_job(a_job(1))
    await store.open_job(a_job(2, claim_id=9))
    assert a_job(2, claim_id=9) == await store.find_job_of_claim(9)
    assert await store.find_job_of_claim(0) is None
    assert await store.find_job_of_claim(8) is None


async def test_a_deleted_job_is_gone(store: Store) -> None:
    """Deleting it again is no error."""
    for message_id in (1, 2):
        await store.open_job(a_job(message_id))
    await store.close_job(2)
    for message_id in (1, 2, 2, 3):
        await store.delete_job(message_id)
    assert list(await store.list_jobs_of_task("t1")) == []
    assert await store.find_job(1) is None


async def test_jobs_of_many_tasks_are_listed_newest_first(store: Store) -> None:
    """At most `limit` open and closed jobs; no task has the id ""."""
    for number, task_id in enumerate(("a", "b", "c", "a", ""), 1):
        await store.open_job(a_job(number, task_id))
    await store.close_job(2)
    assert [4, 2, 1] == [job.id for job in await store.list_jobs_of_tasks(["a", "b", ""], 9)]
    assert [4, 2] == [job.id for job in await store.list_jobs_of_tasks(["a", "b"], 2)]
    assert [] == list(await store.list_jobs_of_tasks([], 9))


async def test_a_picture_is_posted_once(store: Store) -> None:
    """Also where its message is watched again; a message without a row has no picture."""
    await store.open_job(a_job(1))
    assert await store.mark_posted(1)
    assert not await store.mark_posted(1)
    await store.close_job(1)
    await store.open_job(a_job(1), form_again=True)
    await store.update_job(a_job(1))
    assert not await store.mark_posted(1)
    assert not await store.mark_posted(2)


async def test_the_pause_of_a_redraw_is_stored(store: Store) -> None:
    """It survives other writes of that row by whoever read it, and a new watch forgets it."""
    await store.open_job(a_job(1))
    await store.save_redraw(1, 3, later(90))
    await store.save_redraw(2, 3, later(90))
    assert await store.find_job(1) == a_job(1, redraws=3, redraw_at=later(90))
    await store.open_job(a_job(1))
    assert await store.find_job(1) == a_job(1)
    assert await store.find_job(2) is None
