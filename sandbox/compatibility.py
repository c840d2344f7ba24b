"""Tell what each relay software can do: every command and every button is walked, and a table says how it ends.

As a program, `python -m sandbox.compatibility RELAY` walks one relay and prints its column as JSON.
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
"""Between these two lines of README stands the table."""
_AT_ONCE = 6
_PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"
_OLD = "a pig --ar 3:2 --v 5.2"
_LONG = "a very detailed red fox in deep snow"
_SLOW = "glacier"
_UUID = "c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"
_HEADS: Mapping[str, str] = {
    "newapi-2025": "new-api (2025)",
    "newapi-2026": "new-api (2026)",
    "onehub": "one-hub",
    "midjourney-proxy": "midjourney-proxy",
}


_SHORTER: Mapping[str, str] = {
    "This service doesn't offer that": "not offered",
    "This service doesn't support that": "refused",
    "This service can't cancel tasks": "only stops watching",
    "This service doesn't give seeds": "no seeds",
}
"""What a cell says for a sentence that the person was told."""


class TableIncomplete(Exception):
    """Something that the bot offers has no walk here."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button: on the result of which life, under which label, and what its customId begins with."""

    name: str
    kind: SampleKind
    label: str
    custom_id: str
    prompt: str = _PROMPT
    extra_buttons: Mapping[str, str] = field(default_factory=dict[str, str])

    async def walk(self, by: Walker) -> str:
        """Press it, fill in whatever form opens, and wait for how that ends."""
        parent = await by.follow_task(self.kind, self.prompt, dict(self.extra_buttons))
        result = await by.click(parent, self.label)
        if result.modal is None:
            return await by.wait_for_outcome(result, parent)
        if self.custom_id.startswith("MJ::Inpaint"):
            shown = await by.submit(result, prompt="a lighthouse, a storm", region=["right-half"])
            preview = await by.wait_for_button(shown, "Repaint")
            return await by.wait_for_outcome(await by.click(preview, "Repaint"), preview)
        zoom = " --zoom 1.5" if "Zoom" in self.custom_id else ""
        return await by.wait_for_outcome(await by.submit(result, prompt=f"a lighthouse, the sea{zoom}"), parent)


def _single(name: str, label: str, custom_id: str, prompt: str = _PROMPT) -> Press:
    return Press(name=name, kind="single", label=label, custom_id=custom_id, prompt=prompt)


def _later(name: str, label: str, custom_id: str) -> Press:
    """Return a button that Midjourney might add."""
    further = {f"{custom_id}1::{_UUID}::SOLO": label}
    return Press(name=name, kind="single", label=label, custom_id=custom_id, extra_buttons=further)


PRESSES: tuple[Press, ...] = (
    Press(name="U1 to U4", kind="grid", label="U2", custom_id="MJ::JOB::upsample::2::"),
    Press(name="V1 to V4", kind="grid", label="V3", custom_id="MJ::JOB::variation::3::"),
    Press(name="🔄", kind="grid", label="🔄", custom_id="MJ::JOB::reroll::0::"),
    _single("Upscale (Subtle)", "Upscale (Subtle)", "MJ::JOB::upsample_v7_2x_subtle::"),
    _single("Upscale (Creative)", "Upscale (Creative)", "MJ::JOB::upsample_v7_2x_creative::"),
    _single("Upscale (2x)", "Upscale (2x)", "MJ::JOB::upsample_v5_2x::", _OLD),
    _single("Upscale (4x)", "Upscale (4x)", "MJ::JOB::upsample_v5_4x::", _OLD),
    _later("Upscale, another", "Upscale (Later)", "MJ::JOB::upsample_v9::"),
    _single("Vary (Subtle)", "Vary (Subtle)", "MJ::JOB::low_variation::"),
    _single("Vary (Strong)", "Vary (Strong)", "MJ::JOB::high_variation::"),
    _single("Vary (Region)", "Vary (Region)", "MJ::Inpaint::"),
    _single("Make Square", "Make Square", "MJ::Outpaint::100::", _OLD),
    _single("Zoom Out 1.5x", "Zoom Out 1.5x", "MJ::Outpaint::75::"),
    _single("Zoom Out 2x", "Zoom Out 2x", "MJ::Outpaint::50::"),
    _later("Zoom Out, another", "Zoom Out 1.2x", "MJ::Outpaint::83::"),
    _single("Custom Zoom", "Custom Zoom", "MJ::CustomZoom::"),
    _single("⬅️ ➡️ ⬆️ ⬇️", "⬅️", "MJ::JOB::pan_left::"),
    _single("Animate (High motion)", "Animate (High motion)", "MJ::JOB::animate_high::"),
    _single("Animate (Low motion)", "Animate (Low motion)", "MJ::JOB::animate_low::"),
    _single("❤️", "❤️", "MJ::BOOKMARK::"),
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
    Press(name="Imagine all", kind="describe", label="Imagine all", custom_id="MJ::Job::PicReader::all"),
    Press(
        name="1️⃣ to 5️⃣ of shorter prompts",
        kind="shorten",
        label="2️⃣",
        custom_id="MJ::Job::PromptAnalyzer::2",
        prompt=_LONG,
    ),
    Press(
        name="Show details",
        kind="shorten",
        label="Show details",
        custom_id="MJ::Job::PromptAnalyzerDetails",
        prompt=_LONG,
        extra_buttons={"MJ::Job::PromptAnalyzerDetails": "Show details"},
    ),
)
"""One for each line of the table in bot/midjourney/buttons.py, in the order of README's table of buttons."""


async def _cancel(by: Walker) -> str:
    shown = await by.slash("imagine", prompt=f"a {_SLOW} at dawn")
    message = await by.wait_for_button(shown, "Cancel")
    return await by.wait_for_outcome(await by.click(message, "Cancel"), message)


async def _status(by: Walker) -> str:
    return await by.wait_for_outcome(await by.slash("mjstatus", id=by.relay.add_task("grid", prompt=_PROMPT)))


def _typed(name: str, **options: object) -> Callable[[Walker], Awaitable[str]]:
    async def walk(by: Walker) -> str:
        return await by.wait_for_outcome(await by.slash(name, **options))

    return walk


def _of_task(name: str, **options: object) -> Callable[[Walker], Awaitable[str]]:
    async def walk(by: Walker) -> str:
        return await by.wait_for_outcome(
            await by.slash(name, id=by.relay.add_task("grid", prompt=_PROMPT, age=1), **options)
        )

    return walk


def _asked(name: str) -> Callable[[Walker], Awaitable[str]]:
    async def walk(by: Walker) -> str:
        await by.wait_for_answer(await by.slash(name))
        return "✔"

    return walk


def _picture(colour: str) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    Image.new("RGB", (96, 64), colour).save(buffer, "PNG")
    return f"{colour}.png", buffer.getvalue()


_RED, _BLUE = _picture("red"), _picture("blue")
COMMANDS: Mapping[str, Callable[[Walker], Awaitable[str]]] = {
    "/imagine": _typed("imagine", prompt="a fox in snow"),
    "/blend": _typed("blend", image1=_RED, image2=_BLUE),
    "/describe": _typed("describe", image=_RED),
    "/shorten": _typed("shorten", prompt=_LONG),
    "/animate, of a picture": _typed("animate", image=_RED),
    "/animate, of a task": _of_task("animate", picture=2),
    "/edit": _typed("edit", image=_RED, prompt="at night"),
    "/faceswap": _typed("faceswap", source=_RED, target=_BLUE),
    "/seed": _of_task("seed"),
    "/mjstatus": _status,
    "/mjtasks": _asked("mjtasks"),
    "/mjsettings": _asked("mjsettings"),
    "/mjhelp": _asked("mjhelp"),
    "/mjcheck": _asked("mjcheck"),
    "Cancel": _cancel,
}
"""Every command that Discord knows, and what stops a task."""


def collect_walks() -> dict[str, Callable[[Walker], Awaitable[str]]]:
    """Return every walk by the first cell of its row."""
    return {
        **{_code(name): walk for name, walk in COMMANDS.items()},
        **{f"**{one.name}**": one.walk for one in PRESSES},
    }


def assert_complete(commands: tuple[str, ...]) -> None:
    """Hold the walks against the commands that the bot registers, and against the table of buttons.

    Raises:
        Incomplete: A command, or a row of BUTTON_TABLE, has no walk.
    """
    walked = {name.split(",")[0].removeprefix("/") for name in COMMANDS}
    pressed = {find_pattern(one.custom_id) for one in PRESSES}
    missing = [f"/{name}" for name in commands if name not in walked]
    missing += [pattern for pattern in BUTTON_TABLE if pattern not in pressed]
    if missing:
        raise TableIncomplete(f"no walk in sandbox/compatibility.py: {', '.join(missing)}")


async def measure_column(name: str) -> dict[str, str]:
    """Walk everything against one relay software; return its column of the table."""
    async with open_walker(_quick(name)) as by:
        assert_complete(by.commands)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def cell(walk: Callable[[Walker], Awaitable[str]]) -> str:
            async with gate:
                try:
                    said = await walk(by)
                    return _SHORTER.get(said, said)
                except NotOffered as why:
                    return str(why)
                except TimeoutError:
                    return "no answer in time"

        names, walks = zip(*collect_walks().items(), strict=True)
        return dict(zip(names, await asyncio.gather(*map(cell, walks)), strict=True))


async def build_table() -> str:
    """Walk every relay software, each in a process of its own; return the table in Markdown."""
    columns = dict(zip(PROFILES, await asyncio.gather(*map(_column_of, PROFILES)), strict=True))
    lines = [
        f"| | {' | '.join(_HEADS[name] for name in columns)} |",
        f"|---|{'---|' * len(columns)}",
        *(f"| {row} | {' | '.join(columns[name][row] for name in columns)} |" for row in collect_walks()),
    ]
    return "\n".join(lines)


async def _column_of(name: str) -> dict[str, str]:
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
        raise TableIncomplete(f"the walk against {name} ended with {process.returncode}")
    found: dict[str, str] = json.loads(out)
    return found


def read_table(readme: str) -> str:
    """Return the table that a README holds, "" where it has none."""
    _, begin, rest = readme.partition(BEGIN)
    inside, end, _ = rest.partition(END)
    return inside.strip() if begin and end else ""


def write_table(path: Path, found: str) -> None:
    """Put a table between the two markers of a file.

    Raises:
        Incomplete: The file has not both markers.
    """
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise TableIncomplete(f"{path} has no {BEGIN} with {END} after it")
    path.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}")


def find_changed_cells(readme: str, found: str) -> list[str]:
    """List the rows that a README does not tell as they were found, and those that it tells and nothing walks."""
    told, seen = read_table(readme).splitlines(), found.splitlines()
    return [line for line in seen if line not in told] + [f"- {line}" for line in told if line not in seen]


def _quick(name: str) -> RelaySettings:
    """Return a relay software's settings, with tasks that are over at once."""
    settings = find_profile(name)
    tick = 0.1 if settings.refresh_seconds else 0.0
    # Many tasks at once are this table's own doing: no relay's queue is meant by it.
    return replace(
        settings, seconds_per_task=0.2, picture_side=160, refresh_seconds=tick, max_running=0, slow_prompt_word=_SLOW
    )


def _code(name: str) -> str:
    command, comma, rest = name.partition(",")
    return f"`{command}`{comma}{rest}" if name.startswith("/") else f"**{name}**"


def main() -> None:
    """Walk the relay that the command line names."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    print(json.dumps(asyncio.run(measure_column(sys.argv[1]))))


if __name__ == "__main__":
    main()
