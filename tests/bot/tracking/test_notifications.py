"""Who is notified of the end of a task, and when."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import Notify, PersonSettings
from bot.midjourney.task import Status
from tests.fakes.clock import START
from tests.fakes.sample_entities import LIEN, PARENT, job, task
from tests.worlds.services import ServiceWorld

URL = f"https://cdn.test/{PARENT}.png"


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILURE])
@pytest.mark.parametrize(
    ("wanted", "seconds", "notified"),
    [
        ({"notify": True}, 31.0, True),
        ({"pressed": "U2"}, 31.0, True),
        ({}, 31.0, False),
        ({"notify": True}, 20.0, False),
    ],
)
async def test_a_slow_task_notifies_its_requester_once(
    world: ServiceWorld, wanted: dict[str, Any], seconds: float, status: Status, *, notified: bool
) -> None:
    """Only a press, or if it was asked for, and only if it took long enough."""
    world.relay.set(task())
    async with world.process() as process:
        await process.jobs.follow_job(job(**wanted))
        await world.clock.advance(seconds)
        world.relay.set(task(status=status))
        await world.clock.advance(5.0)
    async with world.process():
        await world.clock.advance(60.0)
    assert world.editor.notified == ([(700, PARENT)] if notified else [])


@pytest.mark.parametrize(
    ("chosen", "wanted", "seconds", "notified"),
    [
        (Notify.NEVER, {"pressed": "U2"}, 31.0, False),
        (Notify.NEVER, {"notify": True}, 31.0, True),
        (Notify.ALWAYS, {"pressed": "U2"}, 3.0, True),
        (Notify.ALWAYS, {}, 3.0, False),
        (Notify.LATE, {"pressed": "U2"}, 20.0, False),
    ],
)
async def test_a_person_chooses_when_to_be_notified(
    world: ServiceWorld, chosen: Notify, wanted: dict[str, Any], seconds: float, *, notified: bool
) -> None:
    """Never or always; `notify` asks for it on one message even so, and /mjstatus without it notifies no person."""
    world.store.people[LIEN.id] = PersonSettings(notify=chosen)
    world.relay.set(task())
    async with world.process() as process:
        await process.jobs.follow_job(job(**wanted))
        await world.clock.advance(seconds)
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(6.0)
    assert world.editor.notified == ([(700, PARENT)] if notified else [])


@pytest.mark.parametrize("chosen", Notify)
async def test_no_requester_is_notified_if_the_operator_turns_it_off(world: ServiceWorld, chosen: Notify) -> None:
    """NOTIFY_AFTER_SECONDS=0, whatever a person chose."""
    world.store.people[LIEN.id] = PersonSettings(notify=chosen)
    world.times = replace(world.times, notify_after=timedelta(0))
    async with world.process() as process:
        await process.jobs.follow_job(
            job(notify=True, born_at=START - timedelta(minutes=5)), task(status=Status.SUCCESS)
        )
        await world.clock.advance(1.0)
    assert world.editor.notified == []


@pytest.mark.parametrize("is_shown", [True, False])
@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILURE])
async def test_a_notification_knows_whether_the_message_shows_the_result(
    world: ServiceWorld, status: Status, *, is_shown: bool
) -> None:
    """As it was drawn last: Discord may have refused the picture."""
    world.editor.hidden = set() if is_shown else {700}
    world.relay.set(task(status=status))
    async with world.process() as process:
        await process.jobs.follow_job(job(notify=True, born_at=START - timedelta(minutes=1)))
        await world.clock.advance(5.0)
    assert world.editor.notified == [(700, PARENT)]
