"""Say who may draw, where and how much: for the log and the checks in plain text, for members in Markdown. Pure."""

from collections.abc import Collection, Mapping
from typing import Final

from bot.entities import AgePolicy, ServerAccess
from bot.errors import GuildRefusal, PersonNotAllowed, PolicyRefused, ServerNotAllowed
from bot.policy.access import GuildAccess
from bot.policy.rules import SpendingPolicy
from cogs.text.rule_errors import describe_rule_refusal

FREE_FOR_EVERYONE: Final = "`/mjstatus` is free for everyone."

_CAUSES: Final[Mapping[GuildRefusal, str]] = {
    "not listed": "ALLOWED_GUILDS names only other servers",
    "not managed": "neither the owner of the application nor its team owns or manages it",
    "owners unknown": "Discord has not told yet who owns the application",
    "managers unknown": "Discord does not tell who manages it",
}
"""Why the members of a server may not draw there, for operators."""


def format_count(count: int, noun: str) -> str:
    """Format a number of things: "1 job", "30 jobs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def describe_policy(policy: SpendingPolicy, *, is_paused: bool = False) -> str:
    """Describe for the operator who may draw, and the limits, in one line of plain text.

    `is_paused`: the operator has paused all drawing in Discord.
    """
    if is_paused:
        return "no one, because you paused all drawing in /mjadmin."
    if switch := _name_off_switch(policy):
        return f"no one, because {switch} is 0: drawing is switched off."
    presses = " Only the requester of a message may press its paid buttons." if policy.press_policy != "anyone" else ""
    return (
        f"{_describe_guilds(policy.allowed_guilds)}; outside servers only {_describe_people(policy.allowed_users)}."
        f"{presses} Limits: {_describe_limits(policy)}."
    )


def _name_off_switch(policy: SpendingPolicy) -> str:
    """Return the setting that switches drawing off, "" if none does."""
    if not policy.is_drawing_off:
        return ""
    return "DAILY_SUBMITS" if policy.daily_submits <= 0 else "DAILY_SUBMITS_PER_PERSON"


def _describe_guilds(allowed: Collection[int]) -> str:
    if allowed:
        return f"all members of {format_count(len(allowed), 'server')} (ALLOWED_GUILDS)"
    return "all members of the servers that you or your team own or manage (ALLOWED_GUILDS is not set)"


def _describe_people(allowed: Collection[int]) -> str:
    if allowed:
        return f"{len(allowed)} {'person' if len(allowed) == 1 else 'people'} (ALLOWED_USERS)"
    return "you or your team (ALLOWED_USERS is not set)"


def _describe_limits(policy: SpendingPolicy) -> str:
    person, everyone = format_count(policy.daily_submits_per_person, "job"), policy.daily_submits
    wait = _describe_pause(policy.cooldown.total_seconds())
    pause = f"{wait} between two of one person" if policy.cooldown else "no wait between two"
    return f"{person} a day (UTC) for each person and {everyone} for all together, {pause}"


def _describe_pause(seconds: float) -> str:
    """Describe a setting in seconds by the largest unit that fits: "24 h", "5 min", "3 s"."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def describe_guild(policy: SpendingPolicy, guild: GuildAccess) -> tuple[str, str]:
    """Describe for the operator whether a server may draw and why, by which own rules, and the next step where not."""
    if guild.refusal is None and policy.is_drawing_off:
        off = _name_off_switch(policy)
        return f"no one may draw, because {off} is 0.", f"To switch drawing on, set {off} to 1 or more."
    if guild.refusal is not None:
        return f"no one may draw, because {_CAUSES[guild.refusal]}.", _advise_on_guild(guild.guild_id, guild.refusal)
    if guild.is_denied:
        return "no one may draw, because you denied it in /mjadmin.", "To allow it, change that in /mjadmin."
    match guild.paused_by:
        case "operator":
            return "no one may draw, because you paused all drawing in /mjadmin.", "To go on, resume it in /mjadmin."
        case "server":
            return "no one may draw, because its managers paused it.", "To go on, run /mjresume in that server."
        case _:
            own = _summarize_rules(guild)
            rules = f" This server's rules: {own}." if own else ""
            return f"this server may draw, because {_explain_permission(policy, guild)}.{rules}", ""


def _summarize_rules(guild: GuildAccess) -> str:
    """Summarize a server's own rules about who may draw where: "1 role may not draw, only 2 channels"."""
    rules, blocks = guild.rules.server, [one for one in guild.rules.blocks if one.guild_id == guild.guild_id]
    parts = (
        (len(rules.denied_roles), "", "role", " may not draw"),
        (len(rules.allowed_roles), "only ", "role", ""),
        (len(rules.allowed_channels), "only ", "channel", ""),
        (len(blocks), "", "member", " blocked"),
    )
    found = [f"{before}{format_count(count, noun)}{after}" for count, before, noun, after in parts if count]
    if rules.age_policy is AgePolicy.REFUSE:
        found.append("only age-restricted channels")
    return ", ".join(found)


def _explain_permission(policy: SpendingPolicy, guild: GuildAccess) -> str:
    if policy.allowed_guilds:
        return "ALLOWED_GUILDS names it"
    is_allowed = guild.rules.grant.access is ServerAccess.ALLOWED
    return "you allowed it in /mjadmin" if is_allowed else "you or your team own or manage it"


def _advise_on_guild(guild_id: int, refusal: GuildRefusal) -> str:
    match refusal:
        case "not listed":
            return f"To allow it, add {guild_id} to ALLOWED_GUILDS and restart the bot."
        case "not managed":
            return (
                f"To allow it, set ALLOWED_GUILDS to {guild_id} and the ids of your other servers, or press Allow in "
                "/mjadmin."
            )
        case _:
            return "Try again in a minute."


def describe_refusal_cause(refusal: GuildRefusal, *, to_operator: bool = False) -> str:
    """Return why a server's members may not draw there, as a clause for the log, or as one that says "you"."""
    return (
        "neither you nor your team owns or manages it" if to_operator and refusal == "not managed" else _CAUSES[refusal]
    )


def describe_server_refusal(error: ServerNotAllowed) -> str:
    """Tell a person, in Markdown, why they may not draw in this server, and what the operator can do."""
    guild_id = error.guild_id
    match error.refusal:
        case "owners unknown" | "managers unknown":
            what = "who my operator is" if error.refusal == "owners unknown" else "who manages this server"
            return f"Discord hasn't told me {what}, so I can't tell who may draw here. Try again in a minute."
        case "not listed" if error.is_operator:
            return (
                f"You haven't allowed this server: `ALLOWED_GUILDS` names only other servers. Add this one's id, "
                f"`{guild_id}`, and restart me."
            )
        case _ if error.is_operator:
            return (
                "You neither own nor manage this server, so its members can't draw here. To allow it, choose it in "
                f"`/mjadmin` and press **Allow**; its id is `{guild_id}`."
            )
        case "not managed":
            return (
                "This server isn't allowed to use paid commands yet. The operator of this bot can allow it in "
                f"`/mjadmin`; its id is `{guild_id}`. {FREE_FOR_EVERYONE}"
            )
        case _:
            return (
                "This server isn't allowed to use paid commands yet. The operator of this bot can add the server's id, "
                f"`{guild_id}`, to `ALLOWED_GUILDS`. {FREE_FOR_EVERYONE}"
            )


def describe_person_refusal(error: PersonNotAllowed) -> str:
    """Tell a person, in Markdown, why they may not draw outside servers, and what the operator can do."""
    if error.owners_unknown:
        return (
            "Discord hasn't told me who my operator is, so I can't tell who may draw outside servers. Try again in a "
            "minute."
        )
    if error.unjoined_guild_id and error.is_operator:
        return (
            f"You allowed this server (`{error.unjoined_guild_id}`) in `ALLOWED_GUILDS`, but I haven't joined it: you "
            "installed me only for your own account. Add me to the server with the invite link in my log."
        )
    if error.is_operator:
        return (
            "Outside servers, only the people in `ALLOWED_USERS` can draw, and you aren't one of them. Add your own "
            f"id, `{error.person_id}`, and restart me."
        )
    return (
        "Outside its servers, only people on this bot's list can use paid commands. The operator of this bot can add "
        f"your user id, `{error.person_id}`, to `ALLOWED_USERS`. {FREE_FOR_EVERYONE}"
    )


def describe_refusal_for_log(error: ServerNotAllowed | PersonNotAllowed) -> str:
    """Say in the log who was refused, and where."""
    who = "the operator" if error.is_operator else "a member"
    if isinstance(error, ServerNotAllowed):
        return f"{who} may not draw in server {error.guild_id}, because {_CAUSES[error.refusal]}"
    who = "the operator" if error.is_operator else "a person"
    if error.owners_unknown:
        return f"{who} ({error.person_id}) may not draw outside servers, because {_CAUSES['owners unknown']}"
    unjoined = error.unjoined_guild_id
    where = f" in server {unjoined}, which the bot has not joined" if unjoined else " outside servers"
    return f"{who} ({error.person_id}) may not draw{where}"


def describe_place(policy: SpendingPolicy, refusal: PolicyRefused | None, *, guild: bool) -> str:
    """Tell a person, in Markdown, who may use paid commands where they ask, and the limits."""
    if policy.is_drawing_off:
        return f"Everything paid is switched off on this bot. {FREE_FOR_EVERYONE}"
    if isinstance(refusal, ServerNotAllowed):
        return describe_server_refusal(refusal)
    if isinstance(refusal, PersonNotAllowed):
        return describe_person_refusal(refusal)
    if refusal is not None and (rule := describe_rule_refusal(refusal)):
        return f"{rule} {FREE_FOR_EVERYONE}"
    who = "All members of this server" if guild else "You"
    only = "" if policy.press_policy == "anyone" else " Only the person who asked for a message can press its buttons."
    return f"{who} may use paid commands and buttons: {_describe_limits(policy)}.{only} {FREE_FOR_EVERYONE}"
