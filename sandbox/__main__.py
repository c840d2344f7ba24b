"""`python -m sandbox`: try mjbot in the browser, without any account; `--tour` runs the same steps as text.

The environment variable RELAY chooses the relay to imitate: newapi-2025, newapi-2026, onehub or midjourney-proxy.
"""

import argparse
import asyncio
import logging
import os
import sys
import webbrowser
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from simcord import Preview

from bot.languages import Language
from sandbox.avatars import draw_avatars
from sandbox.client_language import ClientLanguage, TranslatedPage
from sandbox.environment import DOCUMENTED_ID, Environment, open_environment
from sandbox.examples import post_examples, set_topic
from sandbox.page import LivePage
from sandbox.relay import RelaySettings, find_profile
from sandbox.tour import run_tour

DEMO_RELAY = RelaySettings(software="newapi-2026", has_remix_on_demand=True)
"""A relay that tells its prices, and draws whatever is asked of it."""


class OpenPage(NamedTuple):
    """An open sandbox: the relay, the bot and its Discord behind the page, the page, and the page's address."""

    scene: Environment
    page: LivePage
    url: str


@asynccontextmanager
async def open_page(relay: RelaySettings, port: int | None = None) -> AsyncGenerator[OpenPage]:
    """Open the page with example messages and refresh it until the block ends; `port` None takes any free one."""
    async with open_environment(relay, has_history=True) as scene:
        scene.relay.add_task("grid", task_id=DOCUMENTED_ID, prompt="pig --v 6.1")
        client = ClientLanguage(scene.env, scene.member.id)
        set_topic(scene, client.language)
        await post_examples(scene, client.language)
        viewers = (scene.member, scene.guide)
        avatars = draw_avatars((viewer.id, viewer.name) for viewer in viewers)
        preview = scene.env.preview(scene.channel, viewers=viewers, layout="channel", port=port, assets=avatars)
        server = TranslatedPage(preview, port, client)
        preview._server = server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        async with preview as page, asyncio.TaskGroup() as background:
            live_page = LivePage(scene.env, page)
            server.on_choice = _greet_in_each_language(scene, live_page, preview)
            refreshing = background.create_task(live_page.keep_fresh())
            yield OpenPage(scene, live_page, page.url)
            refreshing.cancel()


def _greet_in_each_language(
    scene: Environment, page: LivePage, preview: Preview
) -> Callable[[Language], Awaitable[None]]:
    """Return what posts the examples again when a language is chosen for the first time."""
    greeted = {Language.ENGLISH}

    async def greet(language: Language) -> None:
        async with page.pause_refresh():
            set_topic(scene, language)
            if language not in greeted:
                greeted.add(language)
                await post_examples(scene, language)
            # A page opens where the preview is, which else stays at the first examples.
            await preview.show(scene.channel.last_message)

    return greet


async def run_demo(relay: RelaySettings, *, port: int | None, open_browser: bool) -> None:
    """Serve the page until the process is interrupted."""
    async with open_page(relay, port) as sandbox:
        print(f"\n  mjbot's sandbox is open: {sandbox.url}\n")
        print(
            "  Press U2 below the four pigs, or type /imagine and describe a picture. Press Ctrl+C to stop.\n",
            flush=True,
        )
        if open_browser:
            await asyncio.to_thread(webbrowser.open, sandbox.url)
        await asyncio.Event().wait()


def main() -> int:
    """Parse the command line, run the demo or the tour, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--tour", action="store_true", help="run every step once, print it as text, and exit")
    parser.add_argument(
        "--write-table", type=Path, metavar="FILE", help="with --tour: write the table of relays into this file"
    )
    parser.add_argument("--port", type=int, default=None, help="the page's port (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    parser.add_argument("--side", type=int, default=1024, help="width of a picture in pixels (default: 1024)")
    parser.add_argument("--seconds", type=float, default=24.0, help="seconds that a task takes (default: 24)")
    arguments = parser.parse_args()
    try:
        settings = find_profile(name) if (name := os.environ.get("RELAY", "")) else DEMO_RELAY
    except ValueError as error:
        parser.error(f"RELAY: {error}")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        if arguments.tour:
            return asyncio.run(run_tour(arguments.write_table))
        relay = replace(settings, seconds_per_task=arguments.seconds, picture_side=arguments.side)
        asyncio.run(run_demo(relay, port=arguments.port, open_browser=not arguments.no_browser))
    except KeyboardInterrupt:
        print("\n  Bye.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
