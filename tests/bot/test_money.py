"""Prices and amounts that people write: what is accepted, and the sentence for everything else."""

from decimal import Decimal

import pytest

from bot.money import NO_PRICES, PriceSetting, find_currency, join_speed, parse_amount, parse_prices, split_speed

DIGITS = "which has too many digits: six after the point are enough"
ISO = "which is not known: write the three letters of its ISO code, such as USD, EUR or CNY"
GOOD_EXAMPLE = ". A good example: imagine=0.10, video=0.80, upscale=0.05, currency=USD"


@pytest.mark.parametrize(
    ("text", "prices", "currency"),
    [
        (
            "imagine=0.10, video=0.8, upscale=0.05, currency=USD",
            {"mj_imagine": "0.10", "mj_video": "0.8", "mj_upscale": "0.05"},
            "USD",
        ),
        ("currency=usd; imagine = .5", {"mj_imagine": "0.5"}, "USD"),
        ("IMAGINE=1.\ncurrency=$", {"mj_imagine": "1"}, "USD"),
        ("imagine=0.1\uff0ccurrency=CNY", {"mj_imagine": "0.1"}, "CNY"),
        ("'imagine=2500, currency=VND'", {"mj_imagine": "2500"}, "VND"),
        ("animate=0, currency=EUR", {"mj_video": "0"}, "EUR"),
        ("face swap=0.05, currency=credits", {"swap_face": "0.05"}, "credits"),
        ("mj_imagine=0.1, edits=0.2, currency=RMB", {"mj_imagine": "0.1", "mj_edits": "0.2"}, "CNY"),
        ("turbo_imagine=0.2, currency=USD", {"mj_turbo_imagine": "0.2"}, "USD"),
        ("mj_fast_imagine=0.1, currency=USD", {"mj_fast_imagine": "0.1"}, "USD"),
        ("vary (region)=0.1, currency=USD", {"mj_modal": "0.1"}, "USD"),
        (
            "low variation=0.2, vary=0.1, currency=USD",
            {"mj_variation": "0.1", "mj_low_variation": "0.2", "mj_high_variation": "0.1"},
            "USD",
        ),
    ],
)  # fmt: skip
def test_what_is_accepted(text: str, prices: dict[str, str], currency: str) -> None:
    assert parse_prices(text) == PriceSetting({name: Decimal(value) for name, value in prices.items()}, currency)


@pytest.mark.parametrize("text", ["", " ", ",", '""'])
def test_an_empty_list_sets_no_prices(text: str) -> None:
    assert parse_prices(text) == NO_PRICES


@pytest.mark.parametrize(
    "word",
    [
        *("imagine", "blend", "describe", "shorten", "upscale", "variation", "vary", "reroll", "zoom", "pan", "video"),
        *("animate", "edit", "faceswap", "modal", "upload", "redo", "custom_zoom", "vary subtle", "Face-Swap"),
    ],
)
def test_every_action_that_people_would_write(word: str) -> None:
    assert set(parse_prices(f"{word}=1, currency=USD").prices.values()) == {Decimal(1)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("imagine 0.10, currency=USD", 'contains "imagine 0.10", which has no =: write the action, = and its price'),
        ("imagine: 0.10", 'contains "imagine: 0.10", which has a colon: write = between the action and its price'),
        ("imagine=-0.1, currency=USD", 'contains "imagine=-0.1", which is negative'),
        ("imagine=\u22120.1, currency=USD", "contains item 1, which is negative"),
        ("video=1, imagine=0,10, currency=USD", 'has a decimal comma in "imagine=0,10": write imagine=0.10'),
        ("imagine=0,10; video=0,80; currency=USD", 'has a decimal comma in "imagine=0,10": write imagine=0.10'),
        ("imagine=1, imagine=2, currency=USD", "has two prices for imagine: leave one out"),
        ("vary=1, variation=2, currency=USD", "has two prices for variation: leave one out"),
        ("imagine=1", "does not say in which currency the prices are: add one, such as currency=USD"),
        ("currency=USD", "names a currency but no price"),
        ("imagine=1, currency=", "has no currency after currency=: write its three letters, such as currency=USD"),
        (
            "imagine=1, currency=UDS",
            f"has the currency UDS, {ISO}",
        ),
        (
            "imagine=1, currency=dollars",
            "has a currency that is not known: write the three letters of its ISO code, such as USD, EUR or CNY",
        ),
        (
            "imagine=1, currency=\u00a5",
            "has the currency \u00a5, which may be Chinese or Japanese: write currency=CNY or currency=JPY",
        ),
        ("imagine=1, currency=USD, currency=EUR", "names the currency twice: leave one out"),
        ("imagine=1e9, currency=USD", 'contains "imagine=1e9", which is not a number such as 0.10'),
        ("imagine=nan, currency=USD", 'contains "imagine=nan", which is not a number such as 0.10'),
        ("imagine=inf, currency=USD", 'contains "imagine=inf", which is not a number such as 0.10'),
        ("imagine=0x1, currency=USD", "contains item 1, which is not a number such as 0.10"),
        ("imagine=1_0, currency=USD", "contains item 1, which is not a number such as 0.10"),
        ("imagine=1 000, currency=USD", "contains item 1, which is not a number such as 0.10"),
        ("imagine=100000001, currency=USD", 'contains "imagine=100000001", which is more than 100,000,000'),
        (f"imagine={'9' * 5000}, currency=USD", f"contains item 1, {DIGITS}"),
        (
            "imagine=0.1234567, currency=USD",
            'contains "imagine=0.1234567", which has too many digits: six after the point are enough',
        ),
        ("imagine=\uff10.\uff11, currency=USD", "contains item 1, which has digits of another script: write 0 to 9"),
        ("imagine=\u0661, currency=USD", "contains item 1, which has digits of another script: write 0 to 9"),
        ("imagine=, currency=USD", 'contains "imagine=", which has no amount'),
        ("imagine=$0.10", 'contains "imagine=$0.10", which has more than a number: leave out the currency there'),
        ("imagine=0.10 USD", 'contains "imagine=0.10 USD", which has more than a number: leave out the currency there'),
        ("imagine=0.1 video=0.8 currency=USD", "has more than one = in item 1: separate the prices with commas"),
        ("sk-very-secret-1234", "contains item 1, which has no =: write the action, = and its price"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_sentence(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as mistake:  # noqa: PT011 - the whole text is compared
        parse_prices(text)
    assert str(mistake.value) == problem + GOOD_EXAMPLE


@pytest.mark.parametrize("text", ["=0.10, currency=USD", "\u753b=0.10, currency=USD"])
def test_an_item_without_an_action(text: str) -> None:
    with pytest.raises(ValueError, match="has no known action before the = of item 1: the actions are imagine, blend"):
        parse_prices(text)


def test_an_unknown_action_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match='contains "imagined=1", whose action is not known: did you mean imagine'):
        parse_prices("imagined=1, currency=USD")
    with pytest.raises(ValueError, match='"kling=1", whose action is not known: the actions are imagine, blend'):
        parse_prices("kling=1, currency=USD")


@pytest.mark.parametrize(
    ("text", "amount"), [("5", "5"), (" 0.50 ", "0.50"), ("'2.5'", "2.5"), ("0", "0"), ("00", "0")]
)
def test_amounts(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-1", "is negative"),
        ("5 USD", "has more than a number: leave out the currency there"),
        ("0,50", "has a comma: write 0.50 with a point, and 1000 without a separator"),
        ("1,000.50", "has a comma: write 0.50 with a point, and 1000 without a separator"),
        ("1e3", "is not a number such as 0.10"),
        ("nan", "is not a number such as 0.10"),
        ("five", "is not a number such as 0.10"),
        ("\uff15", "has digits of another script: write 0 to 9"),
        ("100000000.5", "is more than 100,000,000"),
    ],
)
def test_malformed_amounts(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as mistake:  # noqa: PT011 - the whole text is compared
        parse_amount(text)
    end = ". It must be an amount from 0 to 100,000,000, such as 0.50, without a currency"
    assert str(mistake.value) == problem + end


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("mj_imagine", ("mj_imagine", "")),
        ("mj_turbo_imagine", ("mj_imagine", "turbo")),
        ("mj_fast_upscale_2x", ("mj_upscale_2x", "fast")),
        ("swap_face", ("swap_face", "")),
        ("mj_swap_face", ("swap_face", "")),
        ("mj_relax_swap_face", ("swap_face", "relax")),
        ("mj_low_variation", ("mj_low_variation", "")),
        ("gpt-4o", ("gpt-4o", "")),
    ],
)
def test_the_speed_in_the_name_of_a_model(model: str, parts: tuple[str, str]) -> None:
    assert split_speed(model) == parts
    assert split_speed(join_speed(*parts)) == parts


@pytest.mark.parametrize(("sign", "code"), [("$", "USD"), (" eur", "EUR"), ("\u00a4", "\u00a4"), ("Coins", "Coins")])
def test_what_a_relay_writes_for_a_currency(sign: str, code: str) -> None:
    assert find_currency(sign) == code
