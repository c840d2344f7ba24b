"""Render the pages Content, Money, Log and Language of a server's settings. Pure."""

from collections.abc import Iterator
from typing import Any, Final

import discord

from bot.entities import AgePolicy, CountScope, ReportAudience, RuleLevel, Spending
from bot.features.server_rules import ALL_TOGETHER, EVERY_MEMBER
from bot.languages import OWN_NAMES, find_language
from bot.policy.spending_limits import SpendingLimit, find_time_zone
from bot.policy.time_zones import format_zone
from cogs.components.event_item import EventItem
from cogs.languages import N_, _, join_list, join_sentences
from cogs.languages.formats import get_separator
from cogs.text.quotes import quote_text
from cogs.views.panels.report_list import build_list_button
from cogs.views.panels.server_controls import Action, ControlBuilder, ServerItem
from cogs.views.panels.server_snapshot import PageContent, ServerSnapshot, join_lines

_WORD_LENGTH: Final = 60
_AGE_POLICIES: Final = {
    AgePolicy.ALLOW: (
        N_("Allow"),
        N_("**Allowed.** Pictures outside age-restricted channels are shown as they are."),
    ),
    AgePolicy.SPOILER: (
        N_("Spoilers"),
        N_("**Spoilers.** Pictures outside age-restricted channels are hidden until clicked."),
    ),
    AgePolicy.REFUSE: (N_("Refuse"), N_("**Refused.** Members can draw only in age-restricted channels.")),
}
_POSTS: Final = (discord.ChannelType.text, discord.ChannelType.news)
_DISCORDS: Final = "auto"
"""The option that leaves the language to Discord."""
LANGUAGE_CODES: Final = {_DISCORDS: ""} | {language.lower(): language.value for language in OWN_NAMES}
"""What ServerRules.language holds for each option of the menu."""


def render_content(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the blocked words, and what happens outside age-restricted channels."""
    server = snapshot.rules.server
    words = (quote_text(word, _WORD_LENGTH) for word in server.blocked_words)
    count = len(server.blocked_words)
    choices = [
        builder.choice(
            Action.SET_AGE_POLICY,
            _(label),
            row=2,
            value=policy,
            part="age_policy",
            is_chosen=policy is server.age_policy,
        )
        for policy, (label, _text) in _AGE_POLICIES.items()
    ]
    return PageContent(
        text=_("Blocked words are compared with the finished prompt, before anything is sent or charged."),
        fields=[
            (
                _("Blocked words: {count}").format(count=count),
                join_lines(words, get_separator(), total=count) or _("None"),
            ),
            (_("Outside age-restricted channels"), _(_AGE_POLICIES[server.age_policy][1])),
        ],
        items=[builder.button(Action.EDIT_WORDS, _("Blocked words"), row=1, part="blocked_words"), *choices],
    )


def render_money(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the operator's budget, with its use, and this server's own limits below it."""
    zone = format_zone(snapshot.rules.server.time_zone)
    now = snapshot.at.astimezone(find_time_zone(snapshot.rules.server.time_zone))
    begins = _("`{zone}`, now {time}. This server's days and months begin there at midnight.")
    prices = _("Limits by amount need prices, and none is known: the operator of this bot can set `PRICES`.")
    return PageContent(
        text=join_sentences(
            _("All limits hold at once, so the lowest one decides."), "" if snapshot.currency else prices
        ),
        fields=[
            (_("Budget, set by the operator of this bot"), join_lines(_list_operators_limits(snapshot))),
            (_("Limits of this server"), join_lines(_list_own_limits(snapshot))),
            (_("Time zone"), begins.format(zone=zone, time=f"{now:%H:%M}")),
        ],
        items=[
            builder.button(Action.OPEN_LIMITS, _("Limits of every member"), row=1, value=EVERY_MEMBER),
            builder.button(Action.OPEN_LIMITS, _("Limits of all together"), row=1, value=ALL_TOGETHER),
            builder.button(Action.EDIT_TIME_ZONE, _("Time zone"), row=1, part="time_zone"),
        ],
    )


def _list_operators_limits(snapshot: ServerSnapshot) -> list[str]:
    person, everyone = snapshot.daily_limits
    lines = list(_describe_use(snapshot, "operator")) or [_("The operator has set no budget for this server alone.")]
    # Translators: Both numbers count jobs a day.
    daily = _("Everywhere: {person} jobs a day for each person, {everyone} for all servers together (UTC).")
    lines.append(daily.format(person=person, everyone=everyone))
    if person_limits := snapshot.format_limits(snapshot.rules.operator.person_limits):
        lines.append(_("Each person, everywhere: {limits} (UTC).").format(limits=person_limits))
    return lines


def _list_own_limits(snapshot: ServerSnapshot) -> list[str]:
    server = snapshot.rules.server
    lines = list(_describe_use(snapshot, "server"))
    if not lines:
        together = snapshot.format_limits(server.server_limits) or _("no limits")
        lines.append(_("All members together: {limits}").format(limits=together))
    member_limits = snapshot.format_limits(server.member_limits) or _("no limits")
    lines.append(_("Every member: {limits}").format(limits=member_limits))
    if server.role_limits:
        lines.append(_("Some roles have limits of their own: see **Who**."))
    return lines


def _describe_use(snapshot: ServerSnapshot, level: RuleLevel) -> Iterator[str]:
    """Describe each limit of all members together that was set by that level, with its use."""
    for limit in snapshot.limits:
        if limit.level == level and limit.count.scope is CountScope.SERVER:
            yield _describe_used_limit(snapshot, limit)


def _describe_used_limit(snapshot: ServerSnapshot, limit: SpendingLimit) -> str:
    used = snapshot.spending.get(limit.count, Spending())
    text = (
        _("All members together: {limit}. Used: {used}, starts again {when}")
        if limit.level == "server"
        else _("{limit}. Used: {used}, starts again {when}")
    )
    return text.format(
        limit=snapshot.format_limits((limit.setting,)),
        used=snapshot.format_amount(used.amount) if limit.is_amount else str(used.tasks),
        when=f"<t:{int(limit.resets_at.timestamp())}:R>",
    )


def render_log(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the log channel and the gallery channel, and what the bot lacks in them."""
    server = snapshot.rules.server
    log, gallery = (
        snapshot.format_channel(channel) if channel else ""
        for channel in (server.log_channel_id, server.gallery_channel_id)
    )
    posted = _("{channel}: finished public pictures are posted there.").format(channel=gallery)
    return PageContent(
        text=_("Every paid request and every change of these settings gets one line in the log channel."),
        fields=[
            (_("Log channel"), log or _("None")),
            (_("Gallery channel"), posted if gallery else _("None")),
            (
                _("Prompts"),
                _("Shown in the log channel, except for private requests.")
                if server.log_prompts
                else _("Not shown in the log channel."),
            ),
        ],
        items=list(_build_log_items(snapshot, builder)),
        warnings=list(_warn_of_channels(snapshot)),
    )


def _build_log_items(snapshot: ServerSnapshot, builder: ControlBuilder) -> Iterator[EventItem[Any]]:
    server = snapshot.rules.server
    log, gallery = server.log_channel_id, server.gallery_channel_id
    yield _build_channel_menu(
        snapshot, builder, (Action.SET_LOG_CHANNEL, "log_channel_id", log), _("Log channel (none: no log)"), row=1
    )
    yield _build_channel_menu(
        snapshot,
        builder,
        (Action.SET_GALLERY, "gallery_channel_id", gallery),
        _("Gallery channel (none: no gallery)"),
        row=2,
    )
    action, part, is_on = Action.SET_LOG_PROMPTS, "log_prompts", server.log_prompts
    yield builder.choice(action, _("Log prompts"), row=3, value="on", part=part, is_chosen=is_on)
    yield builder.choice(action, _("Don't log prompts"), row=3, value="off", part=part, is_chosen=not is_on)
    yield build_list_button(ReportAudience.SERVER, snapshot.open_reports, row=4)
    if any(map(snapshot.is_channel_deleted, (log, gallery))):
        yield builder.button(Action.REMOVE_DELETED, _("Remove deleted channels"), row=4)


def _build_channel_menu(
    snapshot: ServerSnapshot,
    builder: ControlBuilder,
    setting: tuple[Action, str, int],
    placeholder: str,
    *,
    row: int,
) -> ServerItem:
    """Build the menu of one channel; `setting` is what sets it, its field in the rules, and its id now."""
    action, part, channel = setting
    return builder.channel_menu(
        action,
        placeholder,
        row=row,
        types=_POSTS,
        chosen={channel} if channel and not snapshot.is_channel_deleted(channel) else (),
        part=part,
        most=1,
    )


def _warn_of_channels(snapshot: ServerSnapshot) -> Iterator[str]:
    """Say what the bot lacks in the two channels, and which of them were deleted."""
    server = snapshot.rules.server
    log, gallery = server.log_channel_id, server.gallery_channel_id
    for channel in dict.fromkeys((log, gallery)):
        if snapshot.missing.get(channel):
            yield _warn_of_missing(snapshot, channel)
    if snapshot.is_channel_deleted(log):
        yield _("The log channel was deleted. Choose another one, or remove it.")
    if snapshot.is_channel_deleted(gallery):
        yield _("The gallery channel was deleted. Choose another one, or remove it.")
    if not (snapshot.missing or any(map(snapshot.is_channel_deleted, (log, gallery)))):
        yield from snapshot.refused_channels


def _warn_of_missing(snapshot: ServerSnapshot, channel_id: int) -> str:
    names = join_list(f"**{name}**" for name in snapshot.missing[channel_id])
    text = _("I can't post in {channel}. Give my role there: {permissions}.")
    return text.format(channel=f"<#{channel_id}>", permissions=names)


def render_language(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the language of what the bot posts in this server, with a menu of the languages by their own names."""
    stored = snapshot.rules.server.language
    language = find_language(stored)
    discords = discord.SelectOption(
        label=_("Discord's language"),
        value=_DISCORDS,
        description=_("That of a Community server, elsewhere that of each member"),
        default=not stored,
    )
    options = [
        discord.SelectOption(label=name, value=one.lower(), default=one is language) for one, name in OWN_NAMES.items()
    ]
    shown = OWN_NAMES[language] if language else quote_text(stored)
    by_discord = _("Discord's: that of this server if it is a Community server, otherwise that of each member.")
    return PageContent(
        text=join_sentences(
            _("Messages that everyone here sees, the log channel and the gallery are in this language."),
            _("What only one person sees is in their own, which they can choose in `/mjsettings`."),
        ),
        fields=[(_("Language"), shown if stored else by_discord)],
        items=[
            builder.menu(
                Action.SET_LANGUAGE,
                [discords, *options],
                row=1,
                placeholder=_("Language of my messages"),
                part="language",
            )
        ],
    )
