"""Word the questions about expensive requests: what they cost, and what is left. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.errors import ConfirmationNeeded
from cogs.text.amounts import format_amount
from cogs.text.error_messages import describe_error

_PRICE: Final = re.compile(
    r"(?:(?:The price rose\. )?(?:This[ \w]{0,20} costs|Up to \d+ jobs cost|This starts up to \d+ jobs, for) a|A)bout"
    r" [^\d\s]?(\d[\d,]{0,20}(?:\.\d{1,9})?)"
)
_NOUNS: Final[Mapping[str, str]] = {"video": " video", "turbo": " turbo job", "hd": " HD job"}
"""What an expensive request is called, by CostKind."""


def describe_question(needed: ConfirmationNeeded, now: datetime, *, label: str = "Draw") -> str:
    """Ask whether to send a request: its price, what is left, and the question about an earlier press if there is one.

    `label` is that of the button that sends it.
    """
    pays = f"You pay only if you press **{label}**. Dismiss this message to drop it."
    last = describe_error(needed.earlier, now) if needed.earlier else pays
    return " ".join(filter(None, (_describe_request(needed), describe_left(needed), last)))


def read_price(text: str) -> Decimal | None:
    """Read the price from what describe_question or describe_price wrote; None where it names none."""
    found = _PRICE.match(text)
    return Decimal(found[1].replace(",", "")) if found else None


def describe_price(needed: ConfirmationNeeded) -> str:
    """Describe the price of a request and what is left, as one line; "" where no price is known."""
    if needed.price is None:
        return ""
    price = format_amount(needed.price, needed.currency, is_about=True)
    return " ".join(filter(None, (f"{price[0].upper()}{price[1:]}.", describe_left(needed))))


def describe_left(needed: ConfirmationNeeded) -> str:
    """Say how many tasks, and which amount, the limits leave before the request; "" where none limits it."""
    left: list[str] = []
    if needed.tasks_left is not None:
        left.append("1 job" if needed.tasks_left == 1 else f"{needed.tasks_left} jobs")
    if needed.amount_left is not None:
        left.append(format_amount(needed.amount_left, needed.currency))
    return f"You have {' and '.join(left)} left." if left else ""


def _describe_request(needed: ConfirmationNeeded) -> str:
    price = "" if needed.price is None else format_amount(needed.price, needed.currency, is_about=True)
    if needed.has_risen and price:
        jobs = f"Up to {needed.tasks} jobs cost {price} together" if needed.tasks > 1 else f"This costs {price}"
        return f"The price rose. {jobs} now."
    if needed.tasks > 1:
        return f"This starts up to {needed.tasks} jobs{f', for {price} together' if price else ''}."
    return f"This{_NOUNS.get(needed.kind, '')} costs {price}." if price else ""
