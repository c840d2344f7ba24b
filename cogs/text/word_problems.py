"""Say why an entry of a pasted list of blocked words cannot be used. Pure."""

from bot.policy.blocked_words import MAX_WORD_LENGTH, MAX_WORDS, WordProblem
from cogs.text.quotes import quote_text


def describe_word_problem(problem: WordProblem) -> str:
    """Describe the problem of one entry, and what to write instead."""
    entry = quote_text(problem.entry)
    match problem.kind:
        case "too long":
            return f"{entry} has more than {MAX_WORD_LENGTH} characters. Shorten it, or put `*` for what you leave out."
        case "only wildcards":
            return f"{entry} has no word, and would block every prompt. Write a word with it, such as `cat*`."
        case "inner wildcard":
            return (
                f"{entry} has a `*` inside. It works only as the first or the last character: `cat*`, `*cat`, `*cat*`."
            )
        case "nothing visible":
            return "One entry shows nothing that could be compared. Write a word."
        case "too many":
            return f"A list has at most {MAX_WORDS:,} entries. {entry} and all after it have no room: delete others."
