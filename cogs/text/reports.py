"""What people are told of reports: the person who reports, and those who resolve them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.entities import Report, ReportAudience, ReportReason, ReportState
from bot.features.reports import REPORTS_PER_HOUR, ReportOutcome
from cogs.languages import N_, _, join_sentences, ngettext
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, escape_markdown, hide_pseudonyms, mention_person

NOT_A_MESSAGE_OF_THE_BOT: Final = N_(
    "I can only pass on reports of my own messages. To report this one, use Discord's own **Report Message**, or ask a "
    "moderator."
)
PRIVATE_MESSAGE: Final = N_(
    "Only you can see that message, so a moderator could not open it. Dismiss it, or tell the operator of this bot."
)
NO_SUCH_REPORT: Final = N_("That report is no longer stored. There is nothing left to do.")
NOT_FROM_HERE: Final = N_("That report is of another server. Resolve it there. Nothing changed.")
REQUESTER_UNKNOWN: Final = N_(
    "I no longer know who asked for that picture. Use **Delete** or **Dismiss**, or block a member with `/mjblock`. "
    "Nothing changed."
)
REQUESTER_UNKNOWN_TO_OPERATOR: Final = N_(
    "I no longer know who asked for that picture. Use **Delete** or **Dismiss**, or block a person in `/mjadmin`. "
    "Nothing changed."
)
STALE_REPORT_BUTTON: Final = N_(
    "I no longer know this button. Run `/mjserver`, or `/mjadmin` as the operator, for the open reports."
)
REASON_NAMES: Final[Mapping[ReportReason, str]] = {
    ReportReason.SEXUAL: N_("Nudity or sexual content"),
    ReportReason.VIOLENCE: N_("Violence or gore"),
    ReportReason.HATE: N_("Hate or harassment"),
    ReportReason.PERSON: N_("It shows a real person"),
    ReportReason.ILLEGAL: N_("Something illegal"),
    ReportReason.OTHER: N_("Something else"),
}
_RESOLVED: Final[Mapping[ReportState, str]] = {
    ReportState.DELETED: N_("✅ <@{person}> deleted the message, <t:{time}:f>."),
    ReportState.BLOCKED: N_("✅ <@{person}> blocked the person who asked for the picture, <t:{time}:f>."),
    ReportState.DISMISSED: N_("✅ <@{person}> dismissed this, <t:{time}:f>."),
}
_RESOLVED_BEFORE: Final[Mapping[ReportState, str]] = {
    ReportState.DELETED: N_("<@{person}> resolved this <t:{time}:R>, by deleting the message. Nothing changed."),
    ReportState.BLOCKED: N_("<@{person}> resolved this <t:{time}:R>, by blocking a person. Nothing changed."),
    ReportState.DISMISSED: N_("<@{person}> resolved this <t:{time}:R>, by dismissing it. Nothing changed."),
}
_DONE: Final[Mapping[ReportState, str]] = {
    ReportState.DELETED: N_("✅ The message is deleted."),
    ReportState.BLOCKED: N_("✅ The person who asked for the picture is blocked."),
    ReportState.DISMISSED: N_("✅ The report is dismissed."),
}
_MAX_LISTED: Final = 5
"""How many reports of one message a line lists."""
_COMMENT_LENGTH: Final = 150


def describe_outcome(outcome: ReportOutcome, *, has_moderators: bool) -> str:
    """Tell the person who reported a message how that ended; `has_moderators`: it was in a server of the bot."""
    match outcome:
        case ReportOutcome.REPORTED_BEFORE:
            return _("You have reported that message before, so there is nothing more to do.")
        case ReportOutcome.TOO_MANY:
            return _(
                "You can report {count} messages an hour. Try again later, or ask a moderator. Nothing was reported."
            ).format(count=REPORTS_PER_HOUR)
        case ReportOutcome.ADDED if has_moderators:
            who = _("The moderators of this server and the operator of this bot can see it, with your name.")
        case ReportOutcome.ADDED:
            who = _("The operator of this bot can see it, with your name.")
    return join_sentences(_("Reported."), who, _("The person who asked for the picture isn't told."))


def describe_case(case: Sequence[Report], audience: ReportAudience) -> str:
    """Describe the reports of one message: where it is, which task, who reported it why, and how it was resolved.

    The message itself and its prompt are not copied.
    """
    first = case[0]
    people = ngettext("🚩 **{count} person reported a message**", "🚩 **{count} people reported a message**", len(case))
    parts = (
        people.format(count=len(case)),
        _describe_place(first, audience),
        _("task `{task}`").format(task=clean_and_cut(first.task_id, 64).replace("`", "'")) if first.task_id else "",
    )
    lines = [" · ".join(filter(None, parts)), *map(_describe_report, case[:_MAX_LISTED])]
    if len(case) > _MAX_LISTED:
        lines.append(_("… and {count} more").format(count=len(case) - _MAX_LISTED))
    if not first.is_open:
        lines.append(_fill_in(_RESOLVED, first))
    return limits.join_fitting(lines, limits.CONTENT)


def describe_done(case: Sequence[Report]) -> str:
    """Tell a moderator what their click did."""
    return _(_DONE[case[0].state]) if case and case[0].state in _DONE else _(NO_SUCH_REPORT)


def describe_resolved_before(case: Sequence[Report]) -> str:
    """Tell a moderator who resolved a case before them, how and when."""
    return _fill_in(_RESOLVED_BEFORE, case[0]) if case and not case[0].is_open else _(NO_SUCH_REPORT)


def describe_open_count(count: int) -> str:
    """Say how many messages have open reports."""
    if not count:
        return _("No open reports.")
    return ngettext("{count} message has open reports.", "{count} messages have open reports.", count).format(
        count=count
    )


def _describe_place(report: Report, audience: ReportAudience) -> str:
    """Link the message; in a direct message, which the operator can't open, say that it is there."""
    if not report.guild_id:
        return _("in a direct message")
    link = f"https://discord.com/channels/{report.guild_id}/{report.channel_id}/{report.message_id}"
    linked = _("[message]({link})").format(link=link)
    if audience is ReportAudience.SERVER:
        return linked
    return " · ".join((linked, _("server `{server}`").format(server=report.guild_id)))


def _describe_report(report: Report) -> str:
    comment = escape_markdown(clean_and_cut(report.comment, _COMMENT_LENGTH))
    said = (
        f"{mention_person(report.reporter_id)}, <t:{_to_seconds(report.made_at)}:R>: {_(REASON_NAMES[report.reason])}"
    )
    return f"- {said} · {comment}" if comment else f"- {said}"


def _fill_in(texts: Mapping[ReportState, str], report: Report) -> str:
    time = _to_seconds(report.resolved_at or report.made_at)
    return hide_pseudonyms(_(texts[report.state]).format(person=report.resolver_id, time=time))


def _to_seconds(time: datetime) -> int:
    return int(time.timestamp())
