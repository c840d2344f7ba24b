"""Build the table of what each relay software supports: run every command, press every button, and note the outcome.

As a program, `python -m sandbox.compatibility RELAY` tests one relay and prints its column as JSON.
"""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from bot.midjourney.buttons import BUTTON_TABLE, find_pattern
from sandbox.relay import PROFILES, RelaySettings, find_profile
from sandbox.relay.tasks.sample_tasks import SampleKind
from sandbox.walker import NotOffered, Walker, open_walker

BEGIN, END = "<!-- relays: begin -->", "<!-- relays: end -->"
"""README's table is between these two lines."""
_MAX_PARALLEL = 6
_PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"
_V5_PROMPT = "a pig --ar 3:2 --v 5.2"
_LONG_PROMPT = "a very detailed red fox in deep snow"
_SLOW_WORD = "glacier"
_UUID = "c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"
_COLUMN_TITLES: Mapping[str, str] = {
    "newapi-2025": "new-api (2025)",
    "newapi-2026": "new-api (2026)",
    "onehub": "one-hub",
    "midjourney-proxy": "midjourney-proxy",
}


_CELL_TEXTS: Mapping[str, str] = {
    "This service doesn't offer that": "not offered",
    "This service doesn't support that": "refused",
    "This service can't cancel": "only stops watching",
    "This service doesn't give seeds": "no seeds",
}
"""The text of a cell, by the beginning of the sentence that the bot showed."""


class TableIncomplete(Exception):
    """The table cannot be built or written, for example because a command or button has no walk."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button: the kind of task that has it, its label, and the beginning of its customId."""

    name: str
    kind: SampleKind
    label: str
    custom_id: str
    prompt: str = _PROMPT
    extra_buttons: Mapping[str, str] = field(default_factory=dict[str, str])
    asks_first: bool = False

    async def walk(self, walker: Walker) -> str:
        """Press the button, submit its form if one opens, and return the outcome."""
        parent = await walker.follow_task(self.kind, self.prompt, dict(self.extra_buttons))
        result = await walker.click(parent, self.label)
        if self.asks_first:
            return await walker.answer_question(result)
        if result.modal is None:
            return await walker.wait_for_outcome(result, parent)
        if self.custom_id.startswith("MJ::Inpaint"):
            shown = await walker.submit(result, prompt="a lighthouse, a storm", region=["right-half"])
            preview = await walker.wait_for_button(shown, "Repaint")
            return await walker.wait_for_outcome(await walker.click(preview, "Repaint"), preview)
        zoom = " --zoom 1.5" if "Zoom" in self.custom_id else ""
        return await walker.wait_for_outcome(await walker.submit(result, prompt=f"a lighthouse, the sea{zoom}"), parent)


def _on_single(name: str, label: str, custom_id: str, prompt: str = _PROMPT) -> Press:
    return Press(name=name, kind="single", label=label, custom_id=custom_id, prompt=prompt)


def _unknown_button(name: str, label: str, custom_id: str) -> Press:
    """Return a button that Midjourney might add in the future."""
    further = {f"{custom_id}1::{_UUID}::SOLO": label}
    return Press(name=name, kind="single", label=label, custom_id=custom_id, extra_buttons=further)


PRESSES: tuple[Press, ...] = (
    Press(name="U1 to U4", kind="grid", label="U2", custom_id="MJ::JOB::upsample::2::"),
    Press(name="V1 to V4", kind="grid", label="V3", custom_id="MJ::JOB::variation::3::"),
    Press(name="🔄", kind="grid", label="🔄", custom_id="MJ::JOB::reroll::0::"),
    _on_single("Upscale (Subtle)", "Upscale (Subtle)", "MJ::JOB::upsample_v7_2x_subtle::"),
    _on_single("Upscale (Creative)", "Upscale (Creative)", "MJ::JOB::upsample_v7_2x_creative::"),
    _on_single("Upscale (2x)", "Upscale (2x)", "MJ::JOB::upsample_v5_2x::", _V5_PROMPT),
    _on_single("Upscale (4x)", "Upscale (4x)", "MJ::JOB::upsample_v5_4x::", _V5_PROMPT),
    _unknown_button("Upscale, another", "Upscale (Later)", "MJ::JOB::upsample_v9::"),
    _on_single("Vary (Subtle)", "Vary (Subtle)", "MJ::JOB::low_variation::"),
    _on_single("Vary (Strong)", "Vary (Strong)", "MJ::JOB::high_variation::"),
    _on_single("Vary (Region)", "Vary (Region)", "MJ::Inpaint::"),
    _on_single("Make Square", "Make Square", "MJ::Outpaint::100::", _V5_PROMPT),
    _on_single("Zoom Out 1.5x", "Zoom Out 1.5x", "MJ::Outpaint::75::"),
    _on_single("Zoom Out 2x", "Zoom Out 2x", "MJ::Outpaint::50::"),
    _unknown_button("Zoom Out, another", "Zoom Out 1.2x", "MJ::Outpaint::83::"),
    _on_single("Custom Zoom", "Custom Zoom", "MJ::CustomZoom::"),
    _on_single("⬅️ ➡️ ⬆️ ⬇️", "⬅️", "MJ::JOB::pan_left::"),
    _on_single("Animate (High motion)", "Animate (High motion)", "MJ::JOB::animate_high::"),
    _on_single("Animate (Low motion)", "Animate (Low motion)", "MJ::JOB::animate_low::"),
    _on_single("❤️", "❤️", "MJ::BOOKMARK::"),
    Press(name="U1 to U4 of clips", kind="video", label="U3", custom_id="MJ::JOB::video_virtual_upscale::3::"),
    Press(
        name="Extend (High motion)",
        kind="clip",
        label="Extend (High motion)",
        custom_id="MJ::JOB::animate_high_extend::",
    ),
    Press(
        name="Extend (Low motion)", kind="clip", label="Extend (Low motion)", custom_id="MJ::JOB::animate_low_extend::"
    ),
    Press(name="1️⃣ to 4️⃣ of a description", kind="describe", label="1️⃣", custom_id="MJ::Job::PicReader::1"),
    Press(name="Describe again", kind="describe", label="🔄", custom_id="MJ::Picread::Retry"),
    Press(
        name="Imagine all", kind="describe", label="Imagine all", custom_id="MJ::Job::PicReader::all", asks_first=True
    ),
    Press(
        name="1️⃣ to 5️⃣ of shorter prompts",
        kind="shorten",
        label="2️⃣",
        custom_id="MJ::Job::PromptAnalyzer::2",
        prompt=_LONG_PROMPT,
    ),
    Press(
        name="Show details",
        kind="shorten",
        label="Show details",
        custom_id="MJ::Job::PromptAnalyzerDetails",
        prompt=_LONG_PROMPT,
        extra_buttons={"MJ::Job::PromptAnalyzerDetails": "Show details"},
    ),
)
"""One entry for each row of BUTTON_TABLE in bot/midjourney/buttons.py, in the order of README's table of buttons."""


async def _run_cancel(walker: Walker) -> str:
    shown = await walker.slash("imagine", prompt=f"a {_SLOW_WORD} at dawn")
    message = await walker.wait_for_button(shown, "Cancel")
    return await walker.wait_for_outcome(await walker.click(message, "Cancel"), message)


async def _run_status(walker: Walker) -> str:
    return await walker.wait_for_outcome(
        await walker.slash("mjstatus", id=walker.relay.add_task("grid", prompt=_PROMPT))
    )


def _run_command(name: str, **options: object) -> Callable[[Walker], Awaitable[str]]:
    async def walk(walker: Walker) -> str:
        return await walker.wait_for_outcome(await walker.slash(name, **options))

    return walk


def _run_on_task(name: str, **options: object) -> Callable[[Walker], Awaitable[str]]:
    async def walk(walker: Walker) -> str:
        return await walker.wait_for_outcome(
            await walker.slash(name, id=walker.relay.add_task("grid", prompt=_PROMPT, age=1), **options)
        )

    return walk


def _run_informing(name: str) -> Callable[[Walker], Awaitable[str]]:
    async def walk(walker: Walker) -> str:
        await walker.wait_for_answer(await walker.slash(name))
        return "✔"

    return walk


def _draw_upload(color: str) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    Image.new("RGB", (96, 64), color).save(buffer, "PNG")
    return f"{color}.png", buffer.getvalue()


_RED, _BLUE = _draw_upload("red"), _draw_upload("blue")
COMMANDS: Mapping[str, Callable[[Walker], Awaitable[str]]] = {
    "/imagine": _run_command("imagine", prompt="a fox in snow"),
    "/blend": _run_command("blend", image1=_RED, image2=_BLUE),
    "/describe": _run_command("describe", image=_RED),
    "/shorten": _run_command("shorten", prompt=_LONG_PROMPT),
    "/animate, of a picture": _run_command("animate", image=_RED),
    "/animate, of a task": _run_on_task("animate", picture=2),
    "/edit": _run_command("edit", image=_RED, prompt="at night"),
    "/faceswap": _run_command("faceswap", source=_RED, target=_BLUE),
    "/seed": _run_on_task("seed"),
    "/mjstatus": _run_status,
    "/mjtasks": _run_informing("mjtasks"),
    "/mjsettings": _run_informing("mjsettings"),
    "/mjhelp": _run_informing("mjhelp"),
    "/mjcheck": _run_informing("mjcheck"),
    "Cancel": _run_cancel,
}
"""Every registered command that depends on the relay, and the Cancel button."""


_WITHOUT_RELAY = frozenset({"mjserver", "mjadmin", "mjusage", "mydata", "mjblock", "mjunblock", "mjpause", "mjresume"})
"""Commands that set and show rules and what is stored: the same, whatever the relay runs."""


def collect_walks() -> dict[str, Callable[[Walker], Awaitable[str]]]:
    """Return every walk by the first cell of its row, in the order of the table."""
    return {
        **{_format_row_title(name): walk for name, walk in COMMANDS.items()},
        **{f"**{one.name}**": one.walk for one in PRESSES},
    }


def assert_complete(commands: tuple[str, ...]) -> None:
    """Check that every registered command and every row of BUTTON_TABLE has a walk.

    Raises:
        TableIncomplete: A command, or a row of BUTTON_TABLE, has no walk.
    """
    walked = {name.split(",")[0].removeprefix("/") for name in COMMANDS}
    pressed = {find_pattern(one.custom_id) for one in PRESSES}
    missing = [f"/{name}" for name in commands if name not in walked | _WITHOUT_RELAY]
    missing += [pattern for pattern in BUTTON_TABLE if pattern not in pressed]
    if missing:
        raise TableIncomplete(f"no walk in sandbox/compatibility.py: {', '.join(missing)}")


async def measure_column(name: str) -> dict[str, str]:
    """Run every walk against one relay software and return its column of the table, cell by row."""
    async with open_walker(_quick_settings(name)) as walker:
        assert_complete(walker.commands)
        slots = asyncio.Semaphore(_MAX_PARALLEL)

        async def cell(walk: Callable[[Walker], Awaitable[str]]) -> str:
            async with slots:
                try:
                    outcome = await walk(walker)
                    return _shorten_outcome(outcome)
                except NotOffered as why:
                    return str(why)
                except TimeoutError:
                    return "no answer in time"

        names, walks = zip(*collect_walks().items(), strict=True)
        return dict(zip(names, await asyncio.gather(*map(cell, walks)), strict=True))


def _shorten_outcome(outcome: str) -> str:
    return next((text for start, text in _CELL_TEXTS.items() if outcome.startswith(start)), outcome)


async def build_table() -> str:
    """Test every relay software, each in its own process, and return the table in Markdown."""
    columns = dict(zip(PROFILES, await asyncio.gather(*map(_measure_in_process, PROFILES)), strict=True))
    lines = [
        f"| | {' | '.join(_COLUMN_TITLES[name] for name in columns)} |",
        f"|---|{'---|' * len(columns)}",
        *(f"| {row} | {' | '.join(columns[name][row] for name in columns)} |" for row in collect_walks()),
    ]
    return "\n".join(lines)


async def _measure_in_process(name: str) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.compatibility", name, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise TableIncomplete(f"the process that tests {name} ended with code {process.returncode}")
    built_table: dict[str, str] = json.loads(out)
    return built_table


def read_table(readme: str) -> str:
    """Return the table in the text of a README, "" if it has none."""
    _, begin, rest = readme.partition(BEGIN)
    inside, end, _ = rest.partition(END)
    return inside.strip() if begin and end else ""


def write_table(path: Path, built_table: str) -> None:
    """Write a table between the two markers of a file.

    Raises:
        TableIncomplete: The file lacks a marker.
    """
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise TableIncomplete(f"{path} has no {BEGIN} followed by {END}")
    path.write_text(f"{before}{BEGIN}\n{built_table}\n{END}{after}")


def find_changed_cells(readme: str, built_table: str) -> list[str]:
    """List the rows that differ from a README's table, and, after "- ", the rows that only README has."""
    documented, measured = read_table(readme).splitlines(), built_table.splitlines()
    return [line for line in measured if line not in documented] + [
        f"- {line}" for line in documented if line not in measured
    ]


def _quick_settings(name: str) -> RelaySettings:
    """Return the settings of a relay software, with tasks that end almost at once."""
    settings = find_profile(name)
    tick = 0.1 if settings.refresh_seconds else 0.0
    # The walks run at the same time only to save time: the relay's queue must not affect their outcome.
    return replace(
        settings,
        seconds_per_task=0.2,
        picture_side=160,
        refresh_seconds=tick,
        max_running=0,
        slow_prompt_word=_SLOW_WORD,
    )


def _format_row_title(name: str) -> str:
    command, comma, rest = name.partition(",")
    return f"`{command}`{comma}{rest}" if name.startswith("/") else f"**{name}**"


def main() -> None:
    """Test the relay named on the command line and print its column as JSON."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    print(json.dumps(asyncio.run(measure_column(sys.argv[1]))))


if __name__ == "__main__":
    main()
