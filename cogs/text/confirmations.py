"""Word the questions about expensive requests: what they cost, and what is left. Pure."""

from datetime import datetime

from bot.errors import ConfirmationNeeded
from cogs.text.amounts import format_amount
from cogs.text.error_messages import describe_error


def describe_question(needed: ConfirmationNeeded, now: datetime, *, label: str = "Draw") -> str:
    """Ask whether to send a request: its price, what is left, and the question about an earlier press if there is one.

    `label` is that of the button that sends it.
    """
    last = describe_error(needed.earlier, now) if needed.earlier else f"You pay only if you press **{label}**."
    return " ".join(filter(None, (_describe_request(needed), describe_left(needed), last)))


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
    if needed.tasks > 1:
        return f"This starts up to {needed.tasks} jobs{f', for {price} together' if price else ''}."
    return f"This costs {price}." if price else ""
