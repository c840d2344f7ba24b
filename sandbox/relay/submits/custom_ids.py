"""Parse a customId as new-api does, into one of its actions and an index."""

from __future__ import annotations


class UnknownAction(Exception):
    """new-api does not know the action of a customId."""


class RelayPanic(Exception):
    """new-api crashes while it parses a customId."""


def parse_custom_id(custom_id: str, refused_actions: frozenset[str]) -> tuple[str, int]:
    """Return new-api's action and index for a customId (its `CoverPlusActionToNormalAction`).

    A customId that contains one of `refused_actions` is refused. If that is empty (a patched relay), an unknown kind is
    passed on as ACTION instead of being refused.

    Raises:
        UnknownAction: new-api refused_actions the customId; the message is its reason.
        RelayPanic: new-api crashes on the customId.
    """
    if not custom_id:
        raise UnknownAction("custom_id_is_required")
    parts = custom_id.split("::")
    try:
        action = parts[2] if parts[1] == "JOB" else parts[1]
        if not action:
            raise UnknownAction("unknown_action")
        if any(word in custom_id for word in refused_actions):
            raise UnknownAction(f"unknown_action:{custom_id}")
        if "upsample" in action or action == "variation":
            return ("UPSCALE" if "upsample" in action else "VARIATION"), int(parts[3])
    except IndexError:
        raise RelayPanic from None
    except ValueError:
        raise UnknownAction("index_parse_failed") from None
    for word, name in _NAMES.items():
        if word in custom_id:
            return name, 1
    if not refused_actions:
        return "ACTION", 1
    raise UnknownAction(f"unknown_action:{custom_id}")


_NAMES = {
    "low_variation": "LOW_VARIATION",
    "high_variation": "HIGH_VARIATION",
    "JOB::pan": "PAN",
    "reroll": "REROLL",
    "Outpaint": "ZOOM",
    "CustomZoom": "CUSTOM_ZOOM",
    "Inpaint": "INPAINT",
    "_extend": "VIDEO_EXTEND",
    "animate": "VIDEO",
    "video_virtual_upscale": "UPSCALE_VIDEO",
    "BOOKMARK": "BOOKMARK",
    "PicReader": "PIC_READER",
    "Picread": "DESCRIBE",
    "PromptAnalyzer::": "PROMPT_ANALYZER",
    "PromptAnalyzer": "SHORTEN",
}
