"""The price list: which source counts, at which speed, and in which currency."""

from decimal import Decimal

import pytest

from bot.money import MAX_AMOUNT, parse_prices
from bot.policy.prices import Price, PriceList
from bot.relay.responses.account_responses import RelayMoney

ONE = Decimal(1)
DOLLARS = RelayMoney(quota_per_unit=Decimal(500_000), currency="USD", rates={"USD": ONE})
YUAN = RelayMoney(quota_per_unit=Decimal(500_000), currency="CNY", rates={"USD": ONE, "CNY": Decimal("7.3")})


def build_prices(money: RelayMoney | None = DOLLARS, configured: str = "", **relay: str) -> PriceList:
    prices = PriceList()
    if money:
        prices.set_relay_money(money)
    prices.set_configured(parse_prices(configured))
    prices.set_relay_prices({model: Decimal(price) for model, price in relay.items()})
    return prices


def find(prices: PriceList, model: str, speed: str = "") -> tuple[str, str, str] | None:
    found = prices.find_price(model, speed)
    return (f"{found.amount:f}", found.currency, found.source) if found else None


def test_without_any_source_no_price_is_known() -> None:
    prices = PriceList()
    assert (prices.currency, prices.unpriced_amount) == ("", Decimal(0))
    assert prices.find_price("mj_imagine") is None
    assert prices.list_prices() == {}


def test_the_log_counts_more_than_the_relays_list_and_that_more_than_the_setting() -> None:
    prices = build_prices(configured="imagine=0.3, video=0.9, currency=USD")
    assert find(prices, "mj_imagine") == ("0.3", "USD", "settings")
    prices.set_relay_prices({"mj_imagine": Decimal("0.2")})
    assert find(prices, "mj_imagine") == ("0.2", "USD", "relay")
    prices.learn("mj_imagine", "", Decimal("0.12"), "USD")
    assert find(prices, "mj_imagine") == ("0.12", "USD", "log")
    assert find(prices, "mj_video") == ("0.9", "USD", "settings")
    assert prices.unpriced_amount == Decimal("0.12")
    assert prices.list_prices()["mj_video"] == Price(Decimal("0.9"), "USD", "settings")


def test_a_price_of_0_is_a_price() -> None:
    prices = build_prices(mj_imagine="0", configured="imagine=0.1, currency=USD")
    assert find(prices, "mj_imagine") == ("0", "USD", "relay")


def test_a_model_that_the_relay_lists_no_more_falls_back_to_the_setting() -> None:
    prices = build_prices(mj_imagine="0.2", configured="imagine=0.1, currency=USD")
    prices.set_relay_prices({})
    assert find(prices, "mj_imagine") == ("0.1", "USD", "settings")


def test_buttons_that_open_a_form_are_never_billed() -> None:
    prices = build_prices(mj_custom_zoom="0.1", mj_inpaint="0.1", mj_modal="0.1")
    assert [find(prices, f"mj_{model}") for model in ("custom_zoom", "inpaint", "modal")] == [
        ("0", "USD", "relay"), ("0", "USD", "relay"), ("0.1", "USD", "relay")
    ]  # fmt: skip


def test_speeds_have_models_of_their_own_on_some_relays() -> None:
    prices = build_prices(mj_imagine="0.1", mj_turbo_imagine="0.2", mj_relax_blend="0.02", mj_fast_blend="0.05")
    assert find(prices, "mj_imagine", "turbo") == ("0.2", "USD", "relay")
    assert find(prices, "mj_imagine", "fast") == ("0.1", "USD", "relay")
    assert find(prices, "mj_turbo_imagine") == ("0.2", "USD", "relay")
    assert find(prices, "mj_blend", "relax") == ("0.02", "USD", "relay")
    assert find(prices, "mj_blend") == ("0.05", "USD", "relay")
    assert find(prices, "mj_blend", "turbo") is None


def test_configured_prices_have_speeds_too() -> None:
    prices = build_prices(configured="imagine=0.1, turbo_imagine=0.2, currency=USD")
    assert find(prices, "mj_imagine", "turbo") == ("0.2", "USD", "settings")
    assert find(prices, "mj_imagine", "relax") == ("0.1", "USD", "settings")


def test_what_the_log_says_of_a_speed() -> None:
    """A stock new-api bills every speed as one model; a fork's name tells the speed."""
    prices = build_prices()
    prices.learn("mj_imagine", "turbo", Decimal("0.1"), "USD")
    assert find(prices, "mj_imagine") == find(prices, "mj_imagine", "turbo") == ("0.1", "USD", "log")
    prices.learn("mj_turbo_blend", "turbo", Decimal("0.2"), "USD")
    assert find(prices, "mj_blend") is None
    assert find(prices, "mj_blend", "turbo") == ("0.2", "USD", "log")
    prices.set_relay_prices({"mj_pan": Decimal("0.1"), "mj_fast_pan": Decimal("0.1")})
    prices.learn("mj_fast_pan", "", Decimal("0.3"), "USD")
    assert find(prices, "mj_pan") == find(prices, "mj_pan", "fast") == ("0.3", "USD", "log")


def test_other_names_of_a_model_are_the_same() -> None:
    prices = build_prices(mj_swap_face="0.05")
    assert find(prices, "swap_face") == ("0.05", "USD", "relay")


@pytest.mark.parametrize(
    ("money", "configured", "expected"),
    [
        (DOLLARS, "", ("0.1", "USD", "relay")),
        (YUAN, "", ("0.730000", "CNY", "relay")),
        (YUAN, "video=1, currency=USD", ("0.1", "USD", "relay")),
        (YUAN, "video=1, currency=CNY", ("0.730000", "CNY", "relay")),
        (YUAN, "video=1, currency=EUR", None),
        (YUAN, "imagine=9, currency=EUR", ("9", "EUR", "settings")),
        (None, "", None),
        (None, "imagine=9, currency=USD", ("0.1", "USD", "relay")),
        (RelayMoney(currency="CNY", rates={"USD": ONE}), "", None),
        (RelayMoney(currency="\u00a4", rates={"USD": ONE, "\u00a4": Decimal(10)}), "", ("1.000000", "\u00a4", "relay")),
    ],
)
def test_the_currency(money: RelayMoney | None, configured: str, expected: tuple[str, str, str] | None) -> None:
    """That of PRICES, else the relay's; other amounts only where the relay tells the rate."""
    assert find(build_prices(money, configured, mj_imagine="0.1"), "mj_imagine") == expected


def test_a_learnt_price_in_another_currency_is_not_used() -> None:
    prices = build_prices(configured="imagine=3, currency=EUR")
    prices.learn("mj_imagine", "", Decimal(1), "GBP")
    assert find(prices, "mj_imagine") == ("3", "EUR", "settings")


@pytest.mark.parametrize(
    ("money", "quota", "amount"),
    [
        (DOLLARS, 50_000, "0.1"),
        (YUAN, 50_000, "0.73"),
        (DOLLARS, 0, "0"),
        (DOLLARS, 1 << 63, None),
        (RelayMoney(currency="USD", rates={"USD": ONE}), 50_000, None),
        (None, 50_000, None),
    ],
)
def test_amounts_in_the_relays_own_unit(money: RelayMoney | None, quota: int, amount: str | None) -> None:
    assert build_prices(money).convert_quota(quota) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("bill", "blend"),
    [("0.12", "0.060000"), ("0.1", "0.050000"), ("0", "0.075"), ("99", "0.075"), ("0.000001", "0.075")],
)
def test_a_bill_tells_the_ratio_of_the_keys_own_group(bill: str, blend: str) -> None:
    """The list names those of other groups only; a ratio that cannot be true is not used."""
    prices = build_prices()
    prices.learn("mj_imagine", "", Decimal(bill), "USD")
    listed = {"mj_imagine": Decimal("0.15"), "mj_blend": Decimal("0.075")}
    prices.set_relay_prices(listed, without_ratio={"mj_imagine": Decimal("0.1"), "mj_blend": Decimal("0.05")})
    assert find(prices, "mj_blend") == (blend, "USD", "relay")
    prices.learn("mj_imagine", "", Decimal("0.2"), "USD")
    assert find(prices, "mj_blend") == ("0.100000", "USD", "relay")


def test_a_bill_in_another_currency_tells_the_ratio_where_the_rate_is_known() -> None:
    prices = build_prices(YUAN)
    listed = {"mj_imagine": Decimal("0.1"), "mj_blend": Decimal("0.05")}
    prices.set_relay_prices(listed, without_ratio=listed)
    prices.learn("mj_imagine", "", Decimal("0.876"), "CNY")
    assert find(prices, "mj_blend") == ("0.438000", "CNY", "relay")


def test_amounts_that_are_too_large_to_be_true_are_no_prices() -> None:
    """They would make the sums that limits need overflow."""
    prices = build_prices(mj_imagine="0.1", mj_video="90000000")
    prices.learn("mj_imagine", "", MAX_AMOUNT + ONE, "USD")
    assert find(prices, "mj_imagine") == ("0.1", "USD", "relay")
    assert prices.convert_quota(500_000 * int(MAX_AMOUNT)) == MAX_AMOUNT
    assert prices.convert_quota(500_000 * int(MAX_AMOUNT) + 1) is None
    prices.set_relay_money(YUAN)
    assert find(prices, "mj_video") is None
    assert prices.convert_quota(500_000 * 20_000_000) is None


def test_a_row_that_was_billed_for_nothing_does_not_replace_a_price() -> None:
    """Whichever is known first; where no other source has a price, it tells that the task is free."""
    prices = build_prices()
    prices.learn("mj_imagine", "", Decimal(0), "USD")
    assert find(prices, "mj_imagine") == ("0", "USD", "log")
    prices.set_relay_prices({"mj_imagine": Decimal("0.1")})
    assert find(prices, "mj_imagine") == ("0.1", "USD", "relay")
    prices.learn("mj_imagine", "", Decimal("0.2"), "USD")
    prices.learn("mj_imagine", "", Decimal(0), "USD")
    assert find(prices, "mj_imagine") == ("0.2", "USD", "log")
