"""The whole trip without a browser: what a person does and would see, then which relay can do what."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import discord

from sandbox.compatibility import TableIncomplete, build_table, find_changed_cells, write_table
from sandbox.environment import DOCUMENTED_ID, Environment, open_environment
from sandbox.relay import RelaySettings

_README = Path(__file__).parents[1] / "README.md"
_TIME = re.compile(r"<t:\d+:R>")
_SECONDS = 60.0
"""How long one thing may take before the tour gives up."""


class TourFailed(Exception):
    """Something was not as it should be."""


async def run_tour(write_to: Path | None = None) -> int:
    """Make the trip, and print the table of what each relay can do; return an exit code.

    With `write_to` the table is written into that file; else it is held against the one in README.
    """
    # The walks wait for most of their time, and so does the trip.
    walking = asyncio.create_task(build_table())
    try:
        async with open_environment(RelaySettings(seconds_per_task=3)) as scene:
            await _trip(scene)
        found = await walking
        print(f"\n{found}")
        _compare(found, write_to)
    except (TourFailed, TableIncomplete) as failed:
        print(f"\n  ✗ {failed}")
        return 1
    finally:
        walking.cancel()
        await asyncio.gather(walking, return_exceptions=True)
    print("\n  ✓ That was the whole trip. `make demo` shows it in the browser.")
    return 0


def _compare(found: str, write_to: Path | None) -> None:
    """Write the table, or hold it against README's."""
    if write_to is not None:
        write_table(write_to, found)
        return
    if not _README.exists():
        return
    if rows := find_changed_cells(_README.read_text(), found):
        told = "\n    ".join(rows)
        raise TourFailed(
            f"README tells these rows otherwise (`python -m sandbox --tour --write-table README.md` writes them):"
            f"\n    {told}"
        )


async def _trip(scene: Environment) -> None:
    grid = await _imagine(scene)
    single = await _press(scene, grid, "U2", "Picture 2")
    await _press(scene, single, "Upscale (Subtle)", "Upscaled")
    await _press(scene, grid, "V3", "Four pictures")
    await _zoom(scene, single)
    await _told(scene, "imagine", prompt="a lighthouse at dawn --chaos 900")
    await _told(scene, "mjstatus", id=f"{DOCUMENTED_ID}0")
    submits = len(scene.relay.submits)
    print(f"\n  {submits} submits were paid for one command and four presses.")
    if submits != 5:
        raise TourFailed(f"{submits} submits for one command and four presses")


async def _imagine(scene: Environment) -> discord.Message:
    prompt = "a lighthouse at dawn"
    _say("lien", f"/imagine prompt: {prompt} aspect: 3:2")
    await scene.member.slash(scene.channel, "imagine", prompt=prompt, aspect="3:2")
    message_id = _last(scene)
    await _watch(scene, message_id, "Four pictures")
    return _message(scene, message_id)


async def _told(scene: Environment, name: str, **options: str) -> None:
    """Ask for something that cannot be, and print what only this person reads."""
    _say("lien", f"/{name} {' '.join(f'{key}: {value}' for key, value in options.items())}")
    result = await scene.member.slash(scene.channel, name, **options)
    shown = [*result.followups, *([result.response] if result.response else [])]
    if not (told := [one.content for one in shown if one.ephemeral and one.content]):
        raise TourFailed(f"/{name} said nothing")
    print(f"      (only to lien) {told[0]}")


async def _press(scene: Environment, message: discord.Message, label: str, ends: str) -> discord.Message:
    _say("lien", f"presses {label}")
    before = len(scene.relay.submits)
    await scene.member.click(message, label=label)
    child = await _newest(scene, message)
    await _watch(scene, child, ends)
    if len(scene.relay.submits) != before + 1:
        raise TourFailed(f"{label} was submitted {len(scene.relay.submits) - before} times")
    pressed = [button for button in _buttons(_message(scene, message.id)) if button.label == label]
    if not pressed or pressed[0].style is not discord.ButtonStyle.success:
        raise TourFailed(f"{label} did not turn green")
    print(f"      ({label} is green now)")
    return _message(scene, child)


async def _zoom(scene: Environment, message: discord.Message) -> None:
    _say("lien", "presses Custom Zoom, and answers its form")
    opened = await scene.member.click(message, label="Custom Zoom")
    await scene.member.submit_modal(opened, {"prompt": "a lighthouse in a wide storm --ar 3:2 --v 7 --zoom 1.8"})
    child = await _newest(scene, message)
    await _watch(scene, child, "Four pictures")


async def _newest(scene: Environment, parent: discord.Message) -> int:
    """Wait for the child of a press: the newest message of the channel."""
    await _until(lambda: _last(scene) > parent.id, "no message for the child")
    return _last(scene)


def _last(scene: Environment) -> int:
    message = scene.channel.last_message
    return message.id if message else 0


async def _watch(scene: Environment, message_id: int, ends: str) -> None:
    """Print every change of a message until its title tells the end."""
    seen: list[str] = []

    def over() -> bool:
        shown = _shown(_message(scene, message_id))
        if not seen or shown != seen[-1]:
            seen.append(shown)
            print("\n".join(f"      {line}" for line in shown.splitlines()))
        return ends in shown and bool(_message(scene, message_id).attachments)

    await _until(over, f"no message that says {ends!r} and has a picture")


async def _until(condition: Callable[[], bool], otherwise: str) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            while not condition():  # noqa: ASYNC110 - SimCord's channel has no event to wait for
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TourFailed(otherwise) from None


def _message(scene: Environment, message_id: int) -> discord.Message:
    return next(message for message in scene.channel.history() if message.id == message_id)


def _buttons(message: discord.Message) -> list[discord.Button]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    children: list[Any] = [child for row in rows for child in row.children]
    return [child for child in children if isinstance(child, discord.Button)]


def _shown(message: discord.Message) -> str:
    """Show a message as text: author and title, lines, picture, buttons."""
    if not message.embeds:
        return message.content or "…"
    embed = message.embeds[0]
    lines = [f"┌ {embed.author.name}", f"│ {embed.title}"]
    lines += [f"│ {line}" for line in (embed.description or "").splitlines()]
    lines += [f"│ 🖼 {attachment.filename}" for attachment in message.attachments]
    buttons = " ".join(f"[{button.label or button.emoji}]" for button in _buttons(message))
    lines = [_TIME.sub("a moment ago", line) for line in lines]
    return "\n".join([*lines, f"└ {buttons}" if buttons else f"└ {embed.footer.text}"])


def _say(who: str, what: str) -> None:
    print(f"\n  {who}: {what}")
