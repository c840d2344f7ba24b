"""Run the demo's steps without a browser: print what a person does and sees, then what each relay supports."""

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
_RELATIVE_TIME = re.compile(r"<t:\d+:R>")
_STEP_SECONDS = 60.0
"""Seconds that one step may take before the tour fails."""


_RELAY = RelaySettings(software="newapi-2026", has_remix_on_demand=True, seconds_per_task=3)


class TourFailed(Exception):
    """A step of the tour did not end as expected."""


async def run_tour(write_to: Path | None = None) -> int:
    """Run every step, print the table of what each relay supports, and return the exit code.

    With `write_to` the table is written into that file; otherwise it is compared with the one in README.
    """
    # The walks and the steps mostly wait, so they run at the same time.
    table_task = asyncio.create_task(build_table())
    try:
        async with open_environment(_RELAY, has_history=True) as scene:
            await _run_steps(scene)
        built_table = await table_task
        print(f"\n{built_table}")
        _compare(built_table, write_to)
    except (TourFailed, TableIncomplete) as failed:
        print(f"\n  ✗ {failed}")
        return 1
    finally:
        table_task.cancel()
        await asyncio.gather(table_task, return_exceptions=True)
    print("\n  ✓ The tour is complete. `make demo` shows the same in the browser.")
    return 0


def _compare(built_table: str, write_to: Path | None) -> None:
    """Write the table into a file, or compare it with README's."""
    if write_to is not None:
        write_table(write_to, built_table)
        return
    if not _README.exists():
        return
    if rows := find_changed_cells(_README.read_text(), built_table):
        texts = "\n    ".join(rows)
        raise TourFailed(
            f"README's table differs in these rows (`python -m sandbox --tour --write-table README.md` updates it):"
            f"\n    {texts}"
        )


async def _run_steps(scene: Environment) -> None:
    grid = await _imagine(scene)
    single = await _press(scene, grid, "U2", "Picture 2")
    await _press(scene, single, "Upscale (Subtle)", "Upscaled")
    await _press(scene, grid, "V3", "Four pictures")
    await _zoom(scene, single)
    await _show_refusal(scene, "imagine", prompt="a lighthouse at dawn --chaos 900")
    await _show_refusal(scene, "mjstatus", id=f"{DOCUMENTED_ID}0")
    await _show_answer(scene, "animate", id=(grid.embeds[0].footer.text or "").rpartition(" ")[2])
    for name in ("mjserver", "mjusage", "mydata"):
        await _show_answer(scene, name)
    submits = len(scene.relay.submits)
    print(f"\n  {submits} submits were paid: one command and four presses.")
    if submits != 5:
        raise TourFailed(f"{submits} submits were paid for one command and four presses")


async def _imagine(scene: Environment) -> discord.Message:
    prompt = "a lighthouse at dawn"
    _print_action("lien", f"/imagine prompt: {prompt} aspect: 3:2")
    await scene.member.slash(scene.channel, "imagine", prompt=prompt, aspect="3:2")
    message_id = _last_message_id(scene)
    await _print_until(scene, message_id, "Four pictures")
    return _find_message(scene, message_id)


async def _show_refusal(scene: Environment, name: str, **options: str) -> None:
    """Send a command that the bot refuses, and print the ephemeral answer."""
    _print_action("lien", f"/{name} {' '.join(f'{key}: {value}' for key, value in options.items())}")
    result = await scene.member.slash(scene.channel, name, **options)
    shown = [*result.followups, *([result.response] if result.response else [])]
    if not (texts := [one.content for one in shown if one.ephemeral and one.content]):
        raise TourFailed(f"/{name} got no ephemeral answer")
    print(f"      (only to lien) {texts[0]}")


async def _show_answer(scene: Environment, name: str, **options: str) -> None:
    """Send a command that shows something privately, at no cost, and print its first lines."""
    _print_action("lien", f"/{name} {' '.join(f'{key}: {value}' for key, value in options.items())}")
    result = await scene.member.slash(scene.channel, name, **options)
    shown = [one for one in (result.response, *result.followups) if one and one.ephemeral]
    texts = [one.content or (one.embeds[0].title or "" if one.embeds else "") for one in shown]
    if not any(texts):
        raise TourFailed(f"/{name} showed nothing")
    print(f"      (only to lien) {next(filter(None, texts))}")


async def _press(scene: Environment, message: discord.Message, label: str, ends: str) -> discord.Message:
    _print_action("lien", f"presses {label}")
    before = len(scene.relay.submits)
    await scene.member.click(message, label=label)
    child = await _wait_for_child(scene, message)
    await _print_until(scene, child, ends)
    if len(scene.relay.submits) != before + 1:
        raise TourFailed(f"{label} was submitted {len(scene.relay.submits) - before} times")
    pressed = [button for button in _buttons(_find_message(scene, message.id)) if button.label == label]
    if not pressed or pressed[0].style is not discord.ButtonStyle.success:
        raise TourFailed(f"{label} did not turn green")
    print(f"      ({label} is now green)")
    return _find_message(scene, child)


async def _zoom(scene: Environment, message: discord.Message) -> None:
    _print_action("lien", "presses Custom Zoom and submits its form")
    opened = await scene.member.click(message, label="Custom Zoom")
    await scene.member.submit_modal(opened, {"prompt": "a lighthouse in a wide storm --ar 3:2 --v 7 --zoom 1.8"})
    child = await _wait_for_child(scene, message)
    await _print_until(scene, child, "Four pictures")


async def _wait_for_child(scene: Environment, parent: discord.Message) -> int:
    """Wait for the child of a press: the newest message of the channel."""
    await _wait_until(lambda: _last_message_id(scene) > parent.id, "no message for the press")
    return _last_message_id(scene)


def _last_message_id(scene: Environment) -> int:
    message = scene.channel.last_message
    return message.id if message else 0


async def _print_until(scene: Environment, message_id: int, ends: str) -> None:
    """Print every change of a message until it shows `ends` and has an attachment."""
    printed: list[str] = []

    def is_over() -> bool:
        shown = _render_message(_find_message(scene, message_id))
        if not printed or shown != printed[-1]:
            printed.append(shown)
            print("\n".join(f"      {line}" for line in shown.splitlines()))
        return ends in shown and bool(_find_message(scene, message_id).attachments)

    await _wait_until(is_over, f"no message that says {ends!r} and has a picture")


async def _wait_until(condition: Callable[[], bool], failure: str) -> None:
    try:
        async with asyncio.timeout(_STEP_SECONDS):
            while not condition():  # noqa: ASYNC110 - SimCord's channel has no event to wait for
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TourFailed(failure) from None


def _find_message(scene: Environment, message_id: int) -> discord.Message:
    return next(message for message in scene.channel.history() if message.id == message_id)


def _buttons(message: discord.Message) -> list[discord.Button]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    children: list[Any] = [child for row in rows for child in row.children]
    return [child for child in children if isinstance(child, discord.Button)]


def _render_message(message: discord.Message) -> str:
    """Return a message as text: author and title, lines, picture, buttons."""
    if not message.embeds:
        return message.content or "…"
    embed = message.embeds[0]
    lines = [f"┌ {embed.author.name}", f"│ {embed.title}"]
    lines += [f"│ {line}" for line in (embed.description or "").splitlines()]
    lines += [f"│ 🖼 {attachment.filename}" for attachment in message.attachments]
    buttons = " ".join(f"[{button.label or button.emoji}]" for button in _buttons(message))
    lines = [_RELATIVE_TIME.sub("a moment ago", line) for line in lines]
    return "\n".join([*lines, f"└ {buttons}" if buttons else f"└ {embed.footer.text}"])


def _print_action(who: str, what: str) -> None:
    print(f"\n  {who}: {what}")
