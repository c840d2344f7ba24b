"""Say who may draw, where and how much: for the log and the checks in plain text, for members in Markdown. Pure."""

from collections.abc import Collection, Mapping
from typing import Final

from bot.entities import AgePolicy, ServerAccess
from bot.errors import GuildRefusal, PersonNotAllowed, PolicyRefused, ServerNotAllowed
from bot.policy.access import GuildAccess
from bot.policy.rules import SpendingPolicy
from cogs.languages import N_, _, format_number, join_list, join_sentences, ngettext
from cogs.text.limit_errors import count_jobs
from cogs.text.rule_errors import describe_rule_refusal

FREE_FOR_EVERYONE: Final = N_("`/mjstatus` is free for everyone.")

_CAUSES: Final[Mapping[GuildRefusal, str]] = {
    "not listed": N_("ALLOWED_GUILDS names only other servers"),
    "not managed": N_("neither the owner of the application nor its team owns or manages it"),
    "owners unknown": N_("Discord has not told yet who owns the application"),
    "managers unknown": N_("Discord does not tell who manages it"),
}
"""Why the members of a server may not draw there, for operators."""


def describe_policy(policy: SpendingPolicy, *, is_paused: bool = False) -> str:
    """Describe for the operator who may draw, and the limits, in one line of plain text.

    `is_paused`: the operator has paused all drawing in Discord.
    """
    if is_paused:
        return _("no one, because you paused all drawing in /mjadmin.")
    if switch := _name_off_switch(policy):
        return _("no one, because {setting} is 0: drawing is switched off.").format(setting=switch)
    people = _("{servers}; outside servers only {people}.").format(
        servers=_describe_guilds(policy.allowed_guilds), people=_describe_people(policy.allowed_users)
    )
    only = _("Only the requester of a message may press its paid buttons.") if policy.press_policy != "anyone" else ""
    return join_sentences(people, only, _("Limits: {limits}.").format(limits=_describe_limits(policy)))


def _name_off_switch(policy: SpendingPolicy) -> str:
    """Return the setting that switches drawing off, "" if none does."""
    if not policy.is_drawing_off:
        return ""
    return "DAILY_SUBMITS" if policy.daily_submits <= 0 else "DAILY_SUBMITS_PER_PERSON"


def _describe_guilds(allowed: Collection[int]) -> str:
    if allowed:
        text = ngettext(
            "all members of {count} server (ALLOWED_GUILDS)",
            "all members of {count} servers (ALLOWED_GUILDS)",
            len(allowed),
        )
        return text.format(count=len(allowed))
    return _("all members of the servers that you or your team own or manage (ALLOWED_GUILDS is not set)")


def _describe_people(allowed: Collection[int]) -> str:
    if allowed:
        text = ngettext("{count} person (ALLOWED_USERS)", "{count} people (ALLOWED_USERS)", len(allowed))
        return text.format(count=len(allowed))
    return _("you or your team (ALLOWED_USERS is not set)")


def _describe_limits(policy: SpendingPolicy) -> str:
    fields = {
        "jobs": count_jobs(policy.daily_submits_per_person),
        "total": policy.daily_submits,
        "pause": _describe_pause(policy.cooldown.total_seconds()),
    }
    if policy.cooldown:
        text = _("{jobs} a day (UTC) for each person and {total} for all together, {pause} between two of one person")
    else:
        text = _("{jobs} a day (UTC) for each person and {total} for all together, no wait between two")
    return text.format(**fields)


def _describe_pause(seconds: float) -> str:
    """Describe a setting in seconds by the largest unit that fits: "24 h", "5 min", "3 s"."""
    if seconds >= 3600 and seconds % 3600 == 0:
        return _("{count} h").format(count=f"{seconds / 3600:g}")
    if seconds >= 60 and seconds % 60 == 0:
        return _("{count} min").format(count=f"{seconds / 60:g}")
    return _("{count} s").format(count=f"{seconds:g}")


def describe_guild(policy: SpendingPolicy, guild: GuildAccess) -> tuple[str, str]:
    """Describe for the operator whether a server may draw and why, by which own rules, and the next step where not."""
    if guild.refusal is None and policy.is_drawing_off:
        off = _name_off_switch(policy)
        return (
            _("no one may draw, because {setting} is 0.").format(setting=off),
            _("To switch drawing on, set {setting} to 1 or more.").format(setting=off),
        )
    if guild.refusal is not None:
        return describe_closed_guild(guild.refusal), _advise_on_guild(guild.guild_id, guild.refusal)
    if guild.is_denied:
        return (
            _("no one may draw, because you denied it in /mjadmin."),
            _("To allow it, change that in /mjadmin."),
        )
    match guild.paused_by:
        case "operator":
            return (
                _("no one may draw, because you paused all drawing in /mjadmin."),
                _("To go on, resume it in /mjadmin."),
            )
        case "server":
            return (
                _("no one may draw, because its managers paused it."),
                _("To go on, run /mjresume in that server."),
            )
        case _:
            own = _summarize_rules(guild)
            rules = _("This server's rules: {rules}.").format(rules=own) if own else ""
            return join_sentences(_explain_permission(policy, guild), rules), ""


def _summarize_rules(guild: GuildAccess) -> str:
    """Summarize a server's own rules about who may draw where: "1 role may not draw, only 2 channels"."""
    rules, blocks = guild.rules.server, [one for one in guild.rules.blocks if one.guild_id == guild.guild_id]
    denied, roles, channels = len(rules.denied_roles), len(rules.allowed_roles), len(rules.allowed_channels)
    found = [
        (denied, ngettext("{count} role may not draw", "{count} roles may not draw", denied)),
        (roles, ngettext("only {count} role", "only {count} roles", roles)),
        (channels, ngettext("only {count} channel", "only {count} channels", channels)),
        (len(blocks), ngettext("{count} member blocked", "{count} members blocked", len(blocks))),
    ]
    parts = [text.format(count=format_number(count)) for count, text in found if count]
    if rules.age_policy is AgePolicy.REFUSE:
        parts.append(_("only age-restricted channels"))
    return join_list(parts)


def _explain_permission(policy: SpendingPolicy, guild: GuildAccess) -> str:
    if policy.allowed_guilds:
        return _("this server may draw, because ALLOWED_GUILDS names it.")
    if guild.rules.grant.access is ServerAccess.ALLOWED:
        return _("this server may draw, because you allowed it in /mjadmin.")
    return _("this server may draw, because you or your team own or manage it.")


def _advise_on_guild(guild_id: int, refusal: GuildRefusal) -> str:
    match refusal:
        case "not listed":
            text = _("To allow it, add {id} to ALLOWED_GUILDS and restart the bot.")
        case "not managed":
            text = _(
                "To allow it, set ALLOWED_GUILDS to {id} and the ids of your other servers, or press Allow in /mjadmin."
            )
        case _:
            text = _("Try again in a minute.")
    return text.format(id=guild_id)


def describe_closed_guild(refusal: GuildRefusal, *, to_operator: bool = False) -> str:
    """Say that no one may draw in a server, and why; to the operator, if they are a person, with "you"."""
    if to_operator and refusal == "not managed":
        return _("no one may draw, because neither you nor your team owns or manages it.")
    return _("no one may draw, because {cause}.").format(cause=_(_CAUSES[refusal]))


def describe_server_refusal(error: ServerNotAllowed) -> str:
    """Tell a person, in Markdown, why they may not draw in this server, and what the operator can do."""
    match error.refusal:
        case "owners unknown":
            return _(
                "Discord hasn't told me who my operator is, so I can't tell who may draw here. Try again in a minute."
            )
        case "managers unknown":
            return _(
                "Discord hasn't told me who manages this server, so I can't tell who may draw here. Try again in a "
                "minute."
            )
        case "not listed" if error.is_operator:
            text = _(
                "You haven't allowed this server: `ALLOWED_GUILDS` names only other servers. Add this one's id, "
                "`{id}`, and restart me."
            )
        case _ if error.is_operator:
            text = _(
                "You neither own nor manage this server, so its members can't draw here. To allow it, choose it in "
                "`/mjadmin` and press **Allow**; its id is `{id}`."
            )
        case "not managed":
            text = join_sentences(
                _(
                    "This server isn't allowed to use paid commands yet. The operator of this bot can allow it in "
                    "`/mjadmin`; its id is `{id}`."
                ),
                _(FREE_FOR_EVERYONE),
            )
        case _:
            text = join_sentences(
                _(
                    "This server isn't allowed to use paid commands yet. The operator of this bot can add the server's "
                    "id, `{id}`, to `ALLOWED_GUILDS`."
                ),
                _(FREE_FOR_EVERYONE),
            )
    return text.format(id=error.guild_id)


def describe_person_refusal(error: PersonNotAllowed) -> str:
    """Tell a person, in Markdown, why they may not draw outside servers, and what the operator can do."""
    if error.owners_unknown:
        return _(
            "Discord hasn't told me who my operator is, so I can't tell who may draw outside servers. Try again in a "
            "minute."
        )
    if error.unjoined_guild_id and error.is_operator:
        return _(
            "You allowed this server (`{id}`) in `ALLOWED_GUILDS`, but I haven't joined it: you installed me only for "
            "your own account. Add me to the server with the invite link in my log."
        ).format(id=error.unjoined_guild_id)
    if error.is_operator:
        return _(
            "Outside servers, only the people in `ALLOWED_USERS` can draw, and you aren't one of them. Add your own "
            "id, `{id}`, and restart me."
        ).format(id=error.person_id)
    refusal = _(
        "Outside its servers, only people on this bot's list can use paid commands. The operator of this bot can add "
        "your user id, `{id}`, to `ALLOWED_USERS`."
    )
    return join_sentences(refusal.format(id=error.person_id), _(FREE_FOR_EVERYONE))


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
    free = _(FREE_FOR_EVERYONE)
    if policy.is_drawing_off:
        return join_sentences(_("Everything paid is switched off on this bot."), free)
    if isinstance(refusal, ServerNotAllowed):
        return describe_server_refusal(refusal)
    if isinstance(refusal, PersonNotAllowed):
        return describe_person_refusal(refusal)
    if refusal is not None and (rule := describe_rule_refusal(refusal)):
        return join_sentences(rule, free)
    who = (
        _("All members of this server may use paid commands and buttons: {limits}.")
        if guild
        else _("You may use paid commands and buttons: {limits}.")
    )
    is_open = policy.press_policy == "anyone"
    only = "" if is_open else _("Only the person who asked for a message can press its buttons.")
    return join_sentences(who.format(limits=_describe_limits(policy)), only, free)
