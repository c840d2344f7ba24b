"""The panels of managers and the operator, and the reports on usage, in the page of the real sandbox."""

from dataclasses import replace

from playwright.async_api import Browser, expect

from sandbox.__main__ import OpenPage
from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.sandbox_process import until
from tests.sandbox.visits import DEMO, visit

pytestmark = IN_BROWSER


_PRICED = replace(DEMO, software="newapi-2026")
"""A relay that tells its prices."""


async def _wait_for_prices(sandbox: OpenPage) -> None:
    async def are_known() -> bool:
        return sandbox.scene.app.policy.prices.find_price("mj_video") is not None

    await until(are_known, "no price of a video")


async def test_panel_of_a_server(browser: Browser) -> None:
    """A manager ends the guide, opens the pages, and blocks a word, which then stops a prompt."""
    async with visit(browser, _PRICED) as (visitor, sandbox):
        await _wait_for_prices(sandbox)
        panel = await visitor.sends("mjserver")
        await visitor.sees(panel, "Only you can see this.*Set up this server, 1 of 3: Who may draw")
        await visitor.changes(panel, "Skip the guide", "Server settings: Who")
        for before, page, text in (
            ("Who", "Where", "Server settings: Where.*Channels"),
            ("Where", "Who", "Server settings: Who.*May draw"),
            ("Who", "Where", "Server settings: Where.*Channels"),
            ("Where", "Money", "Server settings: Money.*Limits of this server"),
            ("Money", "Content", "Server settings: Content.*Blocked words: 0"),
        ):
            await visitor.chooses(panel, before, page)
            await visitor.sees(panel, text)
            if page != "Content":
                await visitor.keep(panel, f"server-{page.lower()}")
        form = await visitor.opens(panel, "Blocked words")
        await form.locator("textarea").fill("rain*")
        await visitor.submits(form)
        await visitor.sees(panel, "Blocked words: 1.*rain")
        await visitor.keep(panel, "server-content")
        await visitor.chooses(panel, "Content", "Log")
        await visitor.sees(panel, "Server settings: Log.*mjbot-log")
        await visitor.keep(panel, "server-log")
        panel = await visitor.sends("mjserver")
        await visitor.chooses(panel, "Who", "Language")
        await visitor.sees(panel, "Server settings: Language.*Discord's")
        await visitor.keep(panel, "server-language")
        refused = await visitor.sends("imagine", prompt="a RAI\u200bNBOW over the sea")
        await visitor.sees(refused, "rain.*You weren't charged")


async def test_reports_on_usage(browser: Browser) -> None:
    """The visitor sees their own requests, the server's with a chart, and all servers'."""
    async with visit(browser) as (visitor, _):
        report = await visitor.sends("mjusage")
        await visitor.sees(report, "Your usage.*What is left")
        await visitor.keep(report, "usage")
        await visitor.changes(report, "This server", "jobs")
        await expect(report.locator("img").last).to_be_visible()
        await visitor.keep(report, "usage-server")
        await visitor.changes(report, "Everything", "jobs")


async def test_panel_of_the_operator(browser: Browser) -> None:
    """The operator sees their servers, with what each has used."""
    async with visit(browser) as (visitor, _):
        panel = await visitor.sends("mjadmin")
        await visitor.sees(panel, "Midjourney at home")
        await visitor.keep(panel, "admin-servers")
        for page, text in (
            ("Limits", "Limits"),
            ("Prices", "Prices"),
            ("Money", "Alarms"),
            ("Everything", "Pause"),
        ):
            await visitor.changes(panel, page, text)
            await visitor.keep(panel, f"admin-{page.lower()}")


async def test_expensive_request_asks_first(browser: Browser) -> None:
    """A clip costs more than CONFIRM_ABOVE: the question shows the price, and sends only what is confirmed."""
    async with visit(browser, _PRICED) as (visitor, sandbox):
        await _wait_for_prices(sandbox)
        question = await visitor.sends("animate", id="pig", picture="1")
        await visitor.sees(question, "Only you can see this.*about \\$0.80.*You pay only if you press Draw")
        clips = await visitor.presses(question, "Draw")
        await visitor.gets(clips, "Four clips in")
