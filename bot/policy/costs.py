"""What a request is expected to cost, before it is sent: its model, its speed and its price. Pure."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from bot.entities import Cost, CostKind
from bot.midjourney.buttons import UNBILLED_MODAL_ACTIONS
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from bot.policy.prices import PriceList
from bot.policy.rules import Spender
from bot.relay.billing_log import get_billing_model

_FORM_MODEL: Final = "mj_modal"
"""The model that new-api bills a form as, whichever action opened it."""


def estimate_cost(
    prices: PriceList, action: str, *, spender: Spender, prompt: str = "", speed: str = "", tasks: int = 1
) -> Cost:
    """Estimate the cost of a request of so many tasks; `action` is the API's word, "" where it is not known.

    A speed in the prompt counts more than `speed`. Of a button whose form alone is billed, it is the form's.
    """
    names = {parameter.name for parameter in parse_prompt(prompt).parameters}
    speed = next((one.value for one in Speed if one.value in names), speed)
    model = get_billing_model("MODAL" if action in UNBILLED_MODAL_ACTIONS else action)
    price = prices.find_price(model, speed)
    kinds = {
        CostKind.VIDEO: action == "VIDEO",
        CostKind.TURBO: speed == Speed.TURBO,
        CostKind.HD: "hd" in names,
        CostKind.SEVERAL: tasks > 1,
    }
    return Cost(
        action=action,
        model=model,
        speed=speed,
        kinds=frozenset(kind for kind, holds in kinds.items() if holds),
        channel_id=next(iter(spender.channel_ids), 0),
        is_private=spender.is_private,
        expected=price.amount * tasks if price else None,
        currency=price.currency if price else "",
    )


def correct_cost(
    prices: PriceList, cost: Cost, *, action: str = "", speed: str = "", tasks: int = 1, forms: int = 0
) -> Cost:
    """Return the cost of a claim as its request was sent: as another action, or at a speed that the person chose.

    The relay bills so many tasks of it, and so many forms that belong to the same claim. A request of which it bills
    nothing costs nothing.
    """
    action, speed = action or cost.action, cost.speed or speed
    model = cost.model if action == cost.action else get_billing_model(action)
    if forms and not tasks:
        model = _FORM_MODEL
    price, form_price = prices.find_price(model, speed), prices.find_price(_FORM_MODEL, speed)
    amounts = [price] * tasks + [form_price] * forms if model != _FORM_MODEL else [form_price] * (tasks + forms)
    known = [one.amount for one in amounts if one is not None]
    expected = sum(known, Decimal(0)) if len(known) == len(amounts) else None
    currency = next((one.currency for one in amounts if one is not None), cost.currency)
    turbo = frozenset({CostKind.TURBO})
    kinds = cost.kinds | turbo if speed == Speed.TURBO else cost.kinds - turbo
    return replace(cost, action=action, model=model, speed=speed, kinds=kinds, expected=expected, currency=currency)
