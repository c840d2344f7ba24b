"""The lines of a server's log channel and of its gallery. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from bot.entities import FORM_BUTTON, Claim, Job, Person, RuleChange
from cogs.languages import N_, _, format_number, join_list, ngettext
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.markdown import clean_and_cut, escape_markdown, format_prompt, hide_pseudonyms, mention_person
from cogs.text.rule_texts import translate_value, translate_what

_NAME_LENGTH: Final = 40
_ACTION_LENGTH: Final = 60
_PROMPT_LENGTH: Final = 120
_VALUE_LENGTH: Final = 150
_MENTION: Final = re.compile(r"(<(?:@&?|#)[0-9]{1,20}>)")
NO_VALUE: Final = N_("none")


def format_request_line(
    claim: Claim, job: Job, prompt: str, *, is_open: bool, shows_prompt: bool, is_answer_lost: bool
) -> str:
    """Format a paid request: who, action, price, link; a private one has neither its link nor its prompt.

    `is_open`: all who read the line may see the channel of the message.
    """
    is_private = not is_open or claim.cost.is_private or job.place.ephemeral
    link = "" if is_private else _link_message(job)
    parts = (
        _format_person(job.requester),
        _name_action(claim, job),
        _format_price(claim),
        _("private") if is_private else link,
        _("the answer was lost, so it may be charged or not") if is_answer_lost else "",
        format_prompt(prompt, _PROMPT_LENGTH) if shows_prompt and not is_private else "",
    )
    return " · ".join(filter(None, parts))


def format_change_line(change: RuleChange) -> str:
    """Format a change of the rules: who, what, before, after. A mention in it is shown, and pings no person."""
    before, after = (_format_value(translate_value(change.what, value)) for value in (change.before, change.after))
    return _("⚙️ {person} changed **{what}**: {before} → {after}").format(
        person=mention_person(change.person_id),
        what=_format_value(translate_what(change.what)),
        before=before,
        after=after,
    )


def format_gallery_line(job: Job, prompt: str) -> str:
    """Format a finished picture in the gallery: who, prompt, link."""
    parts = (_format_person(job.requester), format_prompt(prompt, _PROMPT_LENGTH), _link_message(job))
    return " · ".join(filter(None, parts))


def _link_message(job: Job) -> str:
    return _("[message]({link})").format(link=job.place.link) if job.place.link else ""


def describe_missed_lines(count: int) -> str:
    """Say that so many lines are not shown, as there were too many at once, or the channel could not be used."""
    return _("… and {count} more, which did not fit here in time. `/mjusage` counts every request.").format(
        count=format_number(count)
    )


def describe_missed_pictures(count: int) -> str:
    """Say that so many pictures are not shown in the gallery, for the same reasons."""
    return ngettext(
        "… and {count} more picture, which did not fit here in time.",
        "… and {count} more pictures, which did not fit here in time.",
        count,
    ).format(count=format_number(count))


def describe_missing_permissions(channel_id: int, missing: Sequence[str]) -> str:
    """Say what the bot lacks in a channel, and what to do."""
    names = join_list(f"**{_(name)}**" for name in missing)
    return _("I can't write in {channel}: I lack {permissions} there. Grant it, or choose another channel.").format(
        channel=f"<#{channel_id}>", permissions=names
    )


def describe_refused_channel(channel_id: int, reason: str) -> str:
    """Say why Discord refuses messages in a channel, and what to do."""
    why = escape_markdown(clean_and_cut(_(reason), _VALUE_LENGTH))
    return _("I can't write in {channel}: {reason}. Open it to me, or choose another channel.").format(
        channel=f"<#{channel_id}>", reason=why
    )


def join_lines(lines: Sequence[str], last: str = "") -> tuple[str, int]:
    """Join the first lines that fit one message, with room for a last one; return the text, and how many those are."""
    room = limits.CONTENT - (limits.length(last) + 1 if last else 0)
    text, used = "", 0
    for line in lines:
        longer = f"{text}\n{line}" if text else limits.cut(line, room)
        if limits.length(longer) > room:
            break
        text, used = longer, used + 1
    return "\n".join(filter(None, (text, last))), used


def _format_person(person: Person) -> str:
    """Format a name that leads to the person's profile: a mention would show a number to members who never met them."""
    name = escape_markdown(clean_and_cut(person.name, _NAME_LENGTH)) or str(person.id)
    return f"[{name}](<https://discord.com/users/{person.id}>)"


def _name_action(claim: Claim, job: Job) -> str:
    pressed = job.pressed or claim.cost.action.replace("_", " ").capitalize() or _("Request")
    name = escape_markdown(clean_and_cut(pressed, _ACTION_LENGTH))
    return _("{action} (form)").format(action=name) if claim.button == FORM_BUTTON else name


def _format_price(claim: Claim) -> str:
    cost = claim.cost
    return "" if cost.expected is None else format_amount(cost.expected, cost.currency, is_about=True)


def _format_value(value: str) -> str:
    """Escape a text, except the mentions in it."""
    parts = _MENTION.split(clean_and_cut(hide_pseudonyms(value), _VALUE_LENGTH))
    return "".join(part if _MENTION.fullmatch(part) else escape_markdown(part) for part in parts) or _(NO_VALUE)
