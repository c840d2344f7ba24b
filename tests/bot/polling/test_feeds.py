"""Feeds: what a reader gets of a task."""

import asyncio

import pytest

from bot.midjourney.task import Status
from bot.polling.feeds import Feed
from bot.polling.poller import Poller
from tests.fakes.clock import FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import task


async def test_a_slow_reader_gets_only_the_newest_snapshot(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """It gets no backlog."""
    async with poller.watch("1") as feed:
        for progress in (10, 20, 30):
            relay.set(task("1", progress=progress))
            await clock.advance(5.0)
        news = aiter(feed)
        assert (await anext(news)).progress == 30
        relay.set(task("1", Status.SUCCESS, 100))
        await clock.advance(5.0)
        assert (await anext(news)).progress == 100
        with pytest.raises(StopAsyncIteration):
            await anext(news)


async def test_a_last_snapshot_that_comes_while_the_reader_is_busy_is_read(clock: FakeClock) -> None:
    """A reader that is busy with one last snapshot also reads a later one."""
    feed = Feed()
    news = aiter(feed)
    feed.publish(task("1", Status.SUCCESS, 100, buttons=()), over=True)
    assert (await anext(news)).buttons == ()
    feed.publish(task("1", Status.SUCCESS, 100), over=True)
    assert (await anext(news)).buttons


async def test_an_outage_before_the_first_snapshot_yields_nothing(clock: FakeClock) -> None:
    """The reader is woken, but has nothing to read."""
    feed = Feed()
    feed.report_outage(clock.now())
    feed.report_outage(clock.now())
    reading = asyncio.ensure_future(anext(aiter(feed)))
    await clock.settle()
    assert not reading.done()
    feed.publish(task("1"), over=False)
    assert (await reading).id == "1"


async def test_a_snapshot_that_was_taken_does_not_wake_the_reader(clock: FakeClock) -> None:
    """A last snapshot wakes it even so."""
    feed = Feed()
    news = aiter(feed)
    feed.publish(task("1", progress=1), over=False)
    await anext(news)
    feed.publish(task("1", progress=2), over=False)
    assert feed.take_latest() == task("1", progress=2)
    reading = asyncio.ensure_future(anext(news))
    await clock.settle()
    assert not reading.done()
    feed.publish(task("1", Status.SUCCESS), over=True)
    feed.take_latest()
    assert (await reading).status is Status.SUCCESS
