"""What `python -m bot check` and /mjcheck look at: one finding for each thing that must work."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bot.errors import RelayError, RelayUnreachable, StoreUnavailable
from bot.midjourney.buttons import SEED
from bot.midjourney.capabilities import NO_ACCOUNT, NO_CHANNEL, lacking
from bot.midjourney.fail_reasons import is_wordless, translate
from bot.ops.dotenv_lint import Slip
from bot.ops.platform_disk import WipedDisk
from bot.ports import Store
from bot.relay.key_advice import key_fault
from bot.settings import is_like_a_token
from bot.store.database_errors import meaning


@dataclass(frozen=True)
class Finding:
    """One line of a check: `advice` is the next step where it is not good, or good with something to be warned of."""

    name: str
    good: bool
    said: str
    advice: str = ""

    def __str__(self) -> str:
        """Show it as one line of a terminal."""
        mark = "FAIL" if not self.good else "WARN" if self.advice else "ok  "
        return f"{mark}  {self.name}: {self.said} {self.advice}".rstrip()


async def relay_finding(check: Callable[[], Awaitable[None]], url: str) -> Finding:
    """Try the relay and the key with one harmless fetch."""
    try:
        await check()
    except RelayError as error:
        if told := key_fault(error, quoting=True):
            return Finding("API key", good=False, said=f"{told[0]}.", advice=told[1])
        if isinstance(error, RelayUnreachable) and error.no_host:
            return unfound("Relay", urlsplit(url).hostname or url, "is MJ_API_URL right?")
        said = f"{url} gives no usable answer ({_answered(error)})."
        return Finding("Relay", good=False, said=said, advice="Check MJ_API_URL, and whether the relay is up.")
    return Finding("API key", good=True, said=f"accepted by {url}.")


def _answered(error: RelayError) -> str:
    """Say what came in place of an answer: its words, or the status of an error; the 200 of a web page says nothing."""
    if error.reason[:6] in {"HTTP 2", "HTTP 3"} and is_wordless(error.reason):
        return "a web page, or nothing, in place of an answer"
    return error.reason or type(error).__name__


def unfound(name: str, host: str, otherwise: str) -> Finding:
    """Say that the name of a host leads nowhere from here, and what to look at."""
    said = f"this machine finds no host {host}."
    return Finding(name, good=False, said=said, advice=f"Has it internet? If it has, {otherwise}")


def token_findings(token: str) -> list[Finding]:
    """Say so where a text cannot be a bot's token, which Discord need not be asked for; elsewhere say nothing."""
    if is_like_a_token(token):
        return []
    said = "DISCORD_TOKEN is no bot token, which has three parts with dots between."
    advice = (
        "Copy it from the developer portal: page Bot, Reset Token (neither a public key nor a client secret will do)."
    )
    return [Finding("Discord token", good=False, said=said, advice=advice)]


def slip_findings(found: Iterable[Slip]) -> list[Finding]:
    """Warn of what is written as a setting, and is none."""
    return [Finding(slip.where, good=True, said=slip.said, advice=slip.advice) for slip in found]


async def store_finding(store: Store, trouble: str = "") -> Finding:
    """Try the database; `trouble` is what keeps it from being written, as is known already."""
    try:
        unfinished = await store.unfinished()
    except StoreUnavailable as error:
        return store_fault(error)
    if trouble:
        advice = "The log says why; `python -m bot check` in a shell tries it, and says what to do."
        return Finding("Database", good=False, said=f"answers, but {trouble}.", advice=advice)
    return Finding("Database", good=True, said=f"answers, with {unfinished} unfinished messages.")


def store_fault(error: StoreUnavailable) -> Finding:
    """Say what keeps the database from being used."""
    said, advice = meaning(error)
    return Finding("Database", good=False, said=said, advice=advice)


async def buttons_finding(store: Store, now: datetime) -> Finding:
    """Tell which buttons the relay has refused, and which of them go another way; neither is a fault of anybody's."""
    try:
        known = await store.refusals(now)
    except StoreUnavailable:
        return Finding("Buttons", good=True, said="what the relay refuses is not known without the database.")
    refused, around = lacking(known)
    if not refused and not around and SEED not in known:
        return Finding("Buttons", good=True, said="none that was pressed of late is refused by the relay.")
    told = [_named(name, reason) for name, reason in refused.items()]
    said = f"refused by the relay, and greyed: {', '.join(told)}. " if told else ""
    said += f"Done another way: {', '.join(around)}. " if around else ""
    if SEED in known:
        said += f"{_named('As this relay tells no seeds, /seed is refused at once', known[SEED])}. "
    return Finding("Buttons", good=True, said=f"{said}To try them again: python -m bot check --forget")


def _named(name: str, reason: str) -> str:
    """Name what is refused with the reason; an answer without words says that the relay does not offer it."""
    why = "not offered" if is_wordless(reason) else translate(reason)
    return f"{name} ({why})" if why else name


async def shortage_findings(store: Store, now: datetime) -> list[Finding]:
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
        known = await store.refusals(now)
        for what, (name, happened, cure) in kinds.items():
            at = await store.refused_at(what, now) if what in known else None
            if at is not None:
                why = translate(known[what]) if what == NO_CHANNEL else ""
                said = f"the relay last said at {at:%H:%M} UTC that {happened}{f' ({why})' if why else ''}."
                found.append(Finding(name, good=True, said=f"{said} If that goes on, {cure}."))
    except StoreUnavailable:
        return []
    return found


async def forgotten_finding(store: Store) -> Finding:
    """Let what the relay refused be tried again, from the next drawing of a message on."""
    count = await store.forget_refusals()
    said = (
        "there was none to forget."
        if not count
        else f"{count} forgotten and tried again; greyed buttons come back with Refresh."
    )
    return Finding("Refusals", good=True, said=said)


def public_findings(*, public: bool, guilds: bool, people: bool) -> list[Finding]:
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
    return [Finding("Public Bot", good=True, said=said, advice=advice)]


def disk_findings(wiped: WipedDisk | None) -> list[Finding]:
    """Say so where the platform empties the database's disk; elsewhere there is nothing to say."""
    return [Finding("Disk", good=False, said=wiped.said, advice=wiped.remedy)] if wiped else []
