"""Translate what people read: gettext catalogs, the language of the moment, and how numbers and lists are written.

The English sentence is the key. `_` translates it into the language that `use_language` or `set_language` chose.
"""

from bot.languages import N_, Language, find_language
from cogs.languages.formats import format_number, join_list, join_sentences
from cogs.languages.messages import _, get_language, localize_text, ngettext, pgettext, set_language, use_language

__all__ = [
    "N_",
    "Language",
    "_",
    "find_language",
    "format_number",
    "get_language",
    "join_list",
    "join_sentences",
    "localize_text",
    "ngettext",
    "pgettext",
    "set_language",
    "use_language",
]
