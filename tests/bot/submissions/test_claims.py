"""The second submit of one press, judged where claims are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.entities import Claim, ClaimState
from bot.errors import DailyLimitReached, ModalNotSent
from bot.policy.rules import SpendingPolicy
from bot.store import SqlStore
from bot.submissions.claims import ClaimWriter
from tests.fakes.store import FakeStore
from tests.fakes.stored import NOON

PRESS = Claim(id=100, person_id=1, guild_id=6, message_id=700, task_id="5", button="v2", made_at=NOON)


def rules(store: SqlStore | FakeStore, **limits: int) -> ClaimWriter:
    given = {"daily_submits_per_person": 30, "daily_submits": 500, **limits}
    admission = SpendingPolicy(
        allowed_guilds=(6,),
        allowed_users=(),
        application_owners=(),
        press_policy="anyone",
        cooldown=timedelta(minutes=1),
        now=lambda: NOON,
        daily_submits_per_person=given["daily_submits_per_person"],
        daily_submits=given["daily_submits"],
    )
    return ClaimWriter(store, admission, now=lambda: NOON)


async def pressed(store: SqlStore | FakeStore, claim: Claim = PRESS, *, submits: int = 2) -> None:
    await store.create_claim(claim, lambda _: None)
    await store.settle_claim(claim.id, ClaimState.ACCEPTED, "9001", submits=submits)


@pytest.mark.parametrize("limits", [{"daily_submits_per_person": 2}, {"daily_submits": 2}, {}])
async def test_a_form_within_the_limit_may_be_sent(store: SqlStore | FakeStore, limits: dict[str, int]) -> None:
    """However short ago its press was; nothing is written for it."""
    await pressed(store)
    await rules(store, **limits).check_modal_limits(PRESS)
    assert await store.find_claim(0) is None
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == []


@pytest.mark.parametrize(
    ("limits", "whose"),
    [({"daily_submits_per_person": 1}, "person"), ({"daily_submits": 1}, "everybody"), ({"daily_submits": 3}, None)],
)
async def test_a_form_beyond_the_limit_may_not(
    store: SqlStore | FakeStore, limits: dict[str, int], whose: str | None
) -> None:
    """What others have claimed meanwhile counts, too."""
    await pressed(store)
    if whose is None:
        await pressed(store, replace(PRESS, id=101, person_id=2, message_id=701))
        whose = "everybody"
    with pytest.raises(ModalNotSent) as told:
        await rules(store, **limits).check_modal_limits(PRESS)
    assert isinstance(told.value.refused, DailyLimitReached)
    assert told.value.refused.whose == whose
