"""A person's own speed, from the panel to the relay's path, on discord.py's own machinery and a real relay."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.midjourney.capabilities import SPEED_CAPABILITY
from bot.midjourney.request_options import Speed
from sandbox.relay import RelaySettings
from tests.pictures import draw_noise, encode
from tests.worlds.simcord import QUICK, SimcordWorld, open_simcord_world

PNG = encode(draw_noise(96, 96))


async def relaxed(w: SimcordWorld) -> None:
    await w.app.store.update_person_settings(w.member.id, lambda now: replace(now, speed=Speed.RELAX))


async def asked_for(w: SimcordWorld) -> None:
    """Press a button, and run two commands, one of which has a speed in its prompt."""
    grid = await w.finished(w.relay.add_task("grid"))
    await w.child(await w.click(w.member, grid, "V2"), "✅")
    for name, options in (("describe", {"image": ("a.png", PNG)}), ("imagine", {"prompt": "a pig"})):
        answer = await w.slash(w.member, name, **options)
        assert answer.response is not None
        await w.titled(answer.response.id, "✅")


async def test_all_requests_use_the_persons_speed(tmp_path: Path) -> None:
    """By the URL path where there is no prompt; other people's requests do not."""
    async with open_simcord_world(tmp_path) as w:
        await relaxed(w)
        await asked_for(w)
        *others, imagine = w.relay.submits
        assert [submit.path for submit in others] == ["/mj-relax/mj/submit/action", "/mj-relax/mj/submit/describe"]
        assert (imagine.path, imagine.body["prompt"]) == ("/mj/submit/imagine", "a pig --relax")
        grid = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.stranger, grid, "V3"), "✅")
        assert w.relay.submits[-1].path == "/mj/submit/action"
        assert not w.env.errors


@pytest.mark.parametrize("actions", [True, False])
async def test_a_relay_without_speed_paths_still_works(tmp_path: Path, *, actions: bool) -> None:
    """Its web page means that nothing was accepted: each request is repeated once without a speed, and paid once."""
    relay = RelaySettings(seconds_per_task=0.2, picture_side=64, has_speeds=False, has_actions=actions)
    async with open_simcord_world(tmp_path, relay) as w:
        await relaxed(w)
        await asked_for(w)
        way = "action" if actions else "change"
        assert [submit.path for submit in w.relay.submits] == [
            f"/mj/submit/{way}", "/mj/submit/describe", "/mj/submit/imagine",
        ]  # fmt: skip
        assert SPEED_CAPABILITY in await w.app.store.find_missing_capabilities(w.clock.now())
        assert not w.env.errors


async def test_an_unknown_outcome_is_not_retried_without_speed(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, QUICK) as w:
        await relaxed(w)
        grid = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", status=502, text="bad gateway")
        await w.child(await w.click(w.member, grid, "V2"), "❔ Unknown whether it was accepted")
        assert w.relay.requests["action"] == 1
        assert w.relay.submits == []
