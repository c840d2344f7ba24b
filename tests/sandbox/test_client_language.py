from pathlib import Path

import pytest
from simcord.preview import _server

from bot.languages import OWN_NAMES, Language
from sandbox.client_language import _CLIENT_WORDS, add_language_switch, localize_command, translate_script

_STATIC = Path(_server.__file__).with_name("static")


@pytest.mark.parametrize("path", _CLIENT_WORDS)
def test_the_words_are_those_of_the_page(path: str) -> None:
    """Each of them stands in SimCord's JavaScript, and is replaced there."""
    script = (_STATIC / path[1:]).read_text()
    words = _CLIENT_WORDS[path]
    assert [] == [english for english in words if english not in script]
    chinese = translate_script(script, words, Language.SIMPLIFIED_CHINESE)
    assert [] == [english for english in words if english in chinese]
    assert all(simplified in chinese for _, simplified, _ in words.values())
    assert script == translate_script(script, words, Language.ENGLISH)


def test_the_page_has_a_switch() -> None:
    """It offers all languages by their own names, and shows the present one."""
    page = add_language_switch((_STATIC / "index.html").read_text(), Language.VIETNAMESE)
    assert '<html lang="vi">' in page
    assert '<option value="vi" selected>Tiếng Việt</option>' in page
    assert all(f">{name}</option>" in page for name in OWN_NAMES.values())
    assert '<script type="module" src="/language.js"></script></body>' in page


def test_a_command_is_shown_in_a_language() -> None:
    """Descriptions and names of choices are localized at every depth; names of commands and options are not."""
    texts = {"description": "Draw", "description_localizations": {"vi": "Vẽ"}}
    choice = {"name": "low", "value": "low", "name_localizations": {"vi": "thấp"}}
    command = {"name": "imagine", **texts, "options": [{"name": "motion", **texts, "choices": [choice]}]}
    shown = localize_command(command, "vi")
    assert ("imagine", "Vẽ") == (shown["name"], shown["description"])
    (option,) = shown["options"]
    assert ("motion", "Vẽ", ["thấp"]) == (
        option["name"],
        option["description"],
        [one["name"] for one in option["choices"]],
    )
    assert "Draw" == localize_command(command, "fr")["description"]
