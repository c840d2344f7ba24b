"""`python -m sandbox`: play with mjbot in the browser, without any account; `--tour` shows the trip as text.

The variable RELAY names the relay software to play with: newapi-2025, newapi-2026, onehub or midjourney-proxy.
"""

import argparse
import asyncio
import logging
import os
import sys
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sandbox.avatars import draw_avatars
from sandbox.environment import DOCUMENTED_ID, Environment, open_environment
from sandbox.page import LivePage
from sandbox.pictures import DRAWN
from sandbox.relay import RelaySettings, find_profile
from sandbox.tour import run_tour

_WELCOME = (
    "👋 **Press U2** below the four pigs, or any other button: a new message shows what is drawn, live. "
    "Then **type `/imagine`** and what to draw. This demo draws only a handful of things: "
    f"{', '.join(DRAWN)}; whatever else you name becomes one of these landscapes. "
    "**`/mjstatus`**, `id`, `light` follows the lighthouse. Nothing here costs anything."
)


class OpenPage(NamedTuple):
    """A sandbox that is open: what is behind the page, the page, and its address."""

    scene: Environment
    page: LivePage
    url: str


@asynccontextmanager
async def open_page(relay: RelaySettings, port: int | None = None) -> AsyncGenerator[OpenPage]:
    """Open the page, furnished and alive."""
    async with open_environment(relay) as scene:
        await post_example_messages(scene)
        viewers = (scene.member, scene.guide)
        faces = draw_avatars((viewer.id, viewer.name) for viewer in viewers)
        preview = scene.env.preview(scene.channel, viewers=viewers, layout="channel", port=port, assets=faces)
        async with preview as page, asyncio.TaskGroup() as beside:
            live = LivePage(scene.env, page)
            fresh = beside.create_task(live.keep_fresh())
            yield OpenPage(scene, live, page.url)
            fresh.cancel()


async def run_demo(relay: RelaySettings, *, port: int | None, open_browser: bool) -> None:
    """Show the page until interrupted."""
    async with open_page(relay, port) as sandbox:
        print(f"\n  mjbot's sandbox is open: {sandbox.url}\n")
        print("  Press U2 below the four pigs; type /imagine and what to draw. Ctrl+C ends it.\n", flush=True)
        if open_browser:
            await asyncio.to_thread(webbrowser.open, sandbox.url)
        await asyncio.Event().wait()


async def post_example_messages(scene: Environment) -> None:
    """Fill the channel: a failure, a task that is being drawn, a finished grid, and what to do."""
    failed = scene.relay.add_task(
        "failed", prompt="a knight --ar banana", fail_reason="[Invalid parameter] Invalid value for `--ar`: banana"
    )
    grid = scene.relay.add_task("grid", task_id=DOCUMENTED_ID, prompt="pig --v 6.1")
    await scene.member.slash(scene.channel, "mjstatus", id=failed)
    await scene.member.slash(scene.channel, "mjstatus", id=grid)
    running = scene.relay.add_task("running", prompt="a lighthouse at dawn --ar 3:2 --v 7")
    await scene.member.slash(scene.channel, "mjstatus", id=running)
    await scene.guide.send(scene.channel, _WELCOME)


def main() -> int:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--tour", action="store_true", help="make the whole trip as text, and end")
    parser.add_argument("--write-table", type=Path, metavar="FILE", help="with --tour: write the table of relays there")
    parser.add_argument("--port", type=int, default=None, help="the page's port (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--side", type=int, default=1024, help="how wide a picture is, in pixels (default: 1024)")
    parser.add_argument("--seconds", type=float, default=24.0, help="how long a task takes (default: 24)")
    arguments = parser.parse_args()
    try:
        chosen = (
            find_profile(name) if (name := os.environ.get("RELAY", "")) else RelaySettings(has_remix_on_demand=True)
        )
    except ValueError as error:
        parser.error(f"RELAY={error}")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        if arguments.tour:
            return asyncio.run(run_tour(arguments.write_table))
        relay = replace(chosen, seconds_per_task=arguments.seconds, picture_side=arguments.side)
        asyncio.run(run_demo(relay, port=arguments.port, open_browser=not arguments.no_browser))
    except KeyboardInterrupt:
        print("\n  Bye.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
