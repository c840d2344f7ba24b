"""Words on their way into a message show as what they are, and nothing more."""

import re
import unicodedata
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text_cleaning import clean_text
from cogs.text.limits import length
from cogs.text.markdown import (
    PROMPT_LENGTH,
    escape_markdown,
    format_answer,
    format_code,
    format_duration,
    format_progress_bar,
    format_prompt,
    format_relative_time,
    sanitize_link,
)
from tests.discord_payloads.values import url_refusals

HOSTILE = st.text(
    st.characters() | st.sampled_from("*_~`|\\[]()<>@:#-—\u200b\u200d\u202e\r\n\t\0😀\ud83d"), max_size=80
)


def read(markdown: str) -> str:
    """Read one line as Discord shows it: code as it is, elsewhere backslashes and the marks of bold taken away."""
    shown = ""
    for inside, rest in re.findall(r"`([^`]*)`|((?:\\.|[^`\\])+)", markdown):
        bare = re.sub(r"(?<!\\)((?:\\\\)*)\*\*", r"\1", rest)
        shown += inside or re.sub(r"\\([^0-9A-Za-z\s])", r"\1", bare)
    return shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\t\n words\0 ", "two words"),
        ("light\u200bhouse", "lighthouse"),
        ("\u202egnp.exe", "gnp.exe"),
        ("👨\u200d👩\u200d👧 and ❤️", "👨\u200d👩\u200d👧 and ❤️"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
        ("\u200d\u200d", ""),
        ("a \u200d b\u200c", "a b"),
        ("\u2800\u3164", ""),
        ("\ud800x\ue000\U000e0001", "x"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """White space is folded, the unseen dropped, the joiners inside of words and emoji kept."""
    assert expected == clean_text(text)


@given(HOSTILE)
def test_plain_leaves_nothing_unseen(text: str) -> None:
    """Any text becomes one line, which doesn't change when it is cleaned again."""
    shown = clean_text(text)
    assert shown == clean_text(shown)
    assert not {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} & set(map(unicodedata.category, shown))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a *b* __c__ ~~d~~ ||e|| `f` \\", r"a \*b\* \_\_c\_\_ \~\~d\~\~ \|\|e\|\| \`f\` \\"),
        ("[**text**](https://evil.test)", r"\[\*\*text\*\*\](https\://evil.test)"),
        ("@everyone <@123456789012345678> <#1> <t:0:R>", r"\@everyone \<@123456789012345678\> \<#1\> \<t\:0:R\>"),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("12. no list", r"12\. no list"),
        ("1) no list", r"1\) no list"),
        ("> no quote", r"\> no quote"),
        (":tada: at 16:9, a@b.c", r"\:tada: at 16:9, a@b.c"),
        ("well-lit, 3.5 #1", "well-lit, 3.5 #1"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    """Marks, mentions, links and named emoji lose their meaning; ordinary words keep their looks."""
    assert expected == escape_markdown(text)


@given(HOSTILE.map(clean_text))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    """What Discord shows of escaped text is the text."""
    assert text == read(escape_markdown(text))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a lighthouse at dawn --ar 3:2 --v 7", "**a lighthouse at dawn** `--ar 3:2` `--v 7`"),
        ("a cat —ar 3:2 \u2013v 7", "**a cat** `—ar 3:2` `\u2013v 7`"),
        ("<https://s.mj.run/abc> HTTPS://x.test/y.png a cat", "**🖼️ 🖼️ a cat**"),
        ("--niji 6", "`--niji 6`"),
        ("a -- b", "**a -- b**"),
        ("a--b --no `x`", "**a--b** `--no 'x'`"),
        ("**bold**", r"**\*\*bold\*\***"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_a_prompt_shows_its_words_and_its_parameters(prompt: str, expected: str) -> None:
    """Words are bold, parameters code, image links an icon."""
    assert expected == format_prompt(prompt)


@given(HOSTILE.filter(lambda text: "http" not in text.lower()))
def test_a_prompt_reads_as_it_was(prompt: str) -> None:
    """The words of any prompt are readable as they were given."""
    assert clean_text(prompt).replace("`", "'") == read(format_prompt(prompt)).replace("`", "'")


def test_a_long_prompt_is_cut() -> None:
    """300 characters are shown, however many were given."""
    shown = format_prompt("lighthouse " * 10_000)
    assert shown.endswith("…**")
    assert length(shown) <= PROMPT_LENGTH + 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## Important tokens", "**Important tokens**"),
        ("# **x**", "**x**"),
        ("## **", r"\## \*\*"),
        ("**fox** in ~~deep~~ snow", "**fox** in ~~deep~~ snow"),
        ("2 * 3 ~ 6 **", r"2 \* 3 \~ 6 \*\*"),
        ("by [Beatrix Potter](https://goo.gl/x) now", "by Beatrix Potter now"),
        ("one\n\n \ntwo", "one\ntwo"),
    ],
)
def test_an_answer_keeps_what_tells_something(text: str, expected: str) -> None:
    """Bold, struck and headings are shown, links are their words, everything else is as it was written."""
    assert expected == format_answer(text)


@given(HOSTILE)
def test_an_answer_has_no_link(text: str) -> None:
    """No answer makes a link, a mention or a heading."""
    assert re.search(r"(?<!\\)(?:\\\\)*(?:\]\(|<|^#|(?<!\\):(?=//))", format_answer(text), re.MULTILINE) is None


def test_code_ends_where_it_should() -> None:
    """A backtick inside of code does not end it."""
    assert format_code("a`b") == "`a'b`"


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (-5, "0 s"),
        (3500, "4 s"),
        (59_400, "59 s"),
        (59_500, "1 min"),
        (125_000, "2 min 5 s"),
        (3_600_000, "1 h"),
        (3_780_000, "1 h 3 min"),
    ],
)
def test_duration(milliseconds: int, expected: str) -> None:
    """Two units at most."""
    assert expected == format_duration(milliseconds)


@pytest.mark.parametrize(("percent", "full"), [(-1, 0), (4, 0), (5, 1), (46, 9), (99, 19), (100, 20), (900, 20)])
def test_bar(percent: int, full: int) -> None:
    """Twenty blocks, full only at the end."""
    assert format_progress_bar(percent) == f"`{'█' * full}{'░' * (20 - full)}`"


def test_times_are_in_the_readers_language() -> None:
    """A moment, or milliseconds, become Discord's relative time."""
    assert format_relative_time(1754300002023) == "<t:1754300002:R>"
    assert format_relative_time(datetime(2026, 1, 1, tzinfo=UTC)) == "<t:1767225600:R>"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (" https://cdn.test/a.png?ex=1&is=%20 ", "https://cdn.test/a.png?ex=1&is=%20"),
        ("https://cdn.test/a b(1)[2].png", "https://cdn.test/a%20b%281%29%5B2%5D.png"),
        ("https://cdn.test/灯", "https://cdn.test/%E7%81%AF"),
        ("https://cdn.test/\ud800", "https://cdn.test/?"),
        ("http://cdn.test:8080?x", "http://cdn.test:8080?x"),
        ("https://cdn.test:0/", None),
        ("https://cdn.test:65536/", None),
        ("https://cdn..test/", None),
        ("https://user@cdn.test/", None),
        ("http://localhost/a", None),
        ("http://127.0.0.1/a", None),
        ("javascript://cdn.test/%0aalert(1)", None),
        ("ftp://cdn.test/", None),
        ("https://cdn.test/" + "x" * 2048, None),
        ("https://cdn.test/" + "灯" * 300, None),
        ("", None),
    ],
)
def test_web_link(url: str, expected: str | None) -> None:
    """Only what Discord takes is a link, with nothing in it that would end a masked one."""
    assert expected == sanitize_link(url)


@given(st.text(max_size=40), st.text(max_size=60))
def test_a_web_link_is_never_refused(host: str, path: str) -> None:
    """Discord accepts what is left of any address."""
    link = sanitize_link(f"https://{host}.test/{path}")
    assert link is None or (list(url_refusals("url", link, 2048)) == [] and not set("()<>[]\\ ") & set(link))


def test_no_text_takes_long() -> None:
    """A prompt is shown with every change of its task: time grows with its length, not with its square."""
    begun = process_time()
    assert clean_text("x" + "\u200d" * 60_000 + "x") == "x" + "\u200d" * 60_000 + "x"
    assert clean_text("x" + "\u200d" * 60_000) == "x"
    assert process_time() - begun < 3.0
