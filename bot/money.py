"""Read amounts of money and price lists that people write. Pure; amounts are decimal numbers, never floats."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from bot.languages import N_, FilledText

MAX_AMOUNT: Final = Decimal(100_000_000)
"""The largest amount that a person may write or a relay may tell, in any currency."""
PRICES_EXAMPLE: Final = "imagine=0.10, video=0.80, upscale=0.05, currency=USD"

# ISO 4217, the codes in use in 2026.
_CODES: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST
XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES: Final = frozenset(_CODES.split())
_SIGNS: Final = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "₫": "VND", "₽": "RUB", "₹": "INR", "RMB": "CNY"}
"""¥ is missing: it may be Chinese or Japanese."""
_POINTS: Final = {"CREDITS": "credits", "POINTS": "points"}
"""What relays count that sell no money's worth."""

_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "imagine": ("mj_imagine",),
    "blend": ("mj_blend",),
    "describe": ("mj_describe",),
    "shorten": ("mj_shorten",),
    "upscale": ("mj_upscale",),
    "variation": ("mj_variation", "mj_low_variation", "mj_high_variation"),
    "low_variation": ("mj_low_variation",),
    "high_variation": ("mj_high_variation",),
    "reroll": ("mj_reroll",),
    "zoom": ("mj_zoom",),
    "pan": ("mj_pan",),
    "video": ("mj_video",),
    "edit": ("mj_edits",),
    "faceswap": ("swap_face",),
    "upload": ("mj_upload",),
    "modal": ("mj_modal",),
}
"""The names of the relay's models for each action that people may write."""
BILLED_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    name: models for name, models in _ACTIONS.items() if name not in {"low_variation", "high_variation", "upload"}
}
"""The actions that requests of members may lead to, with the models as which the relay may bill each."""
_OTHER_NAMES: Final = {
    "vary": "variation", "variations": "variation", "v": "variation", "vary_subtle": "low_variation",
    "vary_strong": "high_variation", "upscales": "upscale", "upsample": "upscale", "u": "upscale", "redo": "reroll",
    "zoom_out": "zoom", "animate": "video", "videos": "video", "clip": "video", "edits": "edit",
    "face_swap": "faceswap", "swap_face": "faceswap", "swap": "faceswap", "insight_face": "faceswap", "form": "modal",
    # The relay bills the form of these buttons, not the buttons themselves.
    "custom_zoom": "modal", "vary_region": "modal", "inpaint": "modal", "remix": "modal",
}  # fmt: skip
_MAX_WORD: Final = 40
_SPEEDS: Final = ("fast", "relax", "turbo")

_SEPARATORS: Final = re.compile(r"[,;\uff0c\uff1b\u3001\r\n]|\\n")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_HARMLESS: Final = re.compile(
    r"[A-Za-z_ ]{1,24}(?:[=: ][ ]*[-+$€£¥]?[ ]*[0-9.]{0,12}(?:e[0-9]{1,3})?[ ]*[A-Za-z$€£¥%]{0,8})?"
)
"""An item that may be shown: any other text may be a secret in the wrong place."""
_NAME: Final = re.compile(r"[^a-z]+")


@dataclass(frozen=True)
class PriceSetting:
    """Prices that people set, by the relay's model name, all in one currency; empty where none are set."""

    prices: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    currency: str = ""


NO_PRICES: Final = PriceSetting()


def parse_prices(text: str) -> PriceSetting:
    """Parse a list such as "imagine=0.10, video=0.80, currency=USD"; an empty text sets no prices.

    Raises:
        ValueError: The text is malformed; the message, a FilledText, completes a sentence that starts with the
            setting's name.
    """
    items = [item for part in _SEPARATORS.split(text.strip().strip("'\"")) if (item := part.strip())]
    found, currency = dict[str, Decimal](), ""
    for number, item in enumerate(items, 1):
        name, value = _split_item(item, number, items[number - 2] if number > 1 else "")
        if name == "currency":
            if currency:
                raise _mistake(N_("names the currency twice: leave one out"))
            currency = parse_currency(value)
        elif (action := _find_action(name, _show(item, number))) in found:
            raise _mistake(N_("has two prices for {action}: leave one out"), action=action.replace("_", " "))
        else:
            found[action] = _parse_price(value, _show(item, number))
    if found and not currency:
        raise _mistake(N_("does not say in which currency the prices are: add one, such as currency=USD"))
    if currency and not found:
        raise _mistake(N_("names a currency but no price"))
    return PriceSetting(dict(_list_models(found)), currency)


def parse_currency(text: str) -> str:
    """Return the code of a currency, which people may also write as its sign.

    Raises:
        ValueError: There is no such currency.
    """
    word = text.strip().upper()
    word = _SIGNS.get(word, word)
    if word in CURRENCIES:
        return word
    if word in _POINTS:
        return _POINTS[word]
    if word in {"¥", "\uffe5"}:
        raise _mistake(N_("has the currency ¥, which may be Chinese or Japanese: write currency=CNY or currency=JPY"))
    if not word:
        raise _mistake(N_("has no currency after currency=: write its three letters, such as currency=USD"))
    if re.fullmatch("[A-Z]{3}", word):
        unknown = N_(
            "has the currency {word}, which is not known: write the three letters of its ISO code, such as USD, EUR or "
            "CNY"
        )
        raise _mistake(unknown, word=word)
    raise _mistake(
        N_("has a currency that is not known: write the three letters of its ISO code, such as USD, EUR or CNY")
    )


def parse_amount(text: str) -> Decimal:
    """Return the amount that a person wrote.

    Raises:
        ValueError: It is none; the message completes a sentence that starts with what the amount is for.
    """
    word = text.strip().strip("'\"").strip()
    if problem := _find_amount_mistake(word):
        raise ValueError(f"{problem}. It must be an amount from 0 to {MAX_AMOUNT:,}, such as 0.50, without a currency")
    return Decimal(word)


def find_currency(sign: str) -> str:
    """Return the currency for which a relay writes this sign or code; the sign itself where it is not known."""
    word = sign.strip().upper()
    return _SIGNS.get(word, word) if _SIGNS.get(word, word) in CURRENCIES else sign.strip()


def _mistake(clause: str, /, **values: str) -> ValueError:
    """Make the error that a list is malformed, from a text that N_ marks and the values of its fields."""
    text = N_("{problem}. A good example: {example}")
    return ValueError(FilledText(text, problem=FilledText(clause, **values), example=PRICES_EXAMPLE))


def _show(item: str, number: int) -> str:
    if _HARMLESS.fullmatch(item):
        return f'"{item}"'
    # Translators: Stands in place of a part of a list that may not be shown.
    return FilledText(N_("item {number}"), number=str(number))


def _split_item(item: str, number: int, before: str) -> tuple[str, str]:
    """Split an item at its =, or say what is written in place of one."""
    name, sign, value = item.partition("=")
    shown = _show(item, number)
    if not sign:
        if _DIGITS.fullmatch(item) and _DIGITS.fullmatch(before.partition("=")[2].strip()):
            whole = before if _HARMLESS.fullmatch(before) else "imagine=0"
            raise _mistake(N_('has a decimal comma in "{whole},{rest}": write {whole}.{rest}'), whole=whole, rest=item)
        if ":" in item:
            raise _mistake(
                N_("contains {item}, which has a colon: write = between the action and its price"), item=shown
            )
        raise _mistake(N_("contains {item}, which has no =: write the action, = and its price"), item=shown)
    word = _NAME.sub("_", name.strip().lower()).strip("_")
    if not word:
        unknown = N_("has no known action before the = of item {number}: the actions are {actions}")
        raise _mistake(unknown, number=str(number), actions=", ".join(_ACTIONS))
    if "=" in value:
        several = N_("has more than one = in item {number}: separate the prices with commas")
        raise _mistake(several, number=str(number))
    return ("currency" if word in {"currency", "currencies", "curr"} else word), value.strip()


def _find_action(name: str, shown: str) -> str:
    """Return the name under which an action's price is kept, with its speed in front if it has one."""
    word = name.removeprefix("mj_")
    speed = next((one for one in _SPEEDS if word.startswith(f"{one}_")), "")
    word = word.removeprefix(f"{speed}_")
    action = _OTHER_NAMES.get(word, word)
    if action in _ACTIONS:
        return f"{speed}_{action}" if speed else action
    near = get_close_matches(word[:_MAX_WORD], [*_ACTIONS, *_OTHER_NAMES], 1)
    text = (
        N_("contains {item}, whose action is not known: did you mean {near}? The actions are {actions}")
        if near
        else N_("contains {item}, whose action is not known: the actions are {actions}")
    )
    raise _mistake(text, item=shown, near="".join(near), actions=", ".join(_ACTIONS))


def _parse_price(value: str, shown: str) -> Decimal:
    if problem := _find_amount_mistake(value):
        # Translators: {problem} is such as "is negative" or "has no amount".
        raise _mistake(N_("contains {item}, which {problem}"), item=shown, problem=problem)
    return Decimal(value)


def _find_amount_mistake(word: str) -> str:
    """Return what is wrong with an amount, as a clause without its subject, a FilledText; "" if nothing is."""
    problem = _choose_amount_mistake(word)
    return FilledText(problem, most=f"{MAX_AMOUNT:,}") if problem else ""


def _choose_amount_mistake(word: str) -> str:
    if not word:
        return N_("has no amount")
    if not word.isascii() and any(one.isdecimal() and not one.isascii() for one in word):
        return N_("has digits of another script: write 0 to 9")
    if word.startswith(("-", "\u2212")):
        return N_("is negative")
    if re.search("[$€£¥₫%]|(?<![0-9.])[A-Za-z]{3,}|[A-Za-z]{3,}$", word) and any(map(str.isdigit, word)):
        return N_("has more than a number: leave out the currency there")
    if re.fullmatch(r"[0-9.]*,[0-9.,]*", word):
        return N_("has a comma: write 0.50 with a point, and 1000 without a separator")
    if not _NUMBER.fullmatch(word):
        return N_("is not a number such as 0.10")
    if len(word) > 20 or len(word.partition(".")[2].rstrip("0")) > 6:
        return N_("has too many digits: six after the point are enough")
    return N_("is more than {most}") if Decimal(word) > MAX_AMOUNT else ""


def _list_models(prices: Mapping[str, Decimal]) -> Iterator[tuple[str, Decimal]]:
    """List the models of all actions, those of an action that stands for several first, so that others replace them."""
    for action, price in sorted(prices.items(), key=lambda item: -len(_ACTIONS[_split_speed(item[0])[1]])):
        speed, word = _split_speed(action)
        for model in _ACTIONS[word]:
            yield join_speed(model, speed), price


def _split_speed(action: str) -> tuple[str, str]:
    speed, _, rest = action.partition("_")
    return (speed, rest) if speed in _SPEEDS else ("", action)


def join_speed(model: str, speed: str) -> str:
    """Return the name of a model at a speed as one-hub and forks of new-api write it: mj_turbo_imagine."""
    return f"mj_{speed}_{model.removeprefix('mj_')}" if speed else model


def split_speed(model: str) -> tuple[str, str]:
    """Return the model without a speed, and the speed in its name, "" where it has none."""
    rest = model.removeprefix("mj_")
    speed, word = _split_speed(rest) if rest != model else ("", rest)
    name = f"mj_{word}" if rest != model else model
    return _SAME_MODELS.get(name, name), speed


def name_action(model: str) -> str:
    """Return the name under which people set the price of a relay's model; "" where no action has it.

    Of two such names it is the one that stands for the fewest models.
    """
    base, speed = split_speed(model)
    names = sorted((name for name, models in _ACTIONS.items() if base in models), key=lambda name: len(_ACTIONS[name]))
    # A variation's own model has only the name that stands for all three.
    return f"{speed}_{names[0]}" if names and speed else next(iter(names), "")


_SAME_MODELS: Final = {"mj_swap_face": "swap_face", "mj_edit": "mj_edits"}
"""Other names that relays have for a model."""
