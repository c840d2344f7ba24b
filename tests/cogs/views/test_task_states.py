"""The design's table of states, line by line: what each message says and which buttons of ours it has."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.entities import ButtonStates, Job, Person, PressedButton
from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown, PictureUnavailable, RelayError
from bot.imaging.reencode import Picture
from bot.midjourney.buttons import REPAINTED_TITLE, ButtonKind, hash_custom_id
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.task import Status, Task
from bot.scene import AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from bot.tracking.offered_buttons import add_offered_buttons
from cogs.components.custom_ids import TaskButton, TaskCustomId
from cogs.views.task_message import render_message
from tests.fakes.sample_entities import job, task
from tests.recordings import recorded

PROMPT = "**a lighthouse at dawn** `--ar 3:2` `--v 7`"
FIRST = "https://discord.com/channels/6/5/600"
PICTURE = Picture(b"png", "a_lighthouse_at_dawn_1.png", 4, 4, is_reencoded=False)
GRAY, BLUE, GREEN, RED, YELLOW, DARK = 0x99AAB5, 0x5865F2, 0x57F287, 0xED4245, 0xFEE75C, 0x4E5058
HINT = "**U** picks one, **V** varies one, 🔄 makes four new ones. Numbered left to right, top row first"
REFUSED = PictureUnavailable("", status=403)
NO_MORE = "This service can't do more with a single picture."
VARY = "To vary it, press **V** with its number below the grid."
LOOK, REFRESH = ("🔄", "Look again"), ("🔄", "Refresh")


def told(name: str, **changes: Any) -> Task:  # noqa: ANN401
    """The task of a recorded answer, with changes."""
    return Task.model_validate({**recorded(name).body, **changes})


def proxied(name: str, **changes: Any) -> Task:  # noqa: ANN401
    """The task of a recorded answer of midjourney-proxy, as it is shown, with changes."""
    return add_offered_buttons(told(f"real/nov_{name}", **changes), relay_sends_none=False)


QUEUED = told("11_fetch_submitted")
RUNNING = told("12_fetch_in_progress_preview")
GRID = told("14_fetch_imagine_success_grid")
SINGLE = told("15_fetch_upscale_success_v7_discord")
DESCRIBED = told("18_fetch_describe_success")
CLIPS = told("49_fetch_video_success")
MODAL = told("23_fetch_modal_waiting")
BARE = told("30_fetch_success_without_image")


def find_kind(button: TaskButton) -> ButtonKind:
    """Return the kind of a button from its custom_id."""
    parsed = TaskCustomId.parse(button.custom_id)
    assert parsed is not None
    return parsed.kind


def scene(seen: Task | None, given: Job | None = None, **more: Any) -> Scene:  # noqa: ANN401
    """A scene of that task, of lien's /mjstatus unless said otherwise."""
    own = given or job(task_id=seen.id if seen else "")
    return Scene(job=own, task=seen, now=own.born_at + timedelta(minutes=70), **more)


def pressed(label: str, done: str = "", **more: Any) -> Job:  # noqa: ANN401
    """The job of a press."""
    return job(task_id=more.pop("task_id", "1754300090555208"), pressed=label, done=done, **more)


@dataclass(frozen=True)
class Look:
    """What a person sees of a message, its API buttons and pictures aside."""

    title: str
    colour: int
    lines: tuple[str, ...]
    author: str = "lien"
    footer: str = "Imagine · 1754300000123417"
    finished: int = 0
    ours: tuple[tuple[str, str], ...] = ()
    image: str = ""


def look(shown: Scene) -> Look:
    """Render, and read it as a person does."""
    embed = render_message(shown).embed
    buttons = [item for item in render_message(shown).view.children if isinstance(item, TaskButton)]
    return Look(
        title=embed.title or "",
        colour=embed.colour.value if embed.colour else 0,
        lines=tuple((embed.description or "").splitlines()),
        author=embed.author.name or "",
        footer=embed.footer.text or "",
        finished=round(embed.timestamp.timestamp() * 1000) if embed.timestamp else 0,
        ours=tuple(
            (str(each.item.emoji or ""), each.item.label or "") for each in buttons if find_kind(each).is_bot_button
        ),
        image=(embed.image.url or "").partition("?")[0].rpartition("/")[2],
    )


BORN = job().born_at
U2 = "lien pressed U2"
U2_FOOTER = "U2 · 1754300090555208"
SILENT = BORN + timedelta(minutes=3)
OUTAGE = f"⚠️ The service stopped answering <t:{int(SILENT.timestamp())}:R>. Still trying"
STALLED = (
    f"⚠️ The last change was <t:{int(SILENT.timestamp())}:R>: the task is slow, or the service has lost it. Still "
    "watching"
)
DELETE = ("🗑️", "")
OF_GRID = (("✂️", "Split"), DELETE)
STOP, CANCEL = (("", "Stop watching"),), (("", "Cancel"),)
FAMILY = ("🌳", "Family")
OF_SINGLE = (("💾", "Original"), DELETE)
FORM = (("✏️", "Open form"), ("", "Drop it"))
GRID_PNG = "bot_a_lighthouse_at_dawn_5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5.png"
SINGLE_PNG = "bot_a_lighthouse_at_dawn_c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8.png"
WORDS = (
    "1️⃣ Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows `--ar 1:1`",
    "2️⃣ A fox sitting in deep snow, ink and wash, in the style of Beatrix Potter `--ar 1:1`",
    "3️⃣ Minimal children's book illustration of a fox, flat colors `--ar 1:1`",
    "4️⃣ Winter fox portrait, soft rim light, 35mm photo look `--ar 1:1`",
)

TABLE: dict[str, tuple[Scene, Look]] = {
    "sending": (
        scene(None, pressed("U2", "Picture 2", task_id="")),
        Look("📨 Sending", GRAY, (), U2, footer="U2"),
    ),
    "accepted, not seen yet": (
        scene(None, pressed("U2", "Picture 2"), silent_since=SILENT),
        Look("⏳ Queued", GRAY, (f"asked <t:{int(BORN.timestamp())}:R>", OUTAGE), U2, U2_FOOTER, ours=STOP),
    ),
    "fresh": (
        scene(told("10_fetch_fresh_empty_status")),
        Look("⏳ Queued", GRAY, (PROMPT, "asked <t:1754300000:R>"), ours=STOP),
    ),
    "queued": (
        scene(QUEUED.model_copy(update={"properties": QUEUED.properties.model_copy(update={"number_of_queues": 2})})),
        Look("⏳ Queued, 2 ahead", GRAY, (PROMPT, "asked <t:1754299999:R>"), ours=STOP),
    ),
    "queued in an outage": (
        scene(QUEUED, silent_since=SILENT),
        Look("⏳ Queued", GRAY, (PROMPT, "asked <t:1754299999:R>", OUTAGE), ours=STOP),
    ),
    "running": (
        scene(RUNNING),
        Look(
            "🎨 Drawing, 46%",
            BLUE,
            (PROMPT, "`█████████░░░░░░░░░░░`", "started <t:1754300002:R>"),
            image="5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5_grid_0.webp",
            ours=STOP,
        ),
    ),
    "running without any change": (
        scene(RUNNING, unchanged_since=SILENT),
        Look(
            "🎨 Drawing, 46%",
            BLUE,
            (PROMPT, "`█████████░░░░░░░░░░░`", "started <t:1754300002:R>", STALLED),
            image="5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5_grid_0.webp",
            ours=STOP,
        ),
    ),
    "running in an outage, with a preview of our own": (
        scene(RUNNING, silent_since=SILENT, picture=replace(PICTURE, name="preview.png")),
        Look(
            "🎨 Drawing, 46%",
            BLUE,
            (PROMPT, "`█████████░░░░░░░░░░░`", "started <t:1754300002:R>", OUTAGE),
            image="preview.png",
            ours=STOP,
        ),
    ),
    "running, its own to cancel": (
        scene(RUNNING, replace(job(task_id=RUNNING.id), claim_id=1)),
        Look(
            "🎨 Drawing, 46%",
            BLUE,
            (PROMPT, "`█████████░░░░░░░░░░░`", "started <t:1754300002:R>"),
            image="5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5_grid_0.webp",
            ours=CANCEL,
        ),
    ),
    "running, on a relay that cannot cancel": (
        scene(
            RUNNING,
            replace(job(task_id=RUNNING.id), claim_id=1),
            marks=ButtonStates(missing_capabilities={"cancel": "a page"}),
        ),
        Look(
            "🎨 Drawing, 46%",
            BLUE,
            (PROMPT, "`█████████░░░░░░░░░░░`", "started <t:1754300002:R>"),
            image="5b0c6f7e-2a94-4d1b-9e63-71c8d40fa2b5_grid_0.webp",
            ours=STOP,
        ),
    ),
    "stopped": (
        scene(RUNNING, phase=JobEnding.WATCH_STOPPED),
        Look(
            "🌙 Stopped watching",
            DARK,
            (PROMPT, "Midjourney keeps drawing, and the charge stands. **Look again** is free."),
            ours=(LOOK,),
        ),
    ),
    "running, nothing known": (
        scene(Task(id="7", status=Status.IN_PROGRESS)),
        Look(
            "🎨 Drawing, 0%",
            BLUE,
            ("`░░░░░░░░░░░░░░░░░░░░`", f"started <t:{int(BORN.timestamp())}:R>"),
            footer="7",
            ours=STOP,
        ),
    ),
    "grid": (
        scene(GRID, picture=PICTURE),
        Look(
            "✅ Four pictures in 39 s", GREEN, (PROMPT, HINT), finished=1754300041373, image=PICTURE.name, ours=OF_GRID
        ),
    ),
    "grid, its picture following": (
        scene(GRID),
        Look("✅ Four pictures in 39 s", GREEN, (PROMPT, HINT), finished=1754300041373, image=GRID_PNG, ours=OF_GRID),
    ),
    "grid of a press": (
        scene(GRID, pressed("V2", "Varied", task_id=GRID.id, parent_link=FIRST)),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (PROMPT, HINT, f"from [these four]({FIRST})"),
            "lien pressed V2",
            "V2 · 1754300000123417",
            1754300041373,
            image=GRID_PNG,
            ours=OF_GRID,
        ),
    ),
    "grid that was pressed": (
        scene(
            GRID,
            marks=ButtonStates({hash_custom_id(GRID.buttons[0].custom_id): PressedButton("2", "", is_finished=True)}),
        ),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (PROMPT, HINT),
            finished=1754300041373,
            image=GRID_PNG,
            ours=(OF_GRID[0], FAMILY, DELETE),
        ),
    ),
    "single": (
        scene(
            told("15_fetch_upscale_success_v7_discord", startTime=1754300089523),
            pressed("U2", "Picture 2", parent_link=FIRST),
            picture=PICTURE,
        ),
        Look(
            "✅ Picture 2 in 4 s",
            GREEN,
            (PROMPT, f"from [these four]({FIRST})"),
            U2,
            U2_FOOTER,
            1754300093623,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "single, parent unknown": (
        scene(SINGLE),
        Look(
            "✅ Upscaled in 3 s",
            GREEN,
            (PROMPT,),
            footer="Upscale · 1754300090555208",
            finished=1754300093623,
            image=SINGLE_PNG,
            ours=OF_SINGLE,
        ),
    ),
    "single of a single, answered at once": (
        scene(
            told("15_fetch_upscale_success_v7_discord", startTime=0, submitTime=1754300093600),
            pressed("Zoom Out 2x", "Zoomed out", parent_link=FIRST),
        ),
        Look(
            "✅ Zoomed out",
            GREEN,
            (PROMPT, f"from [this]({FIRST})"),
            "lien pressed Zoom Out 2x",
            "Zoom Out 2x · 1754300090555208",
            1754300093623,
            image=SINGLE_PNG,
            ours=OF_SINGLE,
        ),
    ),
    "single of an unknown action": (
        scene(told("15_fetch_upscale_success_v7_discord", action="BLEND")),
        Look(
            "✅ One picture in 3 s",
            GREEN,
            (PROMPT,),
            footer="Blend · 1754300090555208",
            finished=1754300093623,
            image=SINGLE_PNG,
            ours=OF_SINGLE,
        ),
    ),
    "shrunk": (
        scene(SINGLE, picture=replace(PICTURE, is_reencoded=True)),
        Look(
            "✅ Upscaled in 3 s",
            GREEN,
            (PROMPT, f"Made smaller to fit here; [the original]({SINGLE.image_url}) is available for a day."),
            footer="Upscale · 1754300090555208",
            finished=1754300093623,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "shrunk, of an address that only the relay opens": (
        scene(
            SINGLE.model_copy(update={"image_url": "http://localhost/1.png"}),
            picture=replace(PICTURE, is_reencoded=True),
        ),
        Look(
            "✅ Upscaled in 3 s",
            GREEN,
            (PROMPT, "Made smaller to fit here."),
            footer="Upscale · 1754300090555208",
            finished=1754300093623,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "picture dead": (
        scene(GRID, picture_link=PictureLink.DEAD),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (
                PROMPT,
                HINT,
                "The link to the picture has expired, as such links do after a day. The buttons may still work.",
            ),
            finished=1754300041373,
            ours=(DELETE,),
        ),
    ),
    "grid of a relay that sends no buttons": (
        scene(proxied("imagine_success"), picture=PICTURE),
        Look(
            "✅ Four pictures in 3 s",
            GREEN,
            ("**a red fox in snow** `--ar 3:2`", HINT),
            footer="Imagine · 1795856272217235",
            finished=1795856275497,
            image=PICTURE.name,
            ours=OF_GRID,
        ),
    ),
    "grid whose buttons may yet come": (
        scene(told("real/nov_imagine_success", buttons=None), picture=PICTURE),
        Look(
            "✅ Four pictures in 3 s",
            GREEN,
            ("**a red fox in snow** `--ar 3:2`",),
            footer="Imagine · 1795856272217235",
            finished=1795856275497,
            image=PICTURE.name,
            ours=OF_GRID,
        ),
    ),
    "blend of a relay that sends no buttons": (
        scene(
            proxied("imagine_success", action="BLEND", prompt="https://s.mj.run/KqYy_1 https://s.mj.run/zz9"),
            picture=PICTURE,
        ),
        Look(
            "✅ Four pictures in 3 s",
            GREEN,
            ("**🖼️ 🖼️**", HINT),
            footer="Blend · 1795856272217235",
            finished=1795856275497,
            image=PICTURE.name,
            ours=OF_GRID,
        ),
    ),
    "description of a relay that sends no buttons": (
        scene(proxied("describe_success"), picture=PICTURE),
        Look(
            "✅ Described in 1 s",
            GREEN,
            tuple(f"{n}️⃣ a fox number {n} in the snow, soft light `--ar 1:1`" for n in range(1, 5)),
            footer="Describe · 1795857512656080",
            finished=1795857514084,
            image=PICTURE.name,
            ours=(DELETE,),
        ),
    ),
    "one of four of a relay that sends no buttons": (
        scene(
            proxied("upscale_success"),
            pressed("U3", "Picture 3", task_id="1795857930570678", parent_link=FIRST, parent_id="1"),
            picture=PICTURE,
        ),
        Look(
            "✅ Picture 3 in 1 s",
            GREEN,
            (
                "**a fox**",
                f"from [these four]({FIRST})",
                f"{NO_MORE} {VARY}",
            ),
            "lien pressed U3",
            "U3 · 1795857930570678",
            finished=1795857931186,
            image=PICTURE.name,
            ours=(("💾", "Original"), FAMILY, DELETE),
        ),
    ),
    "one of four behind a new-api that never gets buttons": (
        scene(
            told("real/nov_upscale_success", buttons=None),
            picture=PICTURE,
            marks=ButtonStates(missing_capabilities={BUTTONS_CAPABILITY: ""}),
        ),
        Look(
            "✅ Upscaled in 1 s",
            GREEN,
            ("**a fox**", f"{NO_MORE} {VARY}"),
            footer="Upscale · 1795857930570678",
            finished=1795857931186,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "one of four whose buttons may yet come": (
        scene(told("real/nov_upscale_success", buttons=None), picture=PICTURE),
        Look(
            "✅ Upscaled in 1 s",
            GREEN,
            ("**a fox**",),
            footer="Upscale · 1795857930570678",
            finished=1795857931186,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "dead picture without buttons": (
        scene(proxied("upscale_success", action="ZOOM"), picture_link=PictureLink.DEAD),
        Look(
            "✅ Zoomed out in 1 s",
            GREEN,
            ("**a fox**", NO_MORE, "The link to the picture has expired, as such links do after a day."),
            footer="Zoom · 1795857930570678",
            finished=1795857931186,
            ours=(DELETE,),
        ),
    ),
    "picture not handed out": (
        scene(BARE),
        Look(
            "✅ Four pictures in 38 s",
            GREEN,
            (PROMPT, "The service hasn't delivered the picture."),
            finished=1754300040123,
            ours=(DELETE, REFRESH),
        ),
    ),
    "picture that the relay does not hand out yet": (
        scene(GRID, is_picture_pending=True, picture_link=PictureLink.BROKEN),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (PROMPT, HINT, "The picture is on its way."),
            finished=1754300041373,
            ours=OF_GRID,
        ),
    ),
    "picture that the relay did not hand out in time": (
        scene(GRID, picture_link=PictureLink.BROKEN),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (PROMPT, HINT, "Still loading. Press **Refresh**."),
            finished=1754300041373,
            ours=(*OF_GRID, REFRESH),
        ),
    ),
    "picture that its host refuses to the bot": (
        scene(GRID, is_picture_pending=True, picture_link=PictureLink.REFUSED, picture_refusal=REFUSED),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (
                PROMPT,
                HINT,
                (
                    f"The picture's host refused to send it to me (HTTP 403). [Open the picture]({GRID.image_url}). "
                    "I'm trying again for a few minutes."
                ),
            ),
            finished=1754300041373,
            image=GRID.image_url.partition("?")[0].rpartition("/")[2],
            ours=OF_GRID,
        ),
    ),
    "picture that its host has refused to the end": (
        scene(GRID, picture_link=PictureLink.REFUSED, picture_refusal=PictureUnavailable("", status=502)),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (
                PROMPT,
                HINT,
                (
                    "The picture's host can't send it right now (HTTP 502). "
                    f"[Open the picture]({GRID.image_url}). Press **Refresh** to try again."
                ),
            ),
            finished=1754300041373,
            image=GRID.image_url.partition("?")[0].rpartition("/")[2],
            ours=(*OF_GRID, REFRESH),
        ),
    ),
    "picture that a private relay refuses": (
        scene(GRID, picture_link=PictureLink.BROKEN, picture_refusal=PictureUnavailable("", status=200)),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (
                PROMPT,
                HINT,
                "The picture's host sent me a page instead of the picture. Press **Refresh** to try again.",
            ),
            finished=1754300041373,
            ours=(*OF_GRID, REFRESH),
        ),
    ),
    "picture at an address that only the relay opens": (
        scene(GRID.model_copy(update={"image_url": "http://localhost:8086/mj/image/1"})),
        Look(
            "✅ Four pictures in 39 s",
            GREEN,
            (PROMPT, HINT, "Still loading. Press **Refresh**."),
            finished=1754300041373,
            ours=(*OF_GRID, REFRESH),
        ),
    ),
    "described": (
        scene(DESCRIBED),
        Look(
            "✅ Described in 6 s",
            GREEN,
            WORDS,
            footer="Describe · 1754300150777931",
            finished=1754300160323,
            image="1754300150777931.jpg",
            ours=(DELETE,),
        ),
    ),
    "shortened": (
        scene(told("19_fetch_shorten_success")),
        Look(
            "✅ Shortened in 5 s",
            GREEN,
            (
                "**a highly detailed fox in snow, watercolor**",
                "Most important words: **fox** · **snow** · **watercolor** · in · ~~highly~~ · ~~detailed~~",
                "1️⃣ fox in snow, watercolor",
                "2️⃣ fox, snow, watercolor",
                "3️⃣ fox, watercolor",
                "4️⃣ fox snow",
                "5️⃣ fox",
            ),
            footer="Shorten · 1754300150777931",
            finished=1754300156123,
            ours=(DELETE,),
        ),
    ),
    "four clips": (
        scene(CLIPS),
        Look(
            "✅ Four clips in 1 min 13 s",
            GREEN,
            (
                "**the waves move slowly**",
                " · ".join(f"[clip {n}]({url})" for n, url in enumerate(CLIPS.video_urls, 1)),
            ),
            footer="Video · 1754301000222733",
            finished=1754301075123,
            ours=OF_SINGLE,
        ),
    ),
    "four clips, one of which is too large": (
        scene(CLIPS, clips=(PICTURE, None, PICTURE, PICTURE)),
        Look(
            "✅ Four clips in 1 min 13 s",
            GREEN,
            ("**the waves move slowly**", f"[clip 2]({CLIPS.video_urls[1]})"),
            footer="Video · 1754301000222733",
            finished=1754301075123,
            ours=OF_SINGLE,
        ),
    ),
    "a press whose parent has not settled": (
        scene(
            Task(id="", prompt="a lighthouse"),
            pressed("U2", task_id=""),
            phase=SubmitRetry(BORN + timedelta(seconds=30), RetryReason.PARENT_BUSY),
        ),
        Look(
            "⏳ Waiting for the picture you pressed",
            GRAY,
            (
                "**a lighthouse**",
                (
                    f"The service is still finishing it. Trying again <t:{int(BORN.timestamp()) + 30}:R>. You're "
                    "charged only when the service accepts your press."
                ),
            ),
            U2,
            footer="U2",
        ),
    ),
    "a full queue": (
        scene(
            Task(id="", action="IMAGINE", prompt="a lighthouse"),
            phase=SubmitRetry(BORN + timedelta(seconds=30), RetryReason.QUEUE_FULL),
        ),
        Look(
            "⏳ The service's queue is full",
            GRAY,
            (
                "**a lighthouse**",
                (f"Trying again <t:{int(BORN.timestamp()) + 30}:R>. You're charged only when the service accepts it."),
            ),
            footer="Imagine",
        ),
    ),
    "one clip of a press": (
        scene(
            CLIPS.model_copy(update={"buttons": (), "video_urls": ()}),
            pressed("U2", "Clip 2", task_id=CLIPS.id),
            picture=replace(PICTURE, name="waves.mp4"),
        ),
        Look(
            "✅ Clip 2 in 1 min 13 s",
            GREEN,
            ("**the waves move slowly**", f"[clip 1]({CLIPS.video_url})"),
            U2,
            "U2 · 1754301000222733",
            1754301075123,
            ours=OF_SINGLE,
        ),
    ),
    "one clip": (
        scene(CLIPS.model_copy(update={"buttons": (), "video_urls": ("http://localhost/1.mp4",)}), picture=PICTURE),
        Look(
            "✅ One clip in 1 min 13 s",
            GREEN,
            ("**the waves move slowly**",),
            footer="Video · 1754301000222733",
            finished=1754301075123,
            image=PICTURE.name,
            ours=OF_SINGLE,
        ),
    ),
    "failed": (
        scene(told("26_fetch_failure_banned", prompt="a lighthouse at dawn --ar 3:2 --v 7")),
        Look(
            "❌ Midjourney refused this prompt",
            RED,
            (
                PROMPT,
                "Its moderator thinks it breaks the community standards.",
                "**Next:** reword it and try again.",
            ),
            finished=1754300005323,
            ours=(DELETE,),
        ),
    ),
    "failed, with a preview that was": (
        scene(told("28_fetch_failure_gateway_timeout")),
        Look(
            "❌ Midjourney took too long",
            RED,
            (
                PROMPT,
                "The relay gave up after 1 h; Midjourney may still have finished it.",
                "**Next:** try again a little later.",
            ),
            ours=(DELETE,),
        ),
    ),
    "failed for an unknown reason": (
        scene(task(status=Status.FAILURE, fail_reason="the `moon` is **down**")),
        Look(
            "❌ Midjourney couldn't finish this",
            RED,
            (
                "**a lighthouse**",
                "The relay gave a reason that this bot doesn't know.",
                "It said: `the 'moon' is **down**`",
                "**Next:** try again later; if it keeps failing, tell the operator of this bot.",
            ),
            footer="1730621826053455",
            ours=(DELETE,),
        ),
    ),
    "confirm": (
        scene(MODAL, replace(pressed("Custom Zoom", task_id=MODAL.id), requester=Person(1, "li_en*"))),
        Look(
            "✋ Waiting for li\\_en\\* to confirm",
            YELLOW,
            (PROMPT, "Nothing is drawn until you confirm."),
            "li_en* pressed Custom Zoom",
            "Custom Zoom · 1754300201002664",
            ours=FORM,
        ),
    ),
    "confirmed, and the relay still says MODAL": (
        scene(MODAL, replace(pressed("Custom Zoom", task_id=MODAL.id), form_sent=True)),
        Look(
            "⏳ Queued",
            GRAY,
            (PROMPT, "asked <t:1754300201:R>"),
            "lien pressed Custom Zoom",
            "Custom Zoom · 1754300201002664",
            ours=STOP,
        ),
    ),
    "gave up": (
        scene(RUNNING.model_copy(update={"progress": 62}), phase=JobEnding.WATCH_TIMEOUT),
        Look(
            "🌙 Stopped watching after 70 min",
            DARK,
            (PROMPT, "Last seen at 62%. Midjourney may still finish it. **Look again** is free."),
            ours=(LOOK,),
        ),
    ),
    "gave up, never seen": (
        scene(None, pressed("U2", "Picture 2"), phase=JobEnding.WATCH_TIMEOUT),
        Look(
            "🌙 Stopped watching after 70 min",
            DARK,
            ("Midjourney may still finish it. **Look again** is free.",),
            U2,
            U2_FOOTER,
            ours=(LOOK,),
        ),
    ),
    "out of reach": (
        scene(RUNNING, phase=JobEnding.MESSAGE_UNREACHABLE),
        Look(
            "🌙 Resting",
            DARK,
            (
                PROMPT,
                "Last seen at 46%. Discord lets me update this message for 15 minutes only. **Refresh** is free.",
            ),
            ours=(REFRESH,),
        ),
    ),
    "lost": (
        scene(RUNNING, phase=JobEnding.TASK_NOT_FOUND),
        Look(
            "❔ The service doesn't know this task",
            DARK,
            (
                PROMPT,
                (
                    "The service has no task `1754300000123417` for this bot's key: it is gone, or was made with the "
                    "key of another account. **Next:** press **Look again**, or start over."
                ),
            ),
            ours=(LOOK, DELETE),
        ),
    ),
    "uncertain": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.ANSWER_LOST),
        Look(
            "❔ Unknown whether it was accepted",
            YELLOW,
            (
                (
                    "The service's answer was lost, so your request may have been accepted and charged. I won't send "
                    "it again."
                ),
                (
                    "**Next:** ask the operator of this bot to look in the service's log, if it has one, for a task of "
                    "that minute. `/mjstatus` with its id shows it. Asking again may be charged too."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "redirected": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.RELAY_UNDER_MAINTENANCE),
        Look(
            "❔ Unknown whether it was accepted",
            YELLOW,
            (
                (
                    "The service led me to another page, so it may be under maintenance. I can't tell whether your "
                    "request was sent on and charged. I won't send it again."
                ),
                (
                    "**Next:** ask the operator of this bot to look in the service's log, if it has one, for a task of "
                    "that minute. `/mjstatus` with its id shows it. Asking again may be charged too."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "processed": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.ANSWER_NOT_FOLLOWED),
        Look(
            "❔ Taken, but its answer was lost",
            YELLOW,
            (
                (
                    "The service took your request, but its answer was lost. It may have been charged. I won't send it "
                    "again."
                ),
                (
                    "**Next:** ask the operator of this bot to look in the service's log, if it has one, for a task of "
                    "that minute. `/mjstatus` with its id shows it. Asking again may be charged too."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "looking, redirected": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=AnswerSearch(JobEnding.RELAY_UNDER_MAINTENANCE)),
        Look(
            "🔎 Looking for your request",
            YELLOW,
            (
                (
                    "The service led me to another page, so it may be under maintenance. Your request may have been "
                    "accepted. I'm looking for it, for a few minutes at most. I won't send it again, so you aren't "
                    "charged twice."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "looking, processed": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=AnswerSearch(JobEnding.ANSWER_NOT_FOLLOWED)),
        Look(
            "🔎 Looking for your request",
            YELLOW,
            (
                (
                    "The service took your request, but its answer was lost. I'm looking for it, for a few minutes at "
                    "most. I won't send it again, so you aren't charged twice."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "looking": (
        replace(scene(None, pressed("U2", "Picture 2", task_id="")), phase=AnswerSearch()),
        Look(
            "🔎 Looking for your request",
            YELLOW,
            (
                (
                    "The service's answer was lost, so your request may have been accepted. I'm looking for it, for a "
                    "few minutes at most. I won't send it again, so you aren't charged twice."
                ),
            ),
            U2,
            "U2",
        ),
    ),
    "not recorded": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.NOT_BILLED),
        Look(
            "❌ Not recorded, not charged",
            RED,
            (
                "The service didn't record your request, so you weren't charged. Midjourney may still have drawn it.",
                "**Next:** ask again.",
            ),
            U2,
            "U2",
        ),
    ),
    "not sent": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.NOT_SENT),
        Look(
            "❌ Not sent, not charged",
            RED,
            ("I was restarted before I could send your request, so you weren't charged.", "**Next:** ask again."),
            U2,
            "U2",
        ),
    ),
    "not accepted": (
        scene(None, pressed("U2", "Picture 2", task_id=""), phase=JobEnding.NOT_ACCEPTED),
        Look(
            "❌ Not accepted",
            RED,
            ("Your request ended before anything was drawn. I couldn't delete this message.", "**Next:** ask again."),
            U2,
            "U2",
        ),
    ),
    "dropped": (
        scene(MODAL, phase=JobEnding.FORM_DROPPED),
        Look("🚫 Dropped", DARK, (PROMPT, "Nothing was drawn."), footer="Variation · 1754300201002664", ours=(DELETE,)),
    ),
    "dropped, charged": (
        scene(MODAL, phase=JobEnding.FORM_DROPPED_MAYBE_BILLED),
        Look(
            "🚫 Dropped",
            DARK,
            (PROMPT, "Nothing was drawn. Opening the form may have been charged."),
            footer="Variation · 1754300201002664",
            ours=(DELETE,),
        ),
    ),
    "cancelled": (
        scene(told("31_fetch_cancel")),
        Look("🚫 Canceled", DARK, (PROMPT,), finished=1754300009123, ours=(DELETE,)),
    ),
}


@pytest.mark.parametrize(("shown", "expected"), TABLE.values(), ids=list(TABLE))
async def test_each_state_looks_as_designed(shown: Scene, expected: Look) -> None:
    """Author, title, colour, lines, footer, time, picture and our buttons are those of the design's table."""
    assert expected == look(shown)


async def test_every_ending_and_every_final_status_is_in_the_table() -> None:
    """No state is drawn that the table does not show."""
    assert set(JobEnding) == {shown.ending for shown, _ in TABLE.values()} - {None}
    assert set(Status) - {Status.NOT_START} == {shown.task.status for shown, _ in TABLE.values() if shown.task}


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"start_time": 0, "submit_time": 0}, ""),
        ({"finish_time": 0}, ""),
        ({"start_time": 2_000_000_000_000}, ""),
        ({"start_time": 1754300041373 - 499}, ""),
        ({"start_time": 0}, " in 42 s"),
        ({"start_time": 1754300041373 - 3_600_000}, " in 1 h"),
    ],
)
async def test_the_duration_is_shown_only_if_known(taken: dict[str, int], expected: str) -> None:
    """Times that are missing, run backwards or take no time are left out."""
    assert f"✅ Four pictures{expected}" == look(scene(GRID.model_copy(update=taken))).title


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("upsample", "reroll"), "**U** picks one, 🔄 makes four new ones. Numbered left to right, top row first"),
        (("upsample", "variation"), "**U** picks one, **V** varies one. Numbered left to right, top row first"),
    ],
)
async def test_a_grid_explains_only_the_buttons_it_has(labels: tuple[str, ...], expected: str) -> None:
    """What is not below is not explained."""
    kept = tuple(each for each in GRID.buttons if any(f"::{label}::" in each.custom_id for label in labels))
    assert expected in look(scene(GRID.model_copy(update={"buttons": kept}))).lines


async def test_a_finish_is_shown_in_utc() -> None:
    """The timestamp is the task's finish, aware of its zone."""
    assert datetime(2025, 8, 4, 9, 34, 1, 373000, UTC) == render_message(scene(GRID)).embed.timestamp


@pytest.mark.parametrize("name", ["failed", "cancelled", "dropped", "lost"])
async def test_a_private_ended_message_has_no_delete_button(name: str) -> None:
    """Discord has a way for that itself; the bot's would delete nothing that others see."""
    shown = TABLE[name][0]
    private = replace(shown, job=replace(shown.job, place=replace(shown.job.place, ephemeral=True)))
    assert DELETE not in look(private).ours


@pytest.mark.parametrize(
    ("parent_id", "kind"), [("1730621826053455", ButtonKind.VARY_REGION), ("", ButtonKind.OPEN_MODAL)]
)
async def test_a_region_that_waits_asks_for_its_mask(parent_id: str, kind: ButtonKind) -> None:
    """Where it is known whose picture it repaints; else the prompt is all that can be asked for."""
    shown = scene(MODAL, replace(pressed("Vary (Region)", REPAINTED_TITLE, task_id=MODAL.id), parent_id=parent_id))
    first, drop = (item for item in render_message(shown).view.children if isinstance(item, TaskButton))
    assert (find_kind(first), first.item.label, find_kind(drop)) == (kind, "Open form", ButtonKind.DISCARD_MODAL)


@pytest.mark.parametrize(
    ("refusal", "says", "cure"),
    [
        (KeyLimited("This token has no access to model"), "is limited to some models", "remove the model limits"),
        (KeyExpired("该令牌已过期"), "has expired", "renew the key"),
        (KeyUnknown("无效的令牌"), "the relay does not know `MJ_API_KEY`", "copy `MJ_API_KEY` again"),
        (BalanceExhausted(), "is used up", "top it up"),
        (KeyRefused("用户已被封禁"), "the relay has banned the account of `MJ_API_KEY`.", "ask the relay's support"),
        (KeyRefused("ask *Bob*"), "the relay refuses `MJ_API_KEY`. It says: `ask *Bob*`.", "copy"),
        (KeyRefused(), "the relay refuses `MJ_API_KEY`.", "copy"),
    ],
)
@pytest.mark.parametrize("seen", [QUEUED, RUNNING], ids=["queued", "running"])
def test_a_refusal_of_the_key_says_why_and_the_cure(seen: Task, refusal: RelayError, says: str, cure: str) -> None:
    """One line in place of the outage's: since when, what the relay says, and what its operator does."""
    shown = scene(seen, silent_since=SILENT, refusal=refusal)
    line = look(shown).lines[-1]
    assert line.startswith(f"⚠️ No update since <t:{int(SILENT.timestamp())}:R>. I can't use the service: ")
    assert says in line
    assert f"The operator of this bot has to {cure}" in line
    assert "stopped answering" not in line
    assert line.endswith("This message then continues by itself")
    careful = render_message(shown, careful=True).embed.description or ""
    assert ("⚠️" in careful) is (type(refusal) is not KeyRefused)
