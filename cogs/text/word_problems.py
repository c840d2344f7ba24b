"""Say why an entry of a pasted list of blocked words cannot be used. Pure."""

from bot.policy.blocked_words import MAX_WORD_LENGTH, MAX_WORDS, WordProblem
from cogs.languages import _, format_number
from cogs.text.quotes import quote_text


def describe_word_problem(problem: WordProblem) -> str:
    """Describe the problem of one entry, and what to write instead."""
    entry = quote_text(problem.entry)
    match problem.kind:
        case "too long":
            text = _("{entry} has more than {count} characters. Shorten it, or put `*` for what you leave out.")
        case "only wildcards":
            text = _("{entry} has no word, and would block every prompt. Write a word with it, such as `cat*`.")
        case "inner wildcard":
            text = _(
                "{entry} has a `*` inside. It works only as the first or the last character: `cat*`, `*cat`, `*cat*`."
            )
        case "nothing visible":
            text = _("One entry shows nothing that could be compared. Write a word.")
        case "too many":
            text = _("A list has at most {count} entries. {entry} and all after it have no room: delete others.")
    count = MAX_WORDS if problem.kind == "too many" else MAX_WORD_LENGTH
    return text.format(entry=entry, count=format_number(count))
