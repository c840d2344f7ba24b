"""What the relay tells about money, in the formats of several versions; what is malformed is not known."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ActionUnsupported, BalanceExhausted, RelayBusy, RelayError, RelayUnreachable
from bot.relay.responses.account_responses import (
    NO_RELAY_MONEY,
    KeyQuota,
    ListedPrice,
    RelayMoney,
    RelayPriceList,
    parse_available_models,
    parse_billing_usage,
    parse_key_usage,
    parse_pricing,
    parse_status,
    parse_subscription,
    round_amount,
)
from bot.relay.responses.relay_response import RelayResponse

ONE = Decimal(1)
PAGE = '<!doctype html><html><body><div id="root"></div></body></html>'
PARSERS: tuple[Callable[[RelayResponse], object], ...] = (
    parse_status, parse_pricing, parse_available_models, parse_subscription, parse_billing_usage, parse_key_usage
)  # fmt: skip
BROKEN_NUMBERS = (
    *("null", '"0.1"', "true", "[]", "{}", "NaN", "Infinity", "-0.1", "1e400", "1e99999999999999999999"),
    *("9" * 40, "9" * 5000, "0." + "1" * 50),
)
NO_SUCH_PATH = '{"error":{"message":"Invalid URL (GET /api/status)","type":"invalid_request_error"}}'
USED_UP = {"error": {"message": "该令牌额度已用尽", "type": "new_api_error"}}
NAMES = (
    *("data", "success", "quota_per_unit", "quota_display_type", "usd_exchange_rate", "group_ratio", "model_name"),
    *("custom_currency_symbol", "custom_currency_exchange_rate", "model_price", "quota_type", "enable_groups"),
    *("hard_limit_usd", "total_usage", "total_available", "unlimited_quota", "mj_imagine", "price", "input", "type"),
)


def answer(body: object, status: int = 200, path: str = "/api/status") -> RelayResponse:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return RelayResponse(status, text, path=path)


def status(**data: object) -> RelayResponse:
    return answer({"success": True, "message": "", "data": data})


def pricing(*rows: object, ratios: object = None) -> RelayPriceList:
    return parse_pricing(answer({"success": True, "data": list(rows), "group_ratio": ratios}))


def row(model: object = "mj_imagine", price: object = 0.1, kind: object = 1, **more: object) -> dict[str, Any]:
    return {"model_name": model, "quota_type": kind, "model_price": price, **more}


@pytest.mark.parametrize(
    ("data", "currency", "balance_currency", "rates"),
    [
        ({"display_in_currency": True}, "USD", "USD", {"USD": ONE}),
        ({"display_in_currency": False}, "USD", "", {"USD": ONE}),
        ({"quota_display_type": "USD", "usd_exchange_rate": 7.3}, "USD", "USD", {"USD": ONE, "CNY": Decimal("7.3")}),
        ({"quota_display_type": "CNY", "usd_exchange_rate": 7.3}, "CNY", "CNY", {"USD": ONE, "CNY": Decimal("7.3")}),
        ({"quota_display_type": "CNY", "usd_exchange_rate": 0}, "CNY", "CNY", {"USD": ONE}),
        ({"quota_display_type": "TOKENS"}, "USD", "", {"USD": ONE}),
        (
            {"quota_display_type": "CUSTOM", "custom_currency_symbol": "\u20ac", "custom_currency_exchange_rate": 0.9},
            "EUR", "USD", {"USD": ONE, "EUR": Decimal("0.9")},
        ),
        (
            {"quota_display_type": "CUSTOM", "custom_currency_symbol": "积分", "custom_currency_exchange_rate": 100},
            "积分", "USD", {"USD": ONE, "积分": Decimal(100)},
        ),
        (
            {"quota_display_type": "CUSTOM", "custom_currency_symbol": "$", "custom_currency_exchange_rate": 7},
            "USD", "USD", {"USD": ONE},
        ),
        (
            {"quota_display_type": "CUSTOM", "custom_currency_symbol": "@here`", "custom_currency_exchange_rate": 7},
            "USD", "USD", {"USD": ONE},
        ),
        ({"quota_display_type": "CUSTOM", "custom_currency_symbol": None}, "USD", "USD", {"USD": ONE}),
        ({"quota_display_type": "EUR"}, "", "USD", {"USD": ONE}),
        ({"quota_display_type": ["USD"]}, "", "USD", {"USD": ONE}),
    ],
)  # fmt: skip
def test_status(data: dict[str, object], currency: str, balance_currency: str, rates: dict[str, Decimal]) -> None:
    assert parse_status(status(quota_per_unit=500_000, **data)) == RelayMoney(
        quota_per_unit=Decimal(500_000), currency=currency, rates=rates, balance_currency=balance_currency
    )


def test_a_status_that_tells_nothing() -> None:
    assert parse_status(status()) == RelayMoney(rates={"USD": ONE})
    assert NO_RELAY_MONEY.convert(ONE, "USD", "") is None


@pytest.mark.parametrize("number", [*BROKEN_NUMBERS, "0", "1e-400"])
def test_a_malformed_unit_or_rate_is_not_known(number: str) -> None:
    text = f'{{"data":{{"quota_per_unit":{number},"usd_exchange_rate":{number},"quota_display_type":"CNY"}}}}'
    money = parse_status(answer(text))
    assert (money.quota_per_unit, money.rates, money.currency) == (None, {"USD": ONE}, "CNY")
    assert money.convert(ONE, "USD", "CNY") is None


def test_amounts_are_converted_with_the_relays_rates() -> None:
    money = parse_status(status(quota_per_unit=500_000, quota_display_type="CNY", usd_exchange_rate=7.3))
    assert money.convert(Decimal("0.1"), "USD", "CNY") == Decimal("0.73")
    assert money.convert(Decimal(1), "CNY", "USD") == Decimal("0.136986")
    assert money.convert(Decimal(2), "CNY", "CNY") == Decimal(2)
    assert money.convert(Decimal(2), "EUR", "EUR") == Decimal(2)
    assert money.convert(Decimal(2), "EUR", "USD") is None
    assert round_amount(Decimal(10) ** 13) is None


def test_price_list_of_new_api() -> None:
    listed = pricing(
        row(),
        row("swap_face", 0.05, enable_groups=["vip"]),
        row("mj_turbo_imagine", 0, enable_groups=["all"]),
        row("gpt-4o", 0.5),
        row("mj_tokens", 0.5, 0),
        row("mj_" + "x" * 70),
        *(None, 7, "row", {}, row(None), row(kind=True), row(price=None)),
        ratios={"default": 1, "vip": 1.2},
    )
    assert listed.prices == (
        ListedPrice("mj_imagine", Decimal("0.1")),
        ListedPrice("swap_face", Decimal("0.05"), frozenset({"vip"})),
        ListedPrice("mj_turbo_imagine", Decimal(0)),
    )
    amounts = {"mj_imagine": Decimal("0.1"), "swap_face": Decimal("0.06"), "mj_turbo_imagine": Decimal(0)}
    assert listed.list_amounts() == amounts
    assert listed.list_amounts_without_ratio()["swap_face"] == Decimal("0.05")


@pytest.mark.parametrize(
    ("ratios", "groups", "amount"),
    [
        (None, None, "0.1"),
        ({}, ["default"], "0.1"),
        ([], ["default"], "0.1"),
        ({"default": 1.5, "vip": 1}, ["default", "vip"], "0.15"),
        ({"drawing": 1.2, "vip": 1.5}, ["drawing", "vip"], "0.12"),
        ({"drawing": 1.2}, ["other"], None),
        ({"default": -1}, ["default"], "0.1"),
        ({"default": "1"}, ["default"], "0.1"),
        ({"default": 0}, ["default"], "0"),
    ],
)
def test_ratio_of_the_group(ratios: object, groups: object, amount: str | None) -> None:
    listed = pricing(row(enable_groups=groups), ratios=ratios).list_amounts()
    assert listed == ({} if amount is None else {"mj_imagine": Decimal(amount)})


@pytest.mark.parametrize("number", BROKEN_NUMBERS)
def test_a_malformed_price_is_not_known(number: str) -> None:
    text = f'{{"data":[{{"model_name":"mj_imagine","quota_type":1,"model_price":{number}}}],"group_ratio":{{}}}}'
    assert parse_pricing(answer(text)).list_amounts() == {}


def test_a_product_that_is_too_large_is_not_known() -> None:
    assert pricing(row(price=99_999_999), ratios={"default": 999_999}).list_amounts() == {}


def test_price_list_of_one_hub() -> None:
    models = {
        "mj_imagine": {"price": {"type": "times", "input": 50}},
        "mj_blend": {"price": {"type": "tokens", "input": 50}},
        "mj_video": {"price": {"type": "times", "input": "50"}},
        "mj_pan": None,
        "gpt-4o": {"price": {"type": "times", "input": 50}},
    }
    listed = parse_available_models(answer({"success": True, "data": models}))
    assert listed.list_amounts() == {"mj_imagine": Decimal("0.1")}


def test_what_is_left_of_a_key() -> None:
    subscription = answer('{"object":"billing_subscription","hard_limit_usd":10.1,"access_until":0}')
    assert parse_subscription(subscription) == Decimal("10.1")
    assert parse_billing_usage(answer('{"object":"list","total_usage":819.9999999999999}')) == Decimal("8.2")
    assert parse_subscription(answer('{"hard_limit_usd":-0.2}')) == Decimal("-0.2")
    assert parse_key_usage(answer({"data": {"total_available": -40_000, "unlimited_quota": False}})) == KeyQuota(
        left=Decimal(-40_000)
    )
    unlimited = parse_key_usage(answer({"data": {"total_available": -50_000, "unlimited_quota": True}}))
    assert unlimited == KeyQuota(left=None)


@pytest.mark.parametrize("number", sorted(set(BROKEN_NUMBERS) - {"-0.1"}))
def test_a_malformed_balance_is_not_known(number: str) -> None:
    for parse, text in (
        (parse_subscription, f'{{"hard_limit_usd":{number}}}'),
        (parse_billing_usage, f'{{"total_usage":{number}}}'),
        (parse_key_usage, f'{{"data":{{"total_available":{number}}}}}'),
    ):
        with pytest.raises(RelayUnreachable):
            parse(answer(text))


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (answer(PAGE), ActionUnsupported),
        (answer(NO_SUCH_PATH, 404), ActionUnsupported),
        (answer({"success": False, "message": "pricing is disabled"}, 403), ActionUnsupported),
        (answer({"success": False, "message": "Invalid token"}, 401), ActionUnsupported),
        (answer("", 429), RelayBusy),
        (answer(PAGE, 502), RelayUnreachable),
        (answer(PAGE, 404), ActionUnsupported),
        (answer(""), RelayUnreachable),
        (answer("null"), RelayUnreachable),
        (answer("[]"), RelayUnreachable),
        (answer({"data": None}), RelayUnreachable),
        (answer({"data": 7}), RelayUnreachable),
        (answer("[" * 100_000), RelayUnreachable),
        (answer(USED_UP, 401, "/v1/dashboard"), BalanceExhausted),
    ],
)  # fmt: skip
def test_a_response_without_the_value_is_an_error_of_the_relay(
    parse: Callable[[RelayResponse], object], response: RelayResponse, expected: type[RelayError]
) -> None:
    with pytest.raises(expected):
        parse(response)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
        ),
        max_leaves=20,
    )
)  # fmt: skip
def test_any_json_gives_a_value_or_an_error_of_the_relay(body: object) -> None:
    for parse in PARSERS:
        try:
            found = parse(answer(json.dumps(body)))
        except RelayError:
            continue
        if isinstance(found, RelayPriceList):
            assert all(amount >= 0 for amount in found.list_amounts().values())
