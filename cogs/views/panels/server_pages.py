"""Render the pages Content, Money, Log and Language of a server's settings. Pure."""

from collections.abc import Iterator
from typing import Any, Final

import discord

from bot.entities import AgePolicy, CountScope, ReportAudience, RuleLevel, Spending
from bot.features.server_rules import ALL_TOGETHER, EVERY_MEMBER
from bot.policy.spending_limits import SpendingLimit, find_time_zone
from bot.policy.time_zones import format_zone
from cogs.components.event_item import EventItem
from cogs.text.quotes import quote_text
from cogs.views.panels.report_list import build_list_button
from cogs.views.panels.server_controls import Action, ControlBuilder
from cogs.views.panels.server_snapshot import PageContent, ServerSnapshot, join_lines

_WORD_LENGTH: Final = 60
_AGE_POLICIES: Final = {
    AgePolicy.ALLOW: ("Allow", "**Allowed.** Pictures outside age-restricted channels are shown as they are."),
    AgePolicy.SPOILER: ("Spoilers", "**Spoilers.** Pictures outside age-restricted channels are hidden until clicked."),
    AgePolicy.REFUSE: ("Refuse", "**Refused.** Members can draw only in age-restricted channels."),
}
_POSTS: Final = (discord.ChannelType.text, discord.ChannelType.news)
LANGUAGES: Final = {
    "auto": "Server's language",
    "en": "English",
    "vi": "Tiếng Việt",
    "zh-cn": "简体中文",
    "zh-tw": "繁體中文",
}
"""The languages of the menu, by the value of their option."""
LANGUAGE_CODES: Final = {"auto": "", "en": "en", "vi": "vi", "zh-cn": "zh-CN", "zh-tw": "zh-TW"}
"""What ServerRules.language holds for each option."""


def render_content(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the blocked words, and what happens outside age-restricted channels."""
    server = snapshot.rules.server
    words = (quote_text(word, _WORD_LENGTH) for word in server.blocked_words)
    count = len(server.blocked_words)
    choices = [
        builder.choice(
            Action.SET_AGE_POLICY,
            label,
            row=2,
            value=policy,
            part="age_policy",
            is_chosen=policy is server.age_policy,
        )
        for policy, (label, _) in _AGE_POLICIES.items()
    ]
    return PageContent(
        text="Blocked words are compared with the finished prompt, before anything is sent or charged.",
        fields=[
            (f"Blocked words: {count}", join_lines(words, ", ", total=count) or "None"),
            ("Outside age-restricted channels", _AGE_POLICIES[server.age_policy][1]),
        ],
        items=[builder.button(Action.EDIT_WORDS, "Blocked words", row=1, part="blocked_words"), *choices],
    )


def render_money(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the operator's budget, with its use, and this server's own limits below it."""
    server = snapshot.rules.server
    person, everyone = snapshot.daily_limits
    budget = list(_describe_use(snapshot, "operator")) or ["The operator has set no budget for this server alone."]
    budget.append(f"Everywhere: {person} jobs a day for each person, {everyone} for all servers together (UTC).")
    if person_limits := snapshot.format_limits(snapshot.rules.operator.person_limits):
        budget.append(f"Each person, everywhere: {person_limits} (UTC).")
    own = list(_describe_use(snapshot, "server"))
    own += [] if own else [f"All members together: {snapshot.format_limits(server.server_limits) or 'no limits'}"]
    own.append(f"Every member: {snapshot.format_limits(server.member_limits) or 'no limits'}")
    if server.role_limits:
        own.append("Some roles have limits of their own: see **Who**.")
    zone = format_zone(server.time_zone)
    now = snapshot.at.astimezone(find_time_zone(server.time_zone))
    prices = (
        ""
        if snapshot.currency
        else (" Limits by amount need prices, and none is known: the operator of this bot can set `PRICES`.")
    )
    return PageContent(
        text=f"All limits hold at once, so the lowest one decides.{prices}",
        fields=[
            ("Budget, set by the operator of this bot", join_lines(budget)),
            ("Limits of this server", join_lines(own)),
            (
                "Time zone",
                f"`{zone}`, now {now:%H:%M}. This server's days and months begin there at midnight.",
            ),
        ],
        items=[
            builder.button(Action.OPEN_LIMITS, "Limits of every member", row=1, value=EVERY_MEMBER),
            builder.button(Action.OPEN_LIMITS, "Limits of all together", row=1, value=ALL_TOGETHER),
            builder.button(Action.EDIT_TIME_ZONE, "Time zone", row=1, part="time_zone"),
        ],
    )


def _describe_use(snapshot: ServerSnapshot, level: RuleLevel) -> Iterator[str]:
    """Describe each limit of all members together that was set by that level, with its use."""
    for limit in snapshot.limits:
        if limit.level == level and limit.count.scope is CountScope.SERVER:
            yield _describe_used_limit(snapshot, limit)


def _describe_used_limit(snapshot: ServerSnapshot, limit: SpendingLimit) -> str:
    used = snapshot.spending.get(limit.count, Spending())
    shown = snapshot.format_amount(used.amount) if limit.is_amount else str(used.tasks)
    resets = int(limit.resets_at.timestamp())
    whose = "All members together: " if limit.level == "server" else ""
    return f"{whose}{snapshot.format_limits((limit.setting,))}. Used: {shown}, starts again <t:{resets}:R>"


def render_log(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the log channel and the gallery channel, and what the bot lacks in them."""
    server = snapshot.rules.server
    chosen = {"Log channel": server.log_channel_id, "Gallery channel": server.gallery_channel_id}
    deleted = [name for name, channel in chosen.items() if snapshot.is_channel_deleted(channel)]
    action, part = Action.SET_LOG_PROMPTS, "log_prompts"
    items: list[EventItem[Any]] = [
        builder.channel_menu(
            setter,
            placeholder,
            row=row,
            types=_POSTS,
            chosen={channel} if channel and not snapshot.is_channel_deleted(channel) else (),
            part=field,
            most=1,
        )
        for row, (setter, placeholder, field, channel) in enumerate(
            (
                (Action.SET_LOG_CHANNEL, "Log channel (none: no log)", "log_channel_id", server.log_channel_id),
                (
                    Action.SET_GALLERY,
                    "Gallery channel (none: no gallery)",
                    "gallery_channel_id",
                    server.gallery_channel_id,
                ),
            ),
            start=1,
        )
    ]
    items += [
        builder.choice(action, "Log prompts", row=3, value="on", part=part, is_chosen=server.log_prompts),
        builder.choice(action, "Don't log prompts", row=3, value="off", part=part, is_chosen=not server.log_prompts),
    ]
    items.append(build_list_button(ReportAudience.SERVER, snapshot.open_reports, row=4))
    if deleted:
        items.append(builder.button(Action.REMOVE_DELETED, "Remove deleted channels", row=4))
    log, gallery = (snapshot.format_channel(channel) if channel else "" for channel in chosen.values())
    return PageContent(
        text="Every paid request and every change of these settings gets one line in the log channel.",
        fields=[
            ("Log channel", log or "None"),
            ("Gallery channel", f"{gallery}: finished public pictures are posted there." if gallery else "None"),
            (
                "Prompts",
                "Shown in the log channel, except for private requests."
                if server.log_prompts
                else "Not shown in the log channel.",
            ),
        ],
        items=items,
        warnings=[
            *(
                _warn_of_missing(snapshot, channel)
                for channel in dict.fromkeys(chosen.values())
                if snapshot.missing.get(channel)
            ),
            *(f"The {name.lower()} was deleted. Choose another one, or remove it." for name in deleted),
            *(() if deleted or snapshot.missing else snapshot.refused_channels),
        ],
    )


def _warn_of_missing(snapshot: ServerSnapshot, channel_id: int) -> str:
    names = ", ".join(f"**{name}**" for name in snapshot.missing[channel_id])
    return f"I can't post in <#{channel_id}>. Give my role there: {names}."


def render_language(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the language that is stored for this server, which only later versions speak."""
    stored = snapshot.rules.server.language
    chosen = next((option for option, code in LANGUAGE_CODES.items() if code == stored), "")
    options = [
        discord.SelectOption(label=name, value=option, default=option == chosen) for option, name in LANGUAGES.items()
    ]
    return PageContent(
        text="So far I speak only English. Your choice is saved, and counts as soon as I speak more.",
        fields=[("Language", LANGUAGES.get(chosen) or quote_text(stored))],
        items=[
            builder.menu(Action.SET_LANGUAGE, options, row=1, placeholder="Language of my messages", part="language")
        ],
    )
