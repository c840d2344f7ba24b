"""The forms of blocked words and of the time zone in a server's settings, and what was typed into them. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import discord
from discord import ui

from bot.entities import ServerRules
from bot.policy.blocked_words import ParsedWords, parse_words
from bot.policy.time_zones import format_zone
from cogs.components.modals import MODAL_TIMEOUT_SECONDS
from cogs.languages import _
from cogs.text import limits
from cogs.text.word_problems import describe_word_problem
from cogs.views.panels.server_controls import ServerControl

ZONE_FIELD: Final = "zone"
_MOST_WORD_FIELDS: Final = 5
"""Discord allows a form five fields."""
_MAX_ZONE_LENGTH: Final = 60
_MAX_PROBLEMS: Final = 5
"""How many entries that cannot be used an answer names."""


def build_zone_modal(rules: ServerRules, control: ServerControl) -> ui.Modal:
    """Build the form of the time zone."""
    modal = ui.Modal(title=_("Time zone"), custom_id=control.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
    field = ui.TextInput[Any](
        custom_id=ZONE_FIELD,
        default=format_zone(rules.time_zone)[:_MAX_ZONE_LENGTH] or None,
        placeholder="Asia/Ho_Chi_Minh",
        max_length=_MAX_ZONE_LENGTH,
        required=False,
    )
    hint = _("A city or a name such as Europe/Paris. Empty: UTC")
    modal.add_item(
        ui.Label(
            text=_("Where this server's days begin"), description=limits.cut(hint, limits.OPTION_TEXT), component=field
        )
    )
    return modal


def build_words_modal(rules: ServerRules, control: ServerControl) -> ui.Modal:
    """Build the form of blocked words, with an empty field after those that the stored words fill."""
    modal = ui.Modal(title=_("Blocked words"), custom_id=control.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
    texts = [*_split_words(rules.blocked_words), ""][:_MOST_WORD_FIELDS]
    for number, text in enumerate(texts):
        field = ui.TextInput[Any](
            custom_id=_name_field(number),
            style=discord.TextStyle.paragraph,
            default=text or None,
            placeholder="cat\ncat*\n*cat*",
            max_length=limits.INPUT,
            required=False,
        )
        hint = _("One a line, or with commas. cat* begins with cat, *cat* contains it. Empty: none")
        name = _("More blocked words") if number else _("Blocked words")
        modal.add_item(ui.Label(text=name, description=limits.cut(hint, limits.OPTION_TEXT), component=field))
    return modal


def _split_words(words: Sequence[str]) -> list[str]:
    """Join words to texts, one word a line, as long as a field takes them."""
    texts: list[str] = []
    for word in words:
        longer = f"{texts[-1]}\n{word}" if texts else word
        if texts and limits.length(longer) <= limits.INPUT:
            texts[-1] = longer
        else:
            texts.append(word)
    return texts


def _name_field(number: int) -> str:
    return f"words{number}"


def read_words(read_field: Callable[[str], str]) -> ParsedWords:
    """Read the words of all fields of the form."""
    return parse_words("\n".join(read_field(_name_field(number)) for number in range(_MOST_WORD_FIELDS)))


def describe_left_out_words(parsed: ParsedWords) -> str:
    """Say which entries were left out and why; "" if all are used."""
    problems = map(describe_word_problem, parsed.problems[:_MAX_PROBLEMS])
    lines = [_("⚠️ Left out: {problem}").format(problem=problem) for problem in problems]
    if (hidden := len(parsed.problems) - len(lines)) > 0:
        # Translators: So many more entries of a list of words were left out.
        lines.append(_("⚠️ And {count} more.").format(count=hidden))
    if lines and not parsed.words:
        lines.append(_("Nothing was changed, because no entry can be used."))
    return "\n".join(lines)
