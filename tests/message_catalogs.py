"""Extract the texts of the code, bring the catalogs up to date, and compile them: `python -m tests.message_catalogs`.

Needs Babel, which is a development dependency; at run time the standard library's gettext reads the compiled files.
"""

import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from cogs.languages.catalogs import DIRECTORY_NAMES, DOMAIN, LOCALES

ROOT: Final = Path(__file__).parents[1]
_KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "locale_str": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_HEADERS: Final = [
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=1; plural=0;"),
]
"""Of every language here: none has a plural form."""
_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WIDTH: Final = 120
_COMMENT_TAG: Final = "Translators:"


def list_catalogs() -> Iterator[tuple[str, Path]]:
    """Yield the name of each language's locale, and its .po file."""
    for name in DIRECTORY_NAMES.values():
        yield name, LOCALES / name / "LC_MESSAGES" / f"{DOMAIN}.po"


def extract_texts() -> Catalog:
    """Return the texts of `bot` and `cogs` that are marked for translation, with the modules that they are in."""
    template = Catalog(charset="utf-8")
    for package in ("bot", "cogs"):
        found = extract_from_dir(
            ROOT / package,
            method_map=[("**.py", "python")],
            keywords=_KEYWORDS,
            comment_tags=(_COMMENT_TAG,),
            strip_comment_tags=True,
        )
        for name, _line, message, comments, context in found:
            # Without line numbers, which would change with every edit.
            template.add(
                message, None, [(f"{package}/{Path(name).as_posix()}", 0)], auto_comments=comments, context=context
            )
    return template


def read_catalog(name: str, path: Path) -> Catalog:
    """Read the catalog of a language; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=name, domain=DOMAIN, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=name, domain=DOMAIN, charset="utf-8")


def update_catalog(catalog: Catalog, template: Catalog) -> Catalog:
    """Add new texts to a catalog and drop those that are gone; nothing is guessed from similar texts."""
    # Babel adds the template's own messages, which must not be shared with the catalogs of other languages.
    catalog.update(deepcopy(template), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    return catalog


def format_po(catalog: Catalog) -> bytes:
    """Return the text of a .po file, sorted by module and without dates, so that it changes only with its texts."""
    for message in catalog:
        message.flags.discard("python-format")  # guessed from a percent sign; fields here are in braces
    file = BytesIO()
    write_po(
        file, catalog, width=_WIDTH, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return _build_header(catalog) + file.getvalue()


def _build_header(catalog: Catalog) -> bytes:
    lines = (f'"{name}: {value}\\n"\n' for name, value in (("Language", str(catalog.locale)), *_HEADERS))
    return f'msgid ""\nmsgstr ""\n{"".join(lines)}\n'.encode()


def compile_po(name: str, path: Path) -> bytes:
    """Return the .mo file of a .po file: the same bytes each time, as the dates in its header are fixed."""
    catalog, file = Catalog(locale=name, domain=DOMAIN, creation_date=_DATE, revision_date=_DATE), BytesIO()
    for message in read_catalog(name, path):
        if message.id:
            catalog[message.id] = message
    write_mo(file, catalog)
    return file.getvalue()


def main() -> None:
    """Bring all catalogs up to date, and print how many texts each lacks."""
    template = extract_texts()
    for name, path in list_catalogs():
        catalog = update_catalog(read_catalog(name, path), template)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(format_po(catalog))
        path.with_suffix(".mo").write_bytes(compile_po(name, path))
        missing = sum(not message.string for message in catalog if message.id)
        sys.stdout.write(f"{name}: {len(catalog)} texts, {missing} of them not translated\n")


if __name__ == "__main__":
    main()
