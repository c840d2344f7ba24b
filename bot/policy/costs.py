"""What a request is expected to cost, before it is sent: its model, its speed and its price. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from bot.entities import Cost, CostKind
from bot.midjourney.buttons import UNBILLED_MODAL_ACTIONS
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from bot.money import MAX_AMOUNT
from bot.policy.prices import PriceList
from bot.policy.rules import Spender
from bot.relay.billing_log import get_billing_model

_FORM_MODEL: Final = "mj_modal"
"""The model that new-api bills a form as, whichever action opened it."""


@dataclass(frozen=True, kw_only=True)
class PaidRequest:
    """What a claim is for, as far as its price and the rules depend on it.

    `action` is the API's word, "" where it is not known. `prompt` is the one that is sent, and `parent_prompt` what a
    button without one draws from. Blocked words are looked for in `checked_prompt`, where that differs from `prompt`.
    `tasks` is how many tasks the request makes at most, and `forms` how many forms may be billed beside them.
    `is_video`: it makes clips, whatever its action is. `is_one_of_several`: it belongs to a press that makes several
    tasks, each by a request of its own.
    """

    action: str = ""
    prompt: str = ""
    parent_prompt: str = ""
    checked_prompt: str | None = None
    tasks: int = 1
    forms: int = 0
    is_video: bool = False
    is_one_of_several: bool = False


def estimate_cost(prices: PriceList, request: PaidRequest, *, spender: Spender, speed: str = "") -> Cost:
    """Estimate the most that a request can cost.

    A speed in its prompt counts more than `speed`. The relay is not told the parent's prompt, so that changes no price,
    but it may make the task an expensive one. Of a button whose form alone is billed, the cost is the form's.
    """
    names, parent_names = _list_parameters(request.prompt), _list_parameters(request.parent_prompt)
    speed = next((one.value for one in Speed if one.value in names), speed)
    action, tasks = request.action, request.tasks
    is_form = action in UNBILLED_MODAL_ACTIONS
    model = _FORM_MODEL if is_form else get_billing_model(action)
    expected, currency = _add_up(prices, model, speed, tasks, 0 if is_form else request.forms)
    kinds = {
        CostKind.VIDEO: action == "VIDEO" or request.is_video,
        CostKind.TURBO: speed == Speed.TURBO or Speed.TURBO.value in parent_names,
        CostKind.HD: "hd" in names | parent_names,
        CostKind.SEVERAL: tasks > 1 or request.is_one_of_several,
    }
    return Cost(
        action=action,
        model=model,
        speed=speed,
        kinds=frozenset(kind for kind, holds in kinds.items() if holds),
        channel_id=next(iter(spender.channel_ids), 0),
        is_private=spender.is_private,
        expected=expected,
        currency=currency,
    )


def correct_cost(
    prices: PriceList, cost: Cost, *, action: str = "", speed: str | None = None, tasks: int = 1, forms: int = 0
) -> Cost:
    """Return the cost of a claim as its request was sent: as another action, or without a speed that the relay lacks.

    `speed` is the one that it was sent at, in its path or prompt; None stands for the one of the claim. The relay bills
    so many tasks of it, and so many forms that belong to the same claim. A request of which it bills nothing costs
    nothing.
    """
    action, speed = action or cost.action, cost.speed if speed is None else speed
    model = cost.model if action == cost.action else get_billing_model(action)
    if forms and not tasks:
        model = _FORM_MODEL
    expected, currency = _add_up(prices, model, speed, tasks, forms)
    turbo = frozenset({CostKind.TURBO})
    kinds = cost.kinds
    if tasks > 1:  # the relay may make more of a request than was asked for
        kinds = kinds | {CostKind.SEVERAL}
    if speed != cost.speed:  # a task that is turbo because its parent was stays so
        kinds = kinds | turbo if speed == Speed.TURBO else kinds - turbo
    return replace(
        cost,
        action=action,
        model=model,
        speed=speed,
        kinds=kinds,
        expected=expected,
        currency=currency or cost.currency,
    )


def _add_up(prices: PriceList, model: str, speed: str, tasks: int, forms: int) -> tuple[Decimal | None, str]:
    """Return what so many tasks and forms cost together, and the currency; (None, "") if the tasks have no price.

    Beside tasks that have one, a form without a price adds nothing.
    """
    price, form_price = prices.find_price(model, speed), prices.find_price(_FORM_MODEL, speed)
    if tasks + forms == 0:
        return Decimal(0), price.currency if price else ""
    known = [one.amount * number for one, number in ((price, tasks), (form_price, forms)) if one and number]
    first = price if tasks else form_price
    return (min(sum(known, Decimal(0)), MAX_AMOUNT), first.currency) if first else (None, "")


def _list_parameters(prompt: str) -> frozenset[str]:
    return frozenset(parameter.name for parameter in parse_prompt(prompt).parameters)
