"""The page in another language: commands, messages, panels and errors, with no English sentence left."""

import pytest
from playwright.async_api import Browser, Locator, expect

from cogs.languages import Language, _, use_language
from tests.sandbox.catalog_words import find_english, find_translated
from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.sandbox_process import until
from tests.sandbox.visitor import Visitor
from tests.sandbox.visits import visit

pytestmark = IN_BROWSER

_LANGUAGES = [Language.VIETNAMESE, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE]


@pytest.mark.parametrize("language", _LANGUAGES)
async def test_the_page_in_a_language(browser: Browser, language: Language) -> None:
    """The switch applies to what comes after it, also after a reload: no sentence of it is English."""
    async with visit(browser) as (visitor, _sandbox):
        with visitor.step(f"switch to {language}"):
            before = await visitor.page.locator("article.channel-message").count()
            await visitor.switches(language)
            await visitor.page.reload()
            await visitor.arrive()
            await expect(visitor.page.locator("#language-picker")).to_have_value(language.value)
        with use_language(language):
            four, invalid, described = (
                _(one)
                for one in (
                    "Four pictures",
                    "A parameter isn't valid",
                    "Follow a Midjourney task: progress, picture, buttons",
                )
            )
        await visitor.sees(visitor.page.locator("article.channel-message").nth(before), invalid)
        await _offers(visitor, "mjstatus", described)
        grid = await visitor.sends("mjstatus", id="pig")
        await visitor.gets(grid, four)
        answers = [await visitor.sends(name) for name in ("mjsettings", "mjhelp", "mjtasks", "mjusage", "mjserver")]
        answers.append(await visitor.sends("mjstatus", id="99"))
        answers.append(await visitor.sends("imagine", prompt="a fox --chaos 900"))
        for answer in answers:
            await _is_in(visitor, answer, language)
        count = await visitor.page.locator("article.channel-message").count()
        for at in range(before, count):
            await _is_in(visitor, visitor.page.locator("article.channel-message").nth(at), language)


async def test_a_language_in_the_address(browser: Browser) -> None:
    """`?language=vi` opens the page in Vietnamese, and back in English nothing is Vietnamese."""
    async with visit(browser, language=Language.VIETNAMESE) as (visitor, _sandbox):
        await _is_in(visitor, await visitor.sends("mjsettings"), Language.VIETNAMESE)
        await visitor.switches(Language.ENGLISH)
        answer = await visitor.sends("mjsettings")
        await visitor.sees(answer, "Only you can see this")
        assert [] == find_translated(await answer.inner_text(), Language.VIETNAMESE)


async def _offers(visitor: Visitor, command: str, description: str) -> None:
    """Type a command, and wait for its description."""
    with visitor.step(f"type /{command}"):
        composer = visitor.page.locator("#channel-composer textarea")
        await composer.fill(f"/{command}")
        await expect(visitor.page.locator(".command-entry.is-active")).to_contain_text(description)
        await composer.fill("")


async def _is_in(visitor: Visitor, answer: Locator, language: Language) -> None:
    """Wait for a sentence of the language in a message, and check that it has no English one."""

    async def is_translated() -> bool:
        return bool(find_translated(await answer.inner_text(), language))

    await until(is_translated, f"no sentence in {language}")
    shown = await answer.inner_text()
    with visitor.step(f"read in {language}: {shown}"):
        assert [] == find_english(shown, language)
