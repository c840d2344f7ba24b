"""Which requests must be confirmed, and what a person is told before they do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.entities import (
    CostKind,
    CountScope,
    KnownMoney,
    LimitSetting,
    OperatorRules,
    Period,
    Rules,
    Spending,
    SpendingCount,
    Usage,
)
from bot.errors import ConfirmationNeeded, DailyLimitReached, SpendingLimitReached
from bot.money import parse_prices
from bot.policy.claim_judge import ClaimJudge
from bot.policy.costs import PaidRequest, estimate_cost
from bot.policy.prices import PriceList
from bot.policy.rules import Spender, SpendingPolicy

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
SPENDER = Spender(person_id=7, guild_id=6)
PRICES = "imagine=0.10, video=0.8, upscale=0.05, modal=0.3, currency=USD"


def judge(
    action: str = "IMAGINE",
    tasks: int = 1,
    prices: str = PRICES,
    above: str | None = "0.5",
    *,
    is_confirmed: bool = False,
) -> ClaimJudge:
    known = PriceList()
    known.set_configured(parse_prices(prices))
    policy = SpendingPolicy(
        allowed_guilds=(6,),
        allowed_users=(),
        application_owners=(),
        press_policy="anyone",
        cooldown=timedelta(0),
        daily_submits_per_person=30,
        daily_submits=500,
        prices=known,
        confirm_above=Decimal(above) if above else None,
    )
    cost = estimate_cost(known, PaidRequest(action=action, tasks=tasks), spender=SPENDER)
    return ClaimJudge(policy=policy, spender=SPENDER, cost=cost, tasks=tasks, is_confirmed=is_confirmed)


def usage(*limits: LimitSetting, submits: int = 0, spending: Mapping[SpendingCount, Spending] | None = None) -> Usage:
    rules = Rules(operator=OperatorRules(person_limits=limits))
    return Usage(submits, submits, None, NOON, rules, spending or {})


@pytest.mark.parametrize(
    ("asked", "is_asked"),
    [
        (judge("VIDEO"), True),
        (judge("VIDEO", above="0.8"), False),
        (judge("VIDEO", above="0.799999"), True),
        (judge("VIDEO", above="0"), True),
        (judge("VIDEO", above=None), False),
        (judge("VIDEO", prices=""), False),
        (judge("VIDEO", is_confirmed=True), False),
        (judge("IMAGINE"), False),
        (judge("IMAGINE", tasks=4), True),
        (judge("IMAGINE", tasks=4, above=None), True),
        (judge("IMAGINE", tasks=4, prices=""), True),
        (judge("IMAGINE", tasks=4, is_confirmed=True), False),
        (judge("IMAGINE", prices="imagine=0, currency=USD", above="0"), False),
    ],
)
def test_expensive_requests_and_several_tasks_are_asked_about(asked: ClaimJudge, *, is_asked: bool) -> None:
    """Above the amount, not at it; without a known price only several tasks at once."""
    if not is_asked:
        asked.check(usage())
        return
    with pytest.raises(ConfirmationNeeded) as needed:
        asked.check(usage())
    assert (needed.value.tasks, needed.value.price) == (asked.tasks, asked.cost.expected)


@pytest.mark.parametrize(
    ("confirmed", "is_asked"),
    [("0.8", False), ("0.73", False), ("0.72", True), ("0.1", True), ("2", False), (None, False)],
)
def test_a_price_that_rose_by_more_than_a_tenth_is_asked_about_again(confirmed: str | None, *, is_asked: bool) -> None:
    price = Decimal(confirmed) if confirmed else None
    asked = replace(judge("VIDEO", is_confirmed=True), confirmed_price=price)
    assert asked.needs_confirmation is is_asked
    assert asked.build_confirmation(usage()).has_risen is is_asked
    assert not replace(judge("VIDEO", above=None, is_confirmed=True), confirmed_price=price).needs_confirmation


@pytest.mark.parametrize("price", ["0.00004", "0.00014"])
def test_a_price_that_was_rounded_is_not_asked_about_again(price: str) -> None:
    asked = judge("IMAGINE", prices=f"imagine={price}, currency=USD", above="0", is_confirmed=True)
    shown = Decimal(price).quantize(Decimal("0.0001"))
    assert not replace(asked, confirmed_price=shown).needs_confirmation


def test_the_question_tells_what_the_strictest_limits_leave() -> None:
    """Of the settings and of the rules; limits of other kinds do not count."""
    limits = (
        LimitSetting(period=Period.DAY, tasks=20),
        LimitSetting(period=Period.MONTH, amount=Decimal(5)),
        LimitSetting(period=Period.DAY, amount=Decimal(3)),
        LimitSetting(period=Period.DAY, tasks=4, kind=CostKind.SEVERAL),
        LimitSetting(period=Period.DAY, tasks=1, kind=CostKind.HD),
    )
    month, day = NOON.replace(day=1, hour=0), NOON.replace(hour=0)
    spending = {
        SpendingCount(CountScope.PERSON, day): Spending(6, Decimal("0.5")),
        SpendingCount(CountScope.PERSON, month): Spending(60, Decimal("2.75")),
    }
    left = judge("VIDEO").build_confirmation(usage(*limits, submits=6, spending=spending))
    assert (left.price, left.currency, left.tasks_left, left.amount_left) == (
        Decimal("0.8"), "USD", 14, Decimal("2.25"),
    )  # fmt: skip
    several = judge("IMAGINE", tasks=2).build_confirmation(usage(*limits, submits=6, spending=spending))
    assert (several.price, several.tasks_left) == (Decimal("0.2"), 4)
    assert judge("VIDEO").build_confirmation(usage(submits=29)).tasks_left == 1


@pytest.mark.parametrize(
    ("asked", "used", "refusal"),
    [
        (judge("VIDEO"), usage(submits=30), DailyLimitReached),
        (judge("IMAGINE", tasks=4), usage(submits=27), DailyLimitReached),
        (judge("VIDEO"), usage(LimitSetting(period=Period.DAY, amount=Decimal("0.7"))), SpendingLimitReached),
    ],
)
def test_who_may_not_draw_is_refused_and_not_asked(asked: ClaimJudge, used: Usage, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        asked.check(used)


@pytest.mark.parametrize(
    ("action", "model", "price"),
    [
        ("INPAINT", "mj_modal", "0.3"),
        ("CUSTOM_ZOOM", "mj_modal", "0.3"),
        ("MODAL", "mj_modal", "0.3"),
        ("UPSCALE", "mj_upscale", "0.05"),
    ],
)
def test_a_button_whose_form_is_billed_costs_what_the_form_does(action: str, model: str, price: str) -> None:
    cost = judge(action).cost
    assert (cost.action, cost.model, cost.expected) == (action, model, Decimal(price))


def test_request_without_a_price_counts_as_the_dearest() -> None:
    """A budget must hold for what has no price too, and the refusal says that the amount is assumed."""
    limit = LimitSetting(period=Period.DAY, amount=Decimal(1))
    judge("VIDEO", prices="imagine=0.6, currency=USD").check(usage(limit))
    with pytest.raises(SpendingLimitReached) as refused:
        judge("VIDEO", 2, prices="imagine=0.6, currency=USD", is_confirmed=True).check(usage(limit))
    assert (refused.value.wanted, refused.value.currency, refused.value.is_price_known) == (
        Decimal("1.2"),
        "USD",
        False,
    )
    judge("VIDEO", 2, prices="", is_confirmed=True).check(usage(limit))


def test_money_that_was_known_before_a_restart_still_counts() -> None:
    """While the relay tells nothing: its currency, its rates and the dearest price; until it tells others."""
    known = KnownMoney(currency="CNY", dearest=Decimal(7), rates={"USD": Decimal(1), "CNY": Decimal(8)})
    limit = LimitSetting(period=Period.DAY, amount=Decimal(5))
    rules = Rules(operator=OperatorRules(person_limits=(limit,), last_money=known))
    plan = judge(prices="").plan(rules, NOON)
    assert (plan.currency, plan.rates, plan.dearest) == ("CNY", {"USD": Decimal(8)}, Decimal(7))
    with pytest.raises(SpendingLimitReached) as refused:
        judge(prices="").check(Usage(0, 0, None, NOON, rules, {}))
    assert (refused.value.wanted, refused.value.currency) == (Decimal(7), "CNY")
    assert judge().plan(rules, NOON).currency == "USD"


def test_amount_is_used_up_by_a_request_without_a_price() -> None:
    """The last one says so, as it counts as the dearest."""
    used_up = judge("VIDEO", prices="imagine=0.6, currency=USD").find_used_up(
        usage(LimitSetting(period=Period.DAY, amount=Decimal("0.6")))
    )
    assert used_up
    assert used_up.is_amount
