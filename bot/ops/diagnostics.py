"""What `python -m bot check` and /mjcheck look at: one finding for each thing that must work."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.errors import RelayError, RelayUnreachable, StoreUnavailable
from bot.midjourney.capabilities import NO_ACCOUNT, NO_CHANNEL, SEED_CAPABILITY, summarize_refusals
from bot.midjourney.refusal_reasons import is_wordless, translate_refusal
from bot.ops.dotenv_lint import SettingsMistake
from bot.ops.platform_disk import EphemeralDisk
from bot.ports import Store
from bot.relay.key_advice import describe_key_error
from bot.settings import has_token_format
from bot.store.database_errors import diagnose_database_error


@dataclass(frozen=True)
class Finding:
    """One line of a check: `advice` is the next step where it is not good, or good with something to be warned of."""

    name: str
    is_ok: bool
    message: str
    advice: str = ""

    def __str__(self) -> str:
        """Show it as one line of a terminal."""
        mark = "FAIL" if not self.is_ok else "WARN" if self.advice else "ok  "
        return f"{mark}  {self.name}: {self.message} {self.advice}".rstrip()


async def check_relay(check: Callable[[], Awaitable[None]], url: str) -> Finding:
    """Try the relay and the key with one harmless fetch."""
    try:
        await check()
    except RelayError as error:
        if told := describe_key_error(error, quoting=True):
            return Finding("API key", is_ok=False, message=f"{told[0]}.", advice=told[1])
        if isinstance(error, RelayUnreachable) and error.no_host:
            return report_unknown_host("Relay", urlsplit(url).hostname or url, "is MJ_API_URL right?")
        said = f"{url} gives no usable answer ({_answered(error)})."
        return Finding("Relay", is_ok=False, message=said, advice="Check MJ_API_URL, and whether the relay is up.")
    return Finding("API key", is_ok=True, message=f"accepted by {url}.")


def _answered(error: RelayError) -> str:
    """Say what came in place of an answer: its words, or the status of an error; the 200 of a web page says nothing."""
    if error.reason[:6] in {"HTTP 2", "HTTP 3"} and is_wordless(error.reason):
        return "a web page, or nothing, in place of an answer"
    return error.reason or type(error).__name__


def report_unknown_host(name: str, host: str, otherwise: str) -> Finding:
    """Say that the name of a host leads nowhere from here, and what to look at."""
    said = f"this machine finds no host {host}."
    return Finding(name, is_ok=False, message=said, advice=f"Has it internet? If it has, {otherwise}")


def check_token_format(token: str) -> list[Finding]:
    """Say so where a text cannot be a bot's token, which Discord need not be asked for; elsewhere say nothing."""
    if has_token_format(token):
        return []
    said = "DISCORD_TOKEN is no bot token, which has three parts with dots between."
    advice = (
        "Copy it from the developer portal: page Bot, Reset Token (neither a public key nor a client secret will do)."
    )
    return [Finding("Discord token", is_ok=False, message=said, advice=advice)]


def report_settings_mistakes(found: Iterable[SettingsMistake]) -> list[Finding]:
    """Warn of what is written as a setting, and is none."""
    return [Finding(slip.location, is_ok=True, message=slip.problem, advice=slip.advice) for slip in found]


async def check_database(store: Store, trouble: str = "") -> Finding:
    """Try the database; `trouble` is what keeps it from being written, as is known already."""
    try:
        unfinished = await store.count_open_jobs()
    except StoreUnavailable as error:
        return report_database_error(error)
    if trouble:
        advice = "The log says why; `python -m bot check` in a shell tries it, and says what to do."
        return Finding("Database", is_ok=False, message=f"answers, but {trouble}.", advice=advice)
    return Finding("Database", is_ok=True, message=f"answers, with {unfinished} unfinished messages.")


def report_database_error(error: StoreUnavailable) -> Finding:
    """Say what keeps the database from being used."""
    said, advice = diagnose_database_error(error)
    return Finding("Database", is_ok=False, message=said, advice=advice)


async def report_refused_buttons(store: Store, now: datetime) -> Finding:
    """Tell which buttons the relay has refused, and which of them go another way; neither is a fault of anybody's."""
    try:
        known = await store.find_missing_capabilities(now)
    except StoreUnavailable:
        return Finding("Buttons", is_ok=True, message="what the relay refuses is not known without the database.")
    refused, around = summarize_refusals(known)
    if not refused and not around and SEED_CAPABILITY not in known:
        return Finding("Buttons", is_ok=True, message="none that was pressed of late is refused by the relay.")
    told = [_named(name, reason) for name, reason in refused.items()]
    said = f"refused by the relay, and greyed: {', '.join(told)}. " if told else ""
    said += f"Done another way: {', '.join(around)}. " if around else ""
    if SEED_CAPABILITY in known:
        said += f"{_named('As this relay tells no seeds, /seed is refused at once', known[SEED_CAPABILITY])}. "
    return Finding("Buttons", is_ok=True, message=f"{said}To try them again: python -m bot check --forget")


def _named(name: str, reason: str) -> str:
    """Name what is refused with the reason; an answer without words says that the relay does not offer it."""
    why = "not offered" if is_wordless(reason) else translate_refusal(reason)
    return f"{name} ({why})" if why else name


async def report_relay_shortages(store: Store, now: datetime) -> list[Finding]:
    """Tell when the relay last had no account, or no channel, for a request; say nothing where that was long ago."""
    kinds = {
        NO_ACCOUNT: ("Accounts", "no Midjourney account was free", "look at the relay's accounts"),
        NO_CHANNEL: (
            "Channels",
            "no channel could take a request",
            "look at the relay's channels, and the key's group",
        ),
    }
    found: list[Finding] = []
    try:
        known = await store.find_missing_capabilities(now)
        for what, (name, happened, cure) in kinds.items():
            at = await store.find_refusal_time(what, now) if what in known else None
            if at is not None:
                why = translate_refusal(known[what]) if what == NO_CHANNEL else ""
                said = f"the relay last said at {at:%H:%M} UTC that {happened}{f' ({why})' if why else ''}."
                found.append(Finding(name, is_ok=True, message=f"{said} If that goes on, {cure}."))
    except StoreUnavailable:
        return []
    return found


async def reset_refusals(store: Store) -> Finding:
    """Let what the relay refused be tried again, from the next drawing of a message on."""
    count = await store.clear_missing_capabilities()
    said = (
        "there was none to forget."
        if not count
        else f"{count} forgotten and tried again; greyed buttons come back with Refresh."
    )
    return Finding("Refusals", is_ok=True, message=said)


def check_public_bot(*, public: bool, guilds: bool, people: bool) -> list[Finding]:
    """Warn where strangers may add the bot, and the settings do not name who may spend; elsewhere say nothing.

    `guilds` and `people` tell whether ALLOWED_GUILDS and ALLOWED_USERS are set.
    """
    if not public or guilds or people:
        return []
    said = (
        "anybody with the invite link may add the bot to a server of theirs. There they can read tasks by their ids, "
        "which is free, and spend nothing, as long as neither you nor your team manage that server: whoever makes you "
        "a manager there lets all its members draw on your key."
    )
    advice = (
        "Switch Public Bot off (developer portal, page Bot; on the page Installation set Install Link to None first), "
        "or name your servers in ALLOWED_GUILDS."
    )
    return [Finding("Public Bot", is_ok=True, message=said, advice=advice)]


def check_disk(wiped: EphemeralDisk | None) -> list[Finding]:
    """Say so where the platform empties the database's disk; elsewhere there is nothing to say."""
    return [Finding("Disk", is_ok=False, message=wiped.problem, advice=wiped.remedy)] if wiped else []
