"""What a relay can do, as learned from its refusals: each button and its fallback are separate capabilities.

Refusals are a mapping from the name of a capability to the relay's reason.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from bot.errors import ActionUnsupported
from bot.midjourney.buttons import ButtonAction, ButtonKind, can_be_sent, resolve_action

MAX_CAPABILITY_LENGTH = 100
CANCEL_CAPABILITY = "cancel"
"""Cancelling a running task."""
SPEED_CAPABILITY = "speed"
"""Submitting at another speed than the relay's default."""
SEED_CAPABILITY = "seed"
"""Telling a task's seed."""
BUTTONS_CAPABILITY = "buttons"
"""Sending buttons with a finished task."""

_PERMANENT_REFUSAL_LIFETIME = timedelta(days=1)
# While a channel of the relay is down (503). Buttons are not grayed for that: a finished message is only drawn again
# when a person presses Refresh, and would stay grayed until then.
_OUTAGE_REFUSAL_LIFETIME = timedelta(minutes=1)
NO_ACCOUNT, NO_CHANNEL = "no account", "no channel"
"""What the relay had none of at the last request; stored like refusals, so that every process sees it."""
SHORTAGE_LIFETIME = timedelta(hours=1)
"""How long /mjcheck reports such a shortage."""
_SHORTAGES = frozenset({NO_ACCOUNT, NO_CHANNEL})

_FALLBACK_MARK = "<"
_EXAMPLE_SUFFIX = re.compile(r"\s?(?:1|left)$")
# Capabilities that no button of the API stands for, each with what the bot does instead.
_WITHOUT_BUTTON = {
    CANCEL_CAPABILITY: "Cancel (it only stops watching)",
    SPEED_CAPABILITY: "choosing a speed (the relay's own is used)",
    BUTTONS_CAPABILITY: (
        "all buttons (the relay sends none: the bot offers U, V and 🔄, and the lines of a description, itself)"
    ),
}

# The parts of a customId that say which picture, direction or distance, rather than what the button does.
_TARGET_PART = re.compile(r"[0-9]+|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|solo")
_PAN = re.compile(r"pan_(?:left|right|up|down)")


@lru_cache(maxsize=4096)
def name_capability(custom_id: str) -> str:
    """Name the capability of a button: its customId in lower case, without index, id and SOLO.

    The four pans are one capability, and so are the distances of a zoom; the versions of an upscaler are separate.
    The name is printable ASCII, of at most 100 characters: it is a key in the database, which refuses NULs and long
    texts.
    """
    printable = re.sub(r"[^!-~]", "", custom_id[:1000]).lower()
    parts = [_PAN.sub("pan", part) for part in printable.split("::") if not _TARGET_PART.fullmatch(part)]
    return ("::".join(parts) or printable)[:MAX_CAPABILITY_LENGTH]


@lru_cache(maxsize=4096)
def name_fallback_capability(custom_id: str) -> str:
    """Name a button's fallback as a capability of its own, which the relay may lack too; "" without a fallback."""
    fallback = resolve_action(custom_id).fallback
    if not fallback:
        return ""
    return f"{fallback.replace(' ', '-')}{_FALLBACK_MARK}{name_capability(custom_id)}"[:MAX_CAPABILITY_LENGTH]


def find_refusal_reason(custom_id: str, refused: Mapping[str, str], *, offered: bool = False) -> str | None:
    """Return why a relay can do what a button does neither directly nor by the fallback; None where it can.

    A button that the bot has `offered` itself is never sent to the relay, so that only its fallback counts.
    """
    if not (offered or can_be_sent(custom_id)):
        return "relays cannot read its id"
    reason, fallback = refused.get(name_capability(custom_id)), name_fallback_capability(custom_id)
    return refused.get(fallback) if fallback and (offered or reason is not None) else reason


def get_refusal_lifetime(refused: ActionUnsupported) -> timedelta:
    """Return for how long the bot does not ask the relay again for what it refused."""
    return _PERMANENT_REFUSAL_LIFETIME if refused.lasting else _OUTAGE_REFUSAL_LIFETIME


def has_refused_capabilities(refused: Mapping[str, str]) -> bool:
    """Whether there is any refused capability, rather than only shortages, which end by themselves."""
    return any(capability not in _SHORTAGES for capability in refused)


def summarize_refusals(refused: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name what a relay cannot do at all, with its reason, and what the bot does by a fallback.

    Names are those of the table of buttons, or the relay's own where the table has none. Seeds are left out, because
    no button asks for one.
    """
    unavailable: dict[str, str] = {}
    by_fallback: dict[str, None] = {}
    has_offered_buttons = BUTTONS_CAPABILITY in refused
    for name in refused:
        capability = name.rpartition(_FALLBACK_MARK)[2]
        is_fallback = capability != name
        if capability == SEED_CAPABILITY or capability in _SHORTAGES:
            continue
        if is_fallback and not (has_offered_buttons and capability not in refused):
            continue
        if capability in _WITHOUT_BUTTON:
            by_fallback[_WITHOUT_BUTTON[capability]] = None
            continue
        custom_id, action = _find_example(capability)
        reason = find_refusal_reason(custom_id, refused, offered=is_fallback)
        label = capability if action.kind is ButtonKind.OTHER else _EXAMPLE_SUFFIX.sub("", action.name)
        if reason is None:
            by_fallback[label] = None
        else:
            unavailable[label] = reason
    return unavailable, tuple(by_fallback)


def _find_example(capability: str) -> tuple[str, ButtonAction]:
    """Return a customId that has this capability, and its action."""
    for suffix in ("::1::1", "_left::1::1"):
        action = resolve_action(f"{capability}{suffix}")
        if action.kind is not ButtonKind.OTHER:
            return f"{capability}{suffix}", action
    return capability, resolve_action(capability)
