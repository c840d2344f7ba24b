"""The checks of `python -m bot check` and /mjcheck: one finding for each thing that must work."""

import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import RelayError, StoreUnavailable
from bot.midjourney.capabilities import NO_ACCOUNT, NO_CHANNEL, SEED_CAPABILITY, summarize_refusals
from bot.midjourney.reasons.refusal_reasons import is_wordless, translate_refusal
from bot.ops.dotenv_lint import SettingsMistake
from bot.ops.platform_disk import DiskProblem, NetworkDisk
from bot.ports import ProcessLeases, Store
from bot.relay.relay_problems import RelayProblem, describe_relay_problem
from bot.store import PendingMigration
from bot.text_cleaning import has_token_format

_WRONG_CLOCK = timedelta(seconds=30)
"""How much the machine's clock may differ: less is normal without a time server, and does no harm."""
SET_CLOCK = (
    "Set the clock, best by switching on its synchronization: `sudo timedatectl set-ntp true` on Linux; Settings, Time "
    "& language, Sync now on Windows; for a container or virtual machine, on its host."
)
_MAX_SHARDS = 16
_CERTIFICATE_DATE_CODES = {9, 10}
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` is the next step after a failure, or together with `is_ok` after a warning.

    `is_note`: it is neither good nor bad, such as what someone denied on purpose.
    """

    name: str
    is_ok: bool
    message: str
    advice: str = ""
    is_note: bool = False

    def __str__(self) -> str:
        mark = "FAIL" if not self.is_ok else "note" if self.is_note else "WARN" if self.advice else "ok  "
        return f"{mark}  {self.name}: {self.message} {self.advice}".rstrip()


NONE_REFUSED = Finding("Buttons", is_ok=True, message="the relay has refused none recently.")


async def check_relay(check: Callable[[], Awaitable[None]], url: str) -> Finding:
    """Test the relay and the key with one free request."""
    try:
        await check()
    except RelayError as error:
        return report_relay_problem(describe_relay_problem(error, url))
    return Finding("API key", is_ok=True, message=f"accepted by {url}.")


def report_relay_problem(found: RelayProblem) -> Finding:
    """Report why the relay cannot be used."""
    return Finding(found.subject, is_ok=False, message=found.problem, advice=found.advice)


def report_unknown_host(name: str, host: str) -> Finding:
    """Report that DNS does not know the host."""
    advice = "Check its internet connection and its DNS server."
    return Finding(name, is_ok=False, message=f"this machine can't find the host {host}.", advice=advice)


def check_clock(error: timedelta | None, whose: str = "Discord") -> list[Finding]:
    """Report a machine's clock that is `error` ahead of a server's, None if no server told the time; else nothing."""
    if error is None or abs(error) < _WRONG_CLOCK:
        return []
    direction = "fast" if error > timedelta() else "slow"
    message = f"this machine's clock is {_format_duration(abs(error))} {direction}, compared with {whose}'s."
    return [Finding("Clock", is_ok=False, message=message, advice=SET_CLOCK)]


def _format_duration(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{seconds:.0f} s"


def explain_certificate_date(error: BaseException, now: datetime) -> str:
    """Say that a certificate is not valid at this machine's time, where that made a connection fail; else nothing."""
    cause = getattr(error, "certificate_error", error)
    if not isinstance(cause, ssl.SSLCertVerificationError) or cause.verify_code not in _CERTIFICATE_DATE_CODES:
        return ""
    return f"its certificate isn't valid at this machine's time, {now:%Y-%m-%d %H:%M} UTC"


def report_blocked_requests(problem: str) -> Finding:
    """Report that Discord refuses every request for a time; `problem` says until when."""
    advice = (
        "Wait until then: each start before that may prolong it. Hosts that share one address among customers meet "
        "this for the requests of others; another host or region helps at once."
    )
    return Finding("Discord", is_ok=False, message=f"can't be used: {problem}.", advice=advice)


def check_token_format(token: str) -> list[Finding]:
    """Report a text that cannot be a bot's token, without asking Discord; return nothing for any other."""
    if has_token_format(token):
        return []
    message = "DISCORD_TOKEN isn't a bot token, which has three parts separated by dots."
    advice = "Copy it from the developer portal: page Bot, Reset Token (not the public key or the client secret)."
    return [Finding("Discord token", is_ok=False, message=message, advice=advice)]


def report_settings_mistakes(mistakes: Iterable[SettingsMistake]) -> list[Finding]:
    """Turn mistakes in the settings into warnings."""
    return [Finding(each.location, is_ok=True, message=each.problem, advice=each.advice) for each in mistakes]


async def check_database(store: Store, problem: str = "") -> Finding:
    """Test whether the database can be read; `problem` is a known reason why it cannot be written."""
    try:
        unfinished = await store.count_open_jobs()
    except StoreUnavailable as error:
        return report_database_error(error)
    if problem:
        advice = "See the log for the reason, or run `python -m bot check` in a shell for the next step."
        return Finding("Database", is_ok=False, message=f"responds, but {problem}.", advice=advice)
    return Finding(
        "Database", is_ok=True, message=f"works, with {unfinished} unfinished message{'' if unfinished == 1 else 's'}."
    )


def report_pending_migration(pending: PendingMigration) -> Finding:
    """Say what the next start will do to the database, which can be written."""
    if not pending.found:
        return Finding("Database", is_ok=True, message="is new. The bot will create its tables at its next start.")
    message = f"works, with the older schema {pending.found}. The bot will migrate it at its next start."
    return Finding("Database", is_ok=True, message=message)


def report_database_error(error: StoreUnavailable) -> Finding:
    """Report why the database cannot be used."""
    return Finding("Database", is_ok=False, message=error.problem, advice=error.advice)


async def report_notifications(leases: ProcessLeases) -> list[Finding]:
    """Report why PostgreSQL's notifications don't reach this process, which costs a second; else return nothing."""
    problem = await leases.find_notification_problem()
    if not problem:
        return []
    message = f"{problem}, so the bot looks once a second for messages that another process hands over."
    return [Finding("Notifications", is_ok=True, message=message)]


async def report_refused_buttons(store: Store, now: datetime) -> Finding:
    """List the buttons that the relay has refused, and those with a fallback; neither fails the check."""
    try:
        known = await store.find_missing_capabilities(now)
    except StoreUnavailable:
        return Finding("Buttons", is_ok=True, message="can't be listed without the database.")
    refused, with_fallback = summarize_refusals(known)
    if not refused and not with_fallback and SEED_CAPABILITY not in known:
        return NONE_REFUSED
    names = [_name_with_reason(name, reason) for name, reason in refused.items()]
    message = f"refused by the relay, and disabled: {', '.join(names)}. " if names else ""
    message += f"Replaced by another request: {', '.join(with_fallback)}. " if with_fallback else ""
    if SEED_CAPABILITY in known:
        message += f"{_name_with_reason('This relay gives no seeds, so /seed is refused', known[SEED_CAPABILITY])}. "
    return Finding("Buttons", is_ok=True, message=f"{message}To try them again: python -m bot check --forget")


def _name_with_reason(name: str, reason: str) -> str:
    """Append the reason of a refusal; a relay that gives no words does not offer it."""
    why = "not offered" if is_wordless(reason) else translate_refusal(reason)
    return f"{name} ({why})" if why else name


async def report_relay_shortages(store: Store, now: datetime) -> list[Finding]:
    """Report when the relay last had no account or no channel for a request, if that was recently."""
    kinds = {
        NO_ACCOUNT: ("Accounts", "no Midjourney account was free", "check the relay's accounts"),
        NO_CHANNEL: (
            "Channels",
            "no channel could take a request",
            "check the relay's channels, and the key's group",
        ),
    }
    found: list[Finding] = []
    try:
        known = await store.find_missing_capabilities(now)
        for what, (name, event, cure) in kinds.items():
            at = await store.find_refusal_time(what, now) if what in known else None
            if at is not None:
                why = translate_refusal(known[what]) if what == NO_CHANNEL else ""
                message = f"the relay last said at {at:%H:%M} UTC that {event}{f' ({why})' if why else ''}."
                found.append(Finding(name, is_ok=True, message=message, advice=f"If this continues, {cure}."))
    except StoreUnavailable:
        return []
    return found


async def reset_refusals(store: Store) -> Finding:
    """Delete all recorded refusals: buttons are enabled again the next time that their message is edited."""
    count = await store.clear_missing_capabilities()
    message = f"{count} cleared. Disabled buttons come back with Refresh." if count else "there were none to clear."
    return Finding("Refusals", is_ok=True, message=message)


def check_public_bot(*, public: bool, guilds: bool, people: bool) -> list[Finding]:
    """Warn if strangers can add the bot while the settings do not name who may spend; else return nothing.

    `guilds` and `people` say whether ALLOWED_GUILDS and ALLOWED_USERS are set.
    """
    if not public or guilds or people:
        return []
    message = (
        "anyone with the invite link can add the bot to their own server. There they can look up tasks by id, which is "
        "free. They can spend nothing unless you or your team manage that server: making you a manager there lets "
        "all its members use paid commands."
    )
    advice = (
        "Turn Public Bot off (developer portal, page Bot; on the page Installation, set Install Link to None first), "
        "or name your servers in ALLOWED_GUILDS."
    )
    return [Finding("Public Bot", is_ok=True, message=message, advice=advice)]


def check_port(port: int | None, problem: str) -> list[Finding]:
    """Report that PORT cannot be served, which the bot survives; nothing if it can."""
    if not problem:
        return []
    if "LISTEN_HOST" in problem:
        message = f"port {port} {problem.replace('LISTEN_HOST', 'it')}."
        advice = "Leave LISTEN_HOST empty for every address, or set it to one of this machine's."
        return [Finding("LISTEN_HOST", is_ok=False, message=message, advice=advice)]
    advice = "Set PORT to a free port, or leave it empty: without it, nothing answers health checks."
    return [Finding("PORT", is_ok=False, message=f"{port} {problem}.", advice=advice)]


def check_shards(count: int | None, ids: Collection[int], guilds: Mapping[int, str]) -> list[Finding]:
    """Warn if this process serves only some of the shards, and name those; `guilds` are known servers by their id.

    Return nothing if it serves all of them.
    """
    others = sorted(set(range(count or 1)) - set(ids))
    if not count or not ids or not others:
        return []
    message = f"this process serves only {_name_shards(ids)} of SHARD_COUNT={count}, and not {_name_shards(others)}."
    # Source: https://docs.discord.com/developers/events/gateway#sharding
    of = {name: (guild_id >> 22) % count for guild_id, name in guilds.items()}
    if of:
        message += f" Servers: {', '.join(f'{name} belongs to shard {shard}' for name, shard in of.items())}."
    advice = "Servers of a shard that no process serves get no answer: run further processes for those, or leave both "
    return [Finding("Shards", is_ok=True, message=message, advice=f"{advice}SHARD_COUNT and SHARD_IDS empty.")]


def _name_shards(ids: Iterable[int]) -> str:
    listed = [str(each) for each in sorted(ids)]
    more = f" and {len(listed) - _MAX_SHARDS} more" if len(listed) > _MAX_SHARDS else ""
    return f"shard{'' if len(listed) == 1 else 's'} {', '.join(listed[:_MAX_SHARDS])}{more}"


def check_disk(disk: DiskProblem | None) -> list[Finding]:
    """Report a platform that empties the database's disk, or warn of a network share; return nothing for any other."""
    may_work = isinstance(disk, NetworkDisk)
    return [Finding("Disk", is_ok=may_work, message=disk.problem, advice=disk.remedy)] if disk else []
