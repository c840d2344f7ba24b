"""What a relay can do, by its refusals: each button, and the other way to it, are learnt apart. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from bot.errors import ActionUnsupported
from bot.midjourney.buttons import (
    BUTTONS_CAPABILITY,
    CANCEL_CAPABILITY,
    MAX_CAPABILITY_LENGTH,
    SEED_CAPABILITY,
    SPEED_CAPABILITY,
    ButtonAction,
    ButtonKind,
    can_be_sent,
    name_capability,
    resolve_action,
)

_CANNOT, _DOWN = timedelta(days=1), timedelta(minutes=1)
"""How long a refusal is believed: where the relay cannot do it at all, and where a channel of its is down (503).

No button is greyed for a channel that is down: a finished message is not drawn again by itself, so the button would
stay greyed until a person presses Refresh.
"""
NO_ACCOUNT, NO_CHANNEL = "no account", "no channel"
"""What the relay last had none of for a request; kept among the refusals, so that every process knows of it."""
SHORTAGE_LIFETIME = timedelta(hours=1)
"""How long /mjcheck tells of such a shortage."""

_WAY = "<"
_EXAMPLE = re.compile(r"\s?(?:1|left)$")
"""What a name says of the example that it was told for."""
_NO_BUTTONS = {
    CANCEL_CAPABILITY: "Cancel (it only stops watching)",
    SPEED_CAPABILITY: "a speed of one's own (the relay's own is used)",
    BUTTONS_CAPABILITY: "all buttons (the relay sends none: the bot offers U, V and 🔄, and the lines of a description, itself)",
}
"""What no button of the API stands for, with what is done in its place."""
_SHORTAGES = frozenset({NO_ACCOUNT, NO_CHANNEL})


@lru_cache(maxsize=4096)
def name_fallback_capability(custom_id: str) -> str:
    """Name the other way to what a button does as an ability of its own, which a relay may lack too; "" without one."""
    instead = resolve_action(custom_id).fallback
    return f"{instead.replace(' ', '-')}{_WAY}{name_capability(custom_id)}"[:MAX_CAPABILITY_LENGTH] if instead else ""


def find_refusal_reason(custom_id: str, refused: Mapping[str, str], *, offered: bool = False) -> str | None:
    """Return why a relay can do by no way what a button does; None where one is open. `refused` are its refusals.

    A button that the bot has `offered` itself is never sent, so only the other way counts.
    """
    if not (offered or can_be_sent(custom_id)):
        return "relays cannot read its id"
    reason, way = refused.get(name_capability(custom_id)), name_fallback_capability(custom_id)
    return refused.get(way) if way and (offered or reason is not None) else reason


def compute_refusal_expiry(refused: ActionUnsupported, now: datetime) -> datetime:
    """Return until when what a relay refused is not asked of it again."""
    return now + (_CANNOT if refused.lasting else _DOWN)


def has_refused_capabilities(refused: Mapping[str, str]) -> bool:
    """Tell whether the bot has stopped asking the relay for anything, which it may be asked for again."""
    return any(what not in _SHORTAGES for what in refused)


def summarize_refusals(refused: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name what a relay refuses: what it can do by no way, with the reason, and what it can do by another.

    Seeds are not among them, as no button asks for one.
    Names are those of the table of buttons; what it does not know is named as the relay calls it.
    """
    by_no_way: dict[str, str] = {}
    around: dict[str, None] = {}
    offered = BUTTONS_CAPABILITY in refused
    for refusal in refused:
        what = refusal.rpartition(_WAY)[2]
        if what == SEED_CAPABILITY or what in _SHORTAGES or (what != refusal and not (offered and what not in refused)):
            continue
        if what in _NO_BUTTONS:
            around[_NO_BUTTONS[what]] = None
            continue
        custom_id, action = _example(what)
        reason = find_refusal_reason(custom_id, refused, offered=what != refusal)
        name = what if action.kind is ButtonKind.OTHER else _EXAMPLE.sub("", action.name)
        if reason is None:
            around[name] = None
        else:
            by_no_way[name] = reason
    return by_no_way, tuple(around)


def _example(what: str) -> tuple[str, ButtonAction]:
    """Return a customId of that ability, with its meaning."""
    examples = [f"{what}{more}" for more in ("::1::1", "_left::1::1")]
    told = [
        (custom_id, resolve_action(custom_id))
        for custom_id in examples
        if resolve_action(custom_id).kind is not ButtonKind.OTHER
    ]
    return told[0] if told else (what, resolve_action(what))
