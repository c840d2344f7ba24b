"""Counting the interactions that are being answered."""

import asyncio

import pytest

from cogs.messaging.open_interactions import OpenInteractions


async def test_a_shutdown_waits_for_every_open_interaction() -> None:
    """The wait ends with the last one, not with the first."""
    open_interactions, release = OpenInteractions(), [asyncio.Event(), asyncio.Event()]

    async def answer(event: asyncio.Event) -> None:
        with open_interactions.track():
            await event.wait()

    answering = [asyncio.create_task(answer(event)) for event in release]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(open_interactions.wait_until_closed())
    release[0].set()
    await answering[0]
    await asyncio.sleep(0)
    assert not waiting.done()
    release[1].set()
    await asyncio.gather(waiting, answering[1])


async def test_an_interaction_that_fails_is_closed_too() -> None:
    """A shutdown does not wait for it."""
    open_interactions = OpenInteractions()
    with pytest.raises(ZeroDivisionError), open_interactions.track():
        raise ZeroDivisionError
    await open_interactions.wait_until_closed()


async def test_a_first_response_goes_before_the_work_of_another_interaction() -> None:
    """The work that follows one first response waits until the other has been sent."""
    open_interactions, log = OpenInteractions(), list[str]()

    async def respond(name: str, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        log.append(f"{name} responded")

    async def answer(name: str, turns: int) -> None:
        await open_interactions.send_first_response(respond(name, turns))
        log.append(f"{name} works")

    await asyncio.gather(answer("quick", 1), answer("slow", 5))
    assert log.index("slow responded") < log.index("quick works")
