"""What an operator is told of a key that the relay does not accept: what is wrong, and the cure. Pure."""

from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown, RelayError
from bot.midjourney.fail_reasons import translate_known_refusal, translate_refusal


def describe_key_error(error: RelayError, *, quoting: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with the key, as a clause, and what to do, as a sentence; None for any other error.

    `quoting` lets the relay's own words in, where they are not known; who may read them must be the operator.
    """
    match error:
        case KeyLimited():
            return (
                "MJ_API_KEY is limited to some models, so the relay won't let it read tasks",
                "Remove the model limits of the key in the relay's console.",
            )
        case KeyExpired():
            return "MJ_API_KEY has expired", "Renew the key in the relay's console, or make a new one."
        case KeyUnknown():
            return "the relay does not know MJ_API_KEY", "Copy MJ_API_KEY again from the relay's console."
        case KeyRefused(reason=reason):
            said = translate_refusal(reason) if quoting else translate_known_refusal(reason)
            return (
                f"the relay refuses MJ_API_KEY{said and f' ({said})'}",
                (
                    "Copy MJ_API_KEY again from the relay's console (of a midjourney-proxy: its mj.api-secret), and "
                    "see there whether it is switched on."
                ),
            )
        case BalanceExhausted():
            return "the balance of MJ_API_KEY is used up", "Top it up with the relay."
        case _:
            return None
