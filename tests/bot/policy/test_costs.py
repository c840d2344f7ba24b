"""What a request is expected to cost before it is sent, and what a claim costs as it was sent."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.entities import Cost, CostKind
from bot.money import MAX_AMOUNT, parse_prices
from bot.policy.costs import PaidRequest, correct_cost, estimate_cost
from bot.policy.prices import PriceList
from bot.policy.rules import Spender

PRICES = (
    "imagine=0.1, turbo_imagine=0.3, video=0.8, variation=0.1, turbo_variation=0.2, modal=0.1, turbo_modal=0.15, "
    "currency=USD"
)
SPENDER = Spender(person_id=7, guild_id=6, channel_ids=(5, 4), is_private=True)
IMAGINE = Cost(action="IMAGINE", model="mj_imagine", expected=Decimal("0.1"), currency="USD")
VARIATION = replace(IMAGINE, action="VARIATION", model="mj_variation")
TURBO = frozenset({CostKind.TURBO})


def price_list(prices: str = PRICES) -> PriceList:
    known = PriceList()
    known.set_configured(parse_prices(prices))
    return known


def estimate(speed: str = "", prices: str = PRICES, **request: Any) -> Cost:  # noqa: ANN401 (any of the fields)
    return estimate_cost(price_list(prices), PaidRequest(**request), spender=SPENDER, speed=speed)


@pytest.mark.parametrize(
    ("speed", "request_", "model", "paid_speed", "expected"),
    [
        ("", {"action": "IMAGINE"}, "mj_imagine", "", "0.1"),
        ("turbo", {"action": "IMAGINE"}, "mj_imagine", "turbo", "0.3"),
        ("turbo", {"action": "IMAGINE", "prompt": "a --fast"}, "mj_imagine", "fast", "0.1"),
        ("", {"action": "IMAGINE", "prompt": "a --turbo", "tasks": 3}, "mj_imagine", "turbo", "0.9"),
        ("relax", {"action": "VARIATION", "parent_prompt": "a --turbo"}, "mj_variation", "relax", "0.1"),
        ("", {"action": "VARIATION", "parent_prompt": "a --turbo"}, "mj_variation", "", "0.1"),
        ("", {"action": "VARIATION", "forms": 1}, "mj_variation", "", "0.2"),
        ("turbo", {"action": "VARIATION", "forms": 1}, "mj_variation", "turbo", "0.35"),
        ("turbo", {"action": "CUSTOM_ZOOM", "forms": 1}, "mj_modal", "turbo", "0.15"),
        ("turbo", {"action": "INPAINT"}, "mj_modal", "turbo", "0.15"),
        ("turbo", {"action": "MODAL"}, "mj_modal", "turbo", "0.15"),
        ("", {"action": "BLEND"}, "mj_blend", "", None),
        ("", {"action": "BLEND", "forms": 1}, "mj_blend", "", None),
        ("", {}, "", "", None),
    ],
)
def test_estimate_is_the_most_that_may_be_billed(
    speed: str, request_: dict[str, Any], model: str, paid_speed: str, expected: str | None
) -> None:
    cost = estimate(speed, **request_)
    assert (cost.model, cost.speed, cost.expected) == (model, paid_speed, Decimal(expected) if expected else None)
    assert (cost.channel_id, cost.is_private, cost.currency) == (5, True, "USD" if expected else "")


@pytest.mark.parametrize(
    ("speed", "request_", "kinds"),
    [
        ("", {"action": "IMAGINE", "prompt": "a fox --ar 3:2"}, set()),
        ("turbo", {"action": "IMAGINE"}, {CostKind.TURBO}),
        ("turbo", {"action": "IMAGINE", "prompt": "a --relax"}, set()),
        ("relax", {"parent_prompt": "a fox\na wolf --turbo\na bear"}, {CostKind.TURBO}),
        ("", {"parent_prompt": "a --hd"}, {CostKind.HD}),
        ("", {"prompt": "a --hd --turbo"}, {CostKind.HD, CostKind.TURBO}),
        ("", {"action": "VIDEO", "tasks": 2}, {CostKind.VIDEO, CostKind.SEVERAL}),
        ("", {"action": "REROLL", "is_video": True}, {CostKind.VIDEO}),
        ("", {"is_video": True}, {CostKind.VIDEO}),
        ("", {"action": "IMAGINE", "is_one_of_several": True}, {CostKind.SEVERAL}),
    ],
)
def test_expensive_kinds_of_a_request(speed: str, request_: dict[str, Any], kinds: set[CostKind]) -> None:
    assert estimate(speed, **request_).kinds == kinds


def test_form_without_a_price_adds_nothing() -> None:
    """The known part of a bill counts; a form alone has no price then."""
    cost = estimate(prices="variation=0.1, currency=USD", action="VARIATION", forms=1)
    assert (cost.expected, cost.currency) == (Decimal("0.1"), "USD")
    assert estimate(prices="variation=0.1, currency=USD", action="CUSTOM_ZOOM", forms=1).expected is None


@pytest.mark.parametrize(
    ("cost", "sent", "expected"),
    [
        pytest.param(IMAGINE, {}, "0.1", id="as it was claimed"),
        pytest.param(IMAGINE, {"tasks": 4}, "0.4", id="several tasks"),
        pytest.param(IMAGINE, {"tasks": 0}, "0", id="nothing is billed"),
        pytest.param(VARIATION, {"forms": 1}, "0.2", id="a press and its form"),
        pytest.param(VARIATION, {"tasks": 0, "forms": 1}, "0.1", id="a free window and its form"),
        pytest.param(VARIATION, {"action": "IMAGINE", "speed": "turbo"}, "0.3", id="a fallback"),
        pytest.param(replace(IMAGINE, speed="turbo"), {}, "0.3", id="the speed of the claim"),
        pytest.param(replace(IMAGINE, speed="turbo"), {"speed": ""}, "0.1", id="a speed that the relay lacks"),
        pytest.param(replace(IMAGINE, model="mj_blend"), {}, None, id="no price"),
        pytest.param(replace(IMAGINE, model="mj_blend"), {"forms": 1}, None, id="no price, and a form"),
        pytest.param(replace(IMAGINE, model="mj_blend"), {"tasks": 0}, "0", id="no price, but free"),
    ],
)
def test_cost_is_corrected_to_what_was_sent(cost: Cost, sent: dict[str, Any], expected: str | None) -> None:
    corrected = correct_cost(price_list(), cost, **sent)
    assert corrected.expected == (Decimal(expected) if expected else None)
    assert corrected.currency == "USD"


def test_corrected_cost_names_what_the_relay_bills() -> None:
    """A form alone is billed as one, and a fallback as the request that was sent."""
    form = correct_cost(price_list(), replace(VARIATION, channel_id=5), tasks=0, forms=1)
    assert (form.action, form.model, form.channel_id) == ("VARIATION", "mj_modal", 5)
    fallback = correct_cost(price_list(), VARIATION, action="IMAGINE", speed="turbo")
    assert (fallback.action, fallback.model, fallback.speed) == ("IMAGINE", "mj_imagine", "turbo")


@pytest.mark.parametrize("tasks", [0, 1, 4])
def test_several_tasks_stay_of_that_kind(tasks: int) -> None:
    """However many the relay made of a request for several; and one that it made several of becomes of that kind."""
    several = frozenset({CostKind.SEVERAL})
    assert correct_cost(price_list(), replace(IMAGINE, kinds=several), tasks=tasks).kinds == several
    assert correct_cost(price_list(), IMAGINE, tasks=tasks).kinds == (several if tasks > 1 else frozenset())


@pytest.mark.parametrize(
    ("claimed", "kinds", "sent", "corrected"),
    [
        ("turbo", TURBO, "turbo", TURBO),
        ("turbo", TURBO, "", frozenset[CostKind]()),
        ("", frozenset[CostKind](), "turbo", TURBO),
        ("", TURBO, "", TURBO),  # of its parent
        ("relax", TURBO | {CostKind.HD}, None, TURBO | {CostKind.HD}),
        ("turbo", TURBO | {CostKind.HD}, "relax", frozenset({CostKind.HD})),
    ],
)
def test_kinds_change_only_with_the_speed(
    claimed: str, kinds: frozenset[CostKind], sent: str | None, corrected: frozenset[CostKind]
) -> None:
    cost = replace(IMAGINE, speed=claimed, kinds=kinds)
    assert correct_cost(price_list(), cost, speed=sent).kinds == corrected


def test_estimate_is_never_more_than_the_largest_amount() -> None:
    """Sixteen tasks of the dearest price would be."""
    assert estimate(prices="imagine=90000000, currency=USD", action="IMAGINE", tasks=16).expected == MAX_AMOUNT
