"""What is wrong with a key that the relay refuses, and the cure: the one place for both. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown, RelayError
from bot.midjourney.reasons.refusal_reasons import translate_known_refusal, translate_refusal


@dataclass(frozen=True)
class KeyAdvice:
    """What is wrong with a key: `problem` is a clause for operators, which names the setting.

    `cure` is an infinitive phrase that completes "The operator of this bot has to ..."; `details` follows it where
    only operators read.
    """

    problem: str
    cure: str
    details: str = ""


KEY_ADVICE: Final[Mapping[type[RelayError], KeyAdvice]] = {
    KeyLimited: KeyAdvice(
        "MJ_API_KEY is limited to some models, so the relay won't let it read tasks",
        "remove the model limits of the key in the relay's console",
    ),
    KeyExpired: KeyAdvice("MJ_API_KEY has expired", "renew the key in the relay's console, or make a new one"),
    KeyUnknown: KeyAdvice("the relay does not know MJ_API_KEY", "copy MJ_API_KEY again from the relay's console"),
    KeyRefused: KeyAdvice(
        "the relay refuses MJ_API_KEY",
        "copy MJ_API_KEY again from the relay's console",
        " (for a midjourney-proxy, its mj.api-secret), and check there whether the key is switched on",
    ),
    BalanceExhausted: KeyAdvice("the balance of MJ_API_KEY is used up", "top it up at the relay"),
}
"""The advice for each error of the key; the errors that are not in it are not about the key."""


def describe_key_error(error: RelayError, *, quoting: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with the key, as a clause, and the cure, as a sentence; None for any other error.

    `quoting` includes the relay's own words when they are not a known text; only operators may read those.
    """
    advice = KEY_ADVICE.get(type(error))
    if advice is None:
        return None
    problem = advice.problem
    if type(error) is KeyRefused:
        words = translate_refusal(error.reason) if quoting else translate_known_refusal(error.reason)
        problem += f" ({words})" if words else ""
    return problem, f"{advice.cure[0].upper()}{advice.cure[1:]}{advice.details}."
