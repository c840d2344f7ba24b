"""Word the questions about expensive requests: what they cost, and what is left. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.errors import ConfirmationNeeded
from cogs.languages import N_, Language, _, get_language, join_sentences, ngettext, use_language
from cogs.languages.formats import localize_number
from cogs.text.amounts import format_amount
from cogs.text.error_messages import describe_error

_COSTS: Final[Mapping[str, str]] = {
    "": N_("This costs about {price}."),
    "video": N_("This video costs about {price}."),
    "turbo": N_("This turbo job costs about {price}."),
    "hd": N_("This HD job costs about {price}."),
}
"""The price of an expensive request, by CostKind."""
_RISEN: Final = N_("The price rose. This costs about {price} now.")
_SEVERAL_RISEN: Final = N_("The price rose. Up to {count} jobs cost about {price} together now.")
_SEVERAL: Final = N_("This starts up to {count} jobs, for about {price} together.")
_LINE: Final = N_("About {price}.")
_PRICED: Final = (*_COSTS.values(), _RISEN, _SEVERAL_RISEN, _SEVERAL, _LINE)
_FIELDS: Final[Mapping[str, str]] = {"count": r"[\d.,]{1,20}", "price": r"[^\d\n]{0,6}(?P<price>\d[\d.,]{0,30})"}
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


def describe_question(needed: ConfirmationNeeded, now: datetime, *, label: str = "Draw") -> str:
    """Ask whether to send a request: its price, what is left, and the question about an earlier press if there is one.

    `label` is the marked one of the button that sends it.
    """
    pays = _("You pay only if you press **{label}**. Dismiss this message to drop it.").format(label=_(label))
    last = describe_error(needed.earlier, now) if needed.earlier else pays
    return join_sentences(_describe_request(needed), describe_left(needed), last)


def read_price(text: str) -> Decimal | None:
    """Read the price from what describe_question or describe_price wrote, in any language; None where it names none."""
    for language in (get_language(), *Language):  # the person may have changed theirs since
        with use_language(language):
            for template in _PRICED:
                if found := re.match(_build_pattern(_(template)), text):
                    number = _NUMBER.match(localize_number(found["price"]))
                    return Decimal(number[0].replace(",", "")) if number else None
    return None


def _build_pattern(template: str) -> str:
    """Return the pattern of a text up to its price."""
    before, *_rest = template.partition("{price}")
    parts = re.split(r"\{(\w+)\}", before + "{price}")
    return "".join(_FIELDS[part] if at % 2 else re.escape(part) for at, part in enumerate(parts))


def describe_price(needed: ConfirmationNeeded) -> str:
    """Describe the price of a request and what is left, as one line; "" where no price is known."""
    if needed.price is None:
        return ""
    price = _(_LINE).format(price=format_amount(needed.price, needed.currency))
    return join_sentences(price, describe_left(needed))


def describe_left(needed: ConfirmationNeeded) -> str:
    """Say how many tasks, and which amount, the limits leave before the request; "" where none limits it."""
    count = needed.tasks_left
    amount = None if needed.amount_left is None else format_amount(needed.amount_left, needed.currency)
    if count is None:
        return _("You have {amount} left.").format(amount=amount) if amount else ""
    if amount is None:
        return ngettext("You have {count} job left.", "You have {count} jobs left.", count).format(count=count)
    return ngettext(
        "You have {count} job and {amount} left.", "You have {count} jobs and {amount} left.", count
    ).format(count=count, amount=amount)


def _describe_request(needed: ConfirmationNeeded) -> str:
    price = "" if needed.price is None else format_amount(needed.price, needed.currency)
    if not price:
        return _("This starts up to {count} jobs.").format(count=needed.tasks) if needed.tasks > 1 else ""
    if needed.tasks > 1:
        text = _(_SEVERAL_RISEN) if needed.has_risen else _(_SEVERAL)
    else:
        text = _(_RISEN) if needed.has_risen else _(_COSTS.get(needed.kind, _COSTS[""]))
    return text.format(count=needed.tasks, price=price)
