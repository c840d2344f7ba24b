"""The catalogs are complete, and agree with the code."""

import re
import shutil
import string
import subprocess
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tests.message_catalogs import (
    ROOT,
    compile_po,
    extract_texts,
    format_po,
    list_catalogs,
    read_catalog,
    update_catalog,
)

each_language = pytest.mark.parametrize(("name", "path"), [pytest.param(*one, id=one[0]) for one in list_catalogs()])


@cache
def read(name: str, path: Path) -> Catalog:
    return read_catalog(name, path)


def test_no_text_is_inside_of_an_f_string() -> None:
    """Babel finds none there before Python 3.12, so it would never be translated."""
    inside = re.compile(r"""\{(?:_|ngettext|pgettext)\(["']""")
    modules = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]
    assert [] == [str(one.relative_to(ROOT)) for one in modules if inside.search(one.read_text(encoding="utf-8"))]


def list_texts(message: Message) -> list[str]:
    """Return the text of a message, and its plural."""
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def list_translations(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string or ""]


def find_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@each_language
def test_catalog_has_the_texts_of_the_code_and_no_others(name: str, path: Path) -> None:
    """`make messages` brings it up to date."""
    assert format_po(update_catalog(read_catalog(name, path), extract_texts())) == path.read_bytes()


@each_language
def test_catalog_is_compiled(name: str, path: Path) -> None:
    """`make messages` compiles it."""
    assert path.with_suffix(".mo").read_bytes() == compile_po(name, path)


@each_language
def test_every_text_is_translated(name: str, path: Path) -> None:
    missing = [message.id for message in read(name, path) if message.id and not all(list_translations(message))]
    assert [] == missing
    assert [] == [message.id for message in read(name, path) if message.id and message.fuzzy]


@each_language
def test_translations_have_the_fields_and_marks_of_their_texts(name: str, path: Path) -> None:
    """A missing `{field}` loses what it shows, and an unknown one would be an error when a person is answered."""
    for message in read(name, path):
        texts = list_texts(message)
        for translated in list_translations(message) if message.id and message.string else ():
            assert find_fields(translated) == find_fields(texts[-1]), message.id
            for mark in ("`/mj", "**", "~~", "[{", "]("):
                assert translated.count(mark) == texts[-1].count(mark), message.id


@each_language
def test_translations_are_composed_and_clean(name: str, path: Path) -> None:
    """Discord refuses decomposed letters in places; stray spaces show."""
    for message in read(name, path):
        texts = list_texts(message)
        for translated in list_translations(message) if message.id and message.string else ():
            assert translated == unicodedata.normalize("NFC", translated)
            assert re.search(r"^\s", translated) is None or texts[0][:1].isspace(), message.id
            assert re.search(r"\s$", translated) is None or texts[0][-1:].isspace(), message.id


@each_language
def test_gettext_finds_no_mistake(name: str, path: Path, tmp_path: Path) -> None:
    """Its own tool knows more rules than Babel."""
    msgfmt = shutil.which("msgfmt")
    if msgfmt is None:
        pytest.skip("gettext is not installed")
    done = subprocess.run(  # noqa: S603
        [msgfmt, "--check-format", "--check-domain", "--output-file", str(tmp_path / f"{name}.mo"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_catalogs_share_no_message() -> None:
    """A new text that is translated in one catalog stays untranslated in the others."""
    template = Catalog()
    template.add("Draw")
    messages = [update_catalog(Catalog(locale=name), template).get("Draw") for name in ("vi", "zh_CN")]

    assert None not in messages
    assert messages[0] is not messages[1]
