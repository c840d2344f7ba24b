"""The files around the code say what is true of it."""

import importlib
import pkgutil
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from discord import app_commands

import cogs.commands
from bot.languages import OWN_NAMES, Language
from bot.settings import Settings
from cogs.languages.catalogs import CATALOGS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
GUIDES = ("docs/members.md", "docs/server-managers.md")
"""For people in Discord; they and README's first screen exist in every language."""
TRANSLATIONS = [*product((*GUIDES, "README.md"), (one for one in Language if one is not Language.ENGLISH))]
WORDS_OF_DISCORD = {"Apps", "Authorize", "Integrations", "Manage Messages", "Manage Server", "Server Settings"}
STRESSED_WORDS = {"Blocked words", "English", "Paid", "gallery channel", "log channel", "paid"}


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_env_example_lists_every_setting() -> None:
    """`.env.example` and Settings name the same variables, with the same defaults."""
    listed = dict(re.findall(r"^([A-Z_]+)=(.*)$", _read(".env.example"), re.MULTILINE))

    assert {name.upper() for name in Settings.model_fields} == set(listed)
    given = Settings.read(_env_file=None, discord_token="a.b.c", mj_api_key="sk-1")
    same = Settings.read(
        _env_file=None,
        **{name.lower(): value for name, value in listed.items() if value},
        discord_token="a.b.c",
        mj_api_key="sk-1",
    )
    assert given == same


def test_every_setting_has_its_comment() -> None:
    """Each variable of `.env.example` stands below a comment, of its own or shared with the line before."""
    lines = _read(".env.example").splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"[A-Z_]+=", line) and not re.match(r"#|[A-Z_]+=", before)
    ]

    assert [] == bare


def test_readme_names_every_setting_and_command() -> None:
    """The README names every setting, and the commands to begin with."""
    readme = _read("README.md")
    missing = [name.upper() for name in Settings.model_fields if name.upper() not in readme]

    assert [] == missing
    assert [] == [verb for verb in ("make demo", "make test", "/mjstatus", "/mjhelp", "/mjcheck") if verb not in readme]


@pytest.mark.parametrize(
    "words",
    [
        *("Invite link: ", "For your own account, in any server: "),
        *(
            "Split",
            "Original",
            "Family",
            "More",
            "Open form",
            "Drop it",
            "Look again",
            "Refresh",
            "Stop watching",
            "Cancel",
        ),
        *("Midjourney status", "Describe this image", "Blend with ...", "Upscale picture"),
    ],
)
def test_readme_quotes_words_of_the_bot(words: str) -> None:
    """A reader looks for them in the log and in Discord."""
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]
    assert words in _read("README.md")
    assert any(f'"{words}' in source.read_text(encoding="utf-8") for source in sources)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """Every file that a document points at exists, with the heading that a link names."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", _read(name)):
        path, _, heading = target.partition("#")
        linked = (ROOT / name).parent / path if path else ROOT / name
        assert linked.exists(), target
        assert not heading or heading in _list_anchors(linked.read_text(encoding="utf-8")), target


def _list_anchors(text: str) -> list[str]:
    """Return the anchors of headings, named as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def _name_translation(name: str, language: Language) -> str:
    return name if language is Language.ENGLISH else name.replace(".md", f".{language}.md")


def _read_guide(name: str, language: Language = Language.ENGLISH) -> str:
    """Read a document that is translated; of the English README only its first screen."""
    return _read(_name_translation(name, language)).partition("\n## " if name == "README.md" else "\0")[0]


@pytest.mark.parametrize(("name", "language"), [*product((*GUIDES, "README.md"), Language)])
def test_guides_link_to_their_other_languages(name: str, language: Language) -> None:
    """Each language calls itself by its own name, in the line below the title."""
    links = (
        f"**{own}**" if one is language else f"[{own}]({_name_translation(Path(name).name, one)})"
        for one, own in OWN_NAMES.items()
    )
    assert _read_guide(name, language).splitlines()[2] == " · ".join(links)


@pytest.mark.parametrize(("name", "language"), TRANSLATIONS)
def test_translated_guides_say_the_same(name: str, language: Language) -> None:
    """A translation has the headings, lists, tables, commands and links of the English document."""
    english, translated = _read_guide(name), _read_guide(name, language)

    assert _outline(english) == _outline(translated)
    assert Counter(re.findall(r"`[^`]+`", english)) == Counter(re.findall(r"`[^`]+`", translated))
    assert _list_links(english) == _list_links(translated)


def _outline(text: str) -> list[str]:
    """Return the kind of each line that begins a heading, a row, an item of a list, or a picture."""
    return re.findall(r"^(#+ |\||- |[0-9]+\. |!\[)", text, re.MULTILINE)


def _list_links(text: str) -> Counter[str]:
    """Count the links of a document, as if it were the English one."""
    targets = re.findall(r"\]\(([^)]+)\)", text.partition("\n\n")[2].partition("\n\n")[2])
    return Counter(re.sub(r"\.(vi|zh-CN|zh-TW)\.md", ".md", one).replace("README.md#", "#") for one in targets)


@pytest.mark.parametrize("name", GUIDES)
def test_guides_quote_commands_and_labels(name: str) -> None:
    """Commands have the options that a guide names, and bold words are labels of the bot or of Discord."""
    guide, options = _read_guide(name), _list_options()
    for command, given in re.findall(r"`/([a-z]+)([^`]*)`", guide):
        named = set(re.findall(r"(?:^| )([a-z][a-z0-9]*):", given))
        assert named <= options[command], command
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "cogs").rglob("*.py"))
    labels = _list_bold_words(guide) - WORDS_OF_DISCORD - STRESSED_WORDS
    assert [] == [one for one in labels if not one.endswith((".", ":", "?")) and f'"{one}' not in source]


def _list_bold_words(text: str) -> set[str]:
    return set(re.findall(r"\*\*([^*]+)\*\*", text))


def _list_options() -> Mapping[str, set[str]]:
    """Return the names of the options of each command."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(cogs.commands.__path__, "cogs.commands."):
        for cog in vars(importlib.import_module(module.name)).values():
            for command in vars(cog).values() if isinstance(cog, type) else ():
                if isinstance(command, app_commands.Command):
                    found[command.name] = {option.name for option in command.parameters}
    return found


@pytest.mark.parametrize(("name", "language"), [one for one in TRANSLATIONS if one[0] in GUIDES])
def test_translated_guides_use_the_labels_of_the_bot(name: str, language: Language) -> None:
    """A reader looks for a button or a page by the name that the bot gives it in this language."""
    translated = _list_bold_words(_read_guide(name, language))
    names = {label: _translate_label(label, language) for label in _list_bold_words(_read_guide(name)) - STRESSED_WORDS}

    assert {} == {label: found for label, found in names.items() if found and not found & translated}


def _translate_label(label: str, language: Language) -> set[str]:
    """Return what a label is translated to, in whatever context; empty if it is not translated."""
    catalog: Mapping[object, str] = getattr(CATALOGS[language], "_catalog", {})
    return {text for key, text in catalog.items() if str(key).rpartition("\x04")[2] == label and text}


@pytest.mark.parametrize(("name", "language"), TRANSLATIONS)
def test_bold_words_are_bold(name: str, language: Language) -> None:
    """Markdown ends no bold text between a punctuation mark and a letter, which Chinese writes without a space."""
    found = re.findall(r"\*\*[^*\n]+\*\*.?", _read_guide(name, language))

    assert [] == [one for one in found if re.search(r"[^\w*]\*\*\w$", one)]


def test_python_version_is_one_we_support() -> None:
    """`.python-version` is a full X.Y.Z, as some platforms insist, and new enough."""
    version = tuple(map(int, _read(".python-version").strip().split(".")))
    wanted = tomllib.loads(_read("pyproject.toml"))["project"]["requires-python"]

    assert 3 == len(version)
    assert version >= tuple(map(int, wanted.removeprefix(">=").split(".")))


def test_pins_carry_hashes_and_no_address() -> None:
    """Both requirement files pin every package with hashes, and name no index."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = _read(name)
        pins = re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==", text, re.MULTILINE)
        assert len(pins) > 20
        assert len(pins) == len(re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE))
        assert "://" not in text
