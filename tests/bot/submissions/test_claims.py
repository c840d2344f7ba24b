"""The second submit of one press, judged where claims are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.entities import Claim, ClaimState
from bot.errors import DailyLimitReached, FormUnsent
from bot.policy.rules import Admission
from bot.store import SqlStore
from bot.submissions.claims import Claims
from tests.fakes.store import FakeStore
from tests.fakes.stored import NOON

PRESS = Claim(id=100, person_id=1, guild_id=6, message_id=700, task_id="5", button="v2", made_at=NOON)


def rules(store: SqlStore | FakeStore, **limits: int) -> Claims:
    given = {"per_person": 30, "everybody": 500, **limits}
    admission = Admission(
        guilds=(6,),
        people=(),
        owners=(),
        policy="anyone",
        cooldown=timedelta(minutes=1),
        now=lambda: NOON,
        per_person=given["per_person"],
        everybody=given["everybody"],
    )
    return Claims(store, admission, now=lambda: NOON)


async def pressed(store: SqlStore | FakeStore, claim: Claim = PRESS, *, submits: int = 2) -> None:
    await store.claim(claim, lambda _: None)
    await store.settle(claim.id, ClaimState.ACCEPTED, "9001", submits=submits)


@pytest.mark.parametrize("limits", [{"per_person": 2}, {"everybody": 2}, {}])
async def test_a_form_within_the_limit_may_be_sent(store: SqlStore | FakeStore, limits: dict[str, int]) -> None:
    """However short ago its press was; nothing is written for it."""
    await pressed(store)
    await rules(store, **limits).judge_form(PRESS)
    assert await store.find_claim(0) is None
    assert [claim.id for claim in await store.claims(ClaimState.SUBMITTING)] == []


@pytest.mark.parametrize(
    ("limits", "whose"), [({"per_person": 1}, "person"), ({"everybody": 1}, "everybody"), ({"everybody": 3}, None)]
)
async def test_a_form_beyond_the_limit_may_not(
    store: SqlStore | FakeStore, limits: dict[str, int], whose: str | None
) -> None:
    """What others have claimed meanwhile counts, too."""
    await pressed(store)
    if whose is None:
        await pressed(store, replace(PRESS, id=101, person_id=2, message_id=701))
        whose = "everybody"
    with pytest.raises(FormUnsent) as told:
        await rules(store, **limits).judge_form(PRESS)
    assert isinstance(told.value.refused, DailyLimitReached)
    assert told.value.refused.whose == whose
