"""What becomes of a click's messages where Discord fails, or refuses."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.entities import Place
from bot.errors import DisplayFailed, PlaceGone
from bot.imaging.reencode import Picture
from bot.midjourney.task import Task
from cogs.context import Interaction
from cogs.languages import Language
from cogs.languages.catalogs import CATALOGS
from cogs.languages.choice import LanguageChoice
from cogs.messaging.followups import ClickFollowups
from cogs.messaging.rate_limits import RateLimiter
from tests.fakes.catalog import PseudoCatalog
from tests.fakes.clock import FakeClock
from tests.fakes.sample_entities import place

PARENT = Task(id="1730621826053455", prompt="a lighthouse")


def failed(status: int, code: int = 0) -> discord.HTTPException:
    return discord.HTTPException(cast("Any", SimpleNamespace(status=status, reason="so")), {"code": code})


class Followups:
    """Discord's side of an interaction: answers what a test plans, and counts."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes = list(outcomes)
        self.asked = 0
        self.sent: list[dict[str, Any]] = []

    async def send(self, **fields: Any) -> discord.Message:  # noqa: ANN401 - discord.py's
        self.sent.append(fields)
        self._next()
        return cast("discord.Message", SimpleNamespace(id=8, flags=discord.MessageFlags()))

    async def delete_message(self, _: int) -> None:
        self._next()

    def _next(self) -> None:
        self.asked += 1
        if outcome := self.outcomes.pop(0):
            raise outcome


def answerer(followups: Followups, clock: FakeClock, parent: Place | None = None) -> ClickFollowups:
    message = SimpleNamespace(id=7, flags=discord.MessageFlags(), components=[])
    user = SimpleNamespace(
        id=3, display_name="lien", display_avatar=SimpleNamespace(with_size=lambda _: SimpleNamespace(url=""))
    )
    interaction = SimpleNamespace(
        client=SimpleNamespace(languages=LanguageChoice()), id=5, guild=None,
        locale=discord.Locale.american_english,
        token="token", followup=followups, message=message, user=user, channel_id=1, guild_id=None, application_id=9,
        expires_at=clock.now(), extras={}, context=SimpleNamespace(dm_channel=True),
    )  # fmt: skip
    turns = RateLimiter(clock.clock.monotonic, clock.sleep)
    return ClickFollowups(cast("Interaction", interaction), turns, clock.sleep, parent=parent)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (failed(404, 10003), PlaceGone),
        (failed(403, 50001), PlaceGone),
        (failed(500), DisplayFailed),
        (failed(429), DisplayFailed),
        (ConnectionResetError(), DisplayFailed),
        (TimeoutError(), DisplayFailed),
    ],
)
async def test_why_a_child_could_not_be_shown(error: Exception, told: type[Exception]) -> None:
    """A place that is gone is told from a Discord that failed: there the same press works in a minute."""
    with pytest.raises(told):
        await answerer(Followups(error), FakeClock()).send_child_message("U1", PARENT)


@pytest.mark.parametrize(
    ("outcomes", "asked", "is_gone"),
    [
        ([ConnectionResetError(), failed(503), None], 3, True),
        ([failed(404, 10008)], 1, True),
        ([failed(404, 10003)], 1, True),
        ([failed(404, 10015)], 1, False),
        ([failed(401, 50027)], 1, False),
        ([failed(403, 50001)], 1, False),
        ([failed(403), failed(403, 40333), None], 3, True),
        ([failed(500)] * 4, 4, False),
        ([TimeoutError()] * 4, 4, False),
    ],
)
async def test_a_child_is_taken_back(outcomes: list[Exception | None], asked: int, *, is_gone: bool) -> None:
    """It says "Sending", which is not true any more: a Discord that fails is asked again, a refusal is believed."""
    followups, clock = Followups(*outcomes), FakeClock()
    where: Place = place(7)
    closing = asyncio.create_task(answerer(followups, clock).delete_child_message(where))
    await clock.advance(60.0)
    assert await closing is is_gone
    assert followups.asked == asked


@pytest.mark.parametrize(("status", "code"), [(400, 200000), (403, 240000), (400, 50035), (403, 40333), (403, 0)])
async def test_a_child_whose_prompt_is_refused_is_sent_without_it(status: int, code: int) -> None:
    """By a server's filter, by Discord, or by a firewall; the request itself is not refused for that."""
    followups = Followups(failed(status, code), None)
    place = await answerer(followups, FakeClock()).send_child_message("U1", PARENT)
    assert place.message_id == 8
    assert ["lighthouse" in (fields["embed"].description or "") for fields in followups.sent] == [True, False]
    with pytest.raises(DisplayFailed if code in {0, 40333} else PlaceGone):
        await answerer(Followups(failed(status, code), failed(status, code)), FakeClock()).send_child_message(
            "U1", PARENT
        )


@pytest.mark.parametrize(("status", "code"), [(400, 20009), (413, 40005), (403, 400001)])
async def test_a_clip_that_discord_refuses_is_linked(status: int, code: int) -> None:
    clip = Picture(b"clip", "clip.mp4", 1, 1, is_reencoded=False)
    followups = Followups(failed(status, code), None)
    await answerer(followups, FakeClock()).send_clip("U1", PARENT, "https://cdn.test/1.mp4", clip)
    assert [len(fields.get("files", [])) for fields in followups.sent] == [1, 0]
    assert "https://cdn.test/1.mp4" in followups.sent[1]["embed"].description
    with pytest.raises(PlaceGone):
        await answerer(Followups(failed(404, 10003)), FakeClock()).send_clip(
            "U1", PARENT, "https://cdn.test/1.mp4", clip
        )


async def test_a_clip_is_shown_in_the_language_of_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everyone in the channel sees it, and the person who pressed may read another language."""
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, PseudoCatalog())
    followups = Followups(None)
    there = place(language=Language.VIETNAMESE)

    await answerer(followups, FakeClock(), there).send_clip("U1", PARENT, "https://cdn.test/1.mp4", None)

    assert followups.sent[0]["embed"].title == "⟦✅ One clip⟧"
