"""Strategies for everything that a scene can hold: hostile words, times, buttons and ids."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bot.entities import ButtonStates, Job, Person, Place, PressedButton
from bot.errors import KeyLimited, KeyRefused, PictureUnavailable
from bot.imaging.reencode import Picture
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.capabilities import name_capability
from bot.midjourney.task import Status, Task
from bot.scene import FileRefusal, JobEnding, MissingPermission, PictureLink, Scene, TaskPrice
from tests.fakes.sample_entities import place

UUID = "c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"
_WORDS = (
    "**bold** __u__ ~~s~~ ||spoiler|| `code` ```block```",
    "@everyone @here <@123456789012345678> <@&1> <#2> <t:0:R> </mjstatus:1>",
    "[click](https://evil.test/) <https://evil.test/> https://s.mj.run/abc",
    "\u202egnp.exe \u200b\u200c\u200d\ufeff \u2066x\u2069 \u2800\u3164",
    "\0\x01\x1b[31m\r\n\t\x7f\x85\u2028",
    "\ud800 lone \udfff",
    "👨‍👩‍👧 🇻🇳 👍🏻 1️⃣ ❤️ 🫩 🏻",
    "Z̷̢̛͔͖a̸l̶g̵o̴",
    "# heading\n- list\n> quote\n-# small\n1. one",
    "a lighthouse --ar 3:2 --v 7 —no cats",
)
HOSTILE = st.one_of(
    st.sampled_from(_WORDS),
    st.text(max_size=30),
    st.sampled_from([*_WORDS, "x", "*", "`", "\\", "é", "😀", " ", " --a", "~~", "\n"]).map(
        lambda word: (word * 100_000)[:100_000]
    ),
)
IDS = st.one_of(
    st.sampled_from(["1730621826053455", "", " ", "x" * 64, "x" * 100_000, "a:b", "äöü", "1\n", "\u200b", "../.."]),
    st.text(max_size=20),
)
URLS = st.one_of(
    st.sampled_from(
        [
            "",
            "https://cdn.test/a.png?ex=1&is=2",
            "https://cdn.test/a b(1).png",
            "https://cdn.test/" + "x" * 3000,
            "https://cdn.test/" + "x" * 2000 + ".mp4",
            "javascript://cdn.test/%0aalert(1)",
            "http://localhost:8086/1.png",
            "attachment://a.png",
            "https://[::1/",
            "https://cdn.test:99999/",
        ]
    ),
    st.text(max_size=20).map(lambda tail: f"https://cdn.test/{tail}"),
    HOSTILE,
)
TIMES = st.sampled_from([0, -1, 1, 1754300002023, 32_503_679_999_999, 1 << 80, "1754300002023", "soon", 1e300])
CUSTOM_IDS = st.one_of(
    st.builds(
        "{}::{}::{}".format,
        st.sampled_from(
            ["MJ::JOB::upsample", "MJ::JOB::variation", "MJ::JOB::reroll", "MJ::JOB::pan_up", "MJ::Inpaint", "MJ::x"]
        ),
        st.integers(0, 5),
        st.just(UUID),
    ),
    st.just(f"MJ::CustomZoom::{UUID}"),
    st.just("MJ::Job::PicReader::1"),
    st.just(""),
    HOSTILE,
)
EMOJI = st.one_of(st.sampled_from(["", "🔄", "upscale_1", "ὐ4", "1️⃣", "⬆️", "🏻", "🫩", ":tada:", "<:a:1>"]), HOSTILE)
BUTTONS = st.lists(
    st.fixed_dictionaries(
        {
            "customId": CUSTOM_IDS,
            "emoji": EMOJI,
            "label": st.one_of(st.sampled_from(["", "U1", "Web", "Upscale (Subtle)"]), HOSTILE),
            "style": st.sampled_from([0, 1, 2, 3, 4, 5, 6, -1, 99, "2", None]),
            "url": URLS,
        }
    ),
    max_size=40,
)
TASKS = st.fixed_dictionaries(
    {
        "id": IDS,
        "action": st.one_of(st.sampled_from(["IMAGINE", "DESCRIBE", "SHORTEN", "VIDEO", ""]), HOSTILE),
        "prompt": HOSTILE,
        "promptEn": HOSTILE,
        "submitTime": TIMES,
        "startTime": TIMES,
        "finishTime": TIMES,
        "imageUrl": URLS,
        "videoUrls": st.lists(URLS, max_size=5),
        "status": st.sampled_from(list(Status)),
        "progress": st.one_of(st.sampled_from(["46%", "100%", "", "-5%"]), HOSTILE),
        "failReason": st.one_of(st.just(""), HOSTILE),
        "buttons": BUTTONS,
        "properties": st.fixed_dictionaries(
            {"finalPrompt": HOSTILE, "numberOfQueues": st.sampled_from([0, 2, -1, 1 << 63])}
        ),
    }
).map(Task.model_validate)
PERSONS = st.builds(Person, st.integers(1, 1 << 62), HOSTILE, URLS)
PICTURES = st.builds(
    Picture,
    st.just(b"bytes"),
    st.sampled_from(["a_lighthouse_1.png", "preview.webp", "x.mp4", "y.webm", "z" * 80 + ".jpg"]),
    st.just(4),
    st.just(4),
    st.booleans(),
)
PLACES = st.builds(lambda ephemeral: place(ephemeral=ephemeral), st.booleans())
PRICES = st.builds(
    TaskPrice,
    amount=st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("1e9"), Decimal("-0.000001")]),
    currency=st.sampled_from(["USD", ""]) | HOSTILE,
    is_confirmed=st.booleans(),
    is_credited=st.booleans(),
)
_BORN = datetime(2026, 1, 1, 12, tzinfo=UTC)


@st.composite
def marks(draw: st.DrawFn, task: Task | None) -> ButtonStates:
    """Marks for some of a task's buttons, and for some that it does not have."""
    keys = [hash_custom_id(button.custom_id) for button in task.buttons] if task else []
    pressed = draw(st.lists(st.sampled_from([*keys, "0123456789"]), max_size=5))
    mark = PressedButton(draw(IDS), draw(URLS), is_finished=draw(st.booleans()))
    abilities = [name_capability(button.custom_id) for button in task.buttons] if task else []
    refused = draw(st.dictionaries(st.sampled_from([*abilities, "?"]), HOSTILE, max_size=6))
    return ButtonStates(dict.fromkeys(pressed, mark), refused)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Any scene that jobs could ask for, and many that they never would."""
    task = draw(st.none() | TASKS)
    where: Place = draw(PLACES)
    given: dict[str, Any] = {
        "place": where,
        "requester": draw(PERSONS),
        "task_id": task.id if task else draw(IDS),
        "born_at": _BORN,
        "pressed": draw(st.just("") | HOSTILE),
        "done": draw(st.sampled_from(["", "Picture 2", "Varied", "Upscaled"])),
        "parent_link": draw(st.sampled_from(["", where.link])),
        "form_sent": draw(st.booleans()),
    }
    return Scene(
        job=Job(**given),
        now=_BORN + timedelta(minutes=draw(st.sampled_from([-1, 0, 70, 1 << 20]))),
        task=task,
        marks=draw(marks(task)),
        phase=draw(st.none() | st.sampled_from(JobEnding)),
        picture=draw(st.none() | PICTURES),
        picture_link=draw(st.sampled_from(PictureLink)),
        picture_refusal=draw(st.none() | st.integers().map(lambda status: PictureUnavailable("", status=status))),
        file_refusal=draw(st.none() | st.sampled_from(FileRefusal)),
        missing_permission=draw(st.none() | st.builds(MissingPermission, st.just("Attach Files"), st.booleans())),
        is_picture_pending=draw(st.booleans()),
        silent_since=draw(st.none() | st.just(_BORN)),
        unchanged_since=draw(st.none() | st.just(_BORN)),
        price=draw(st.none() | PRICES),
        refusal=draw(st.none() | HOSTILE.map(KeyRefused) | st.just(KeyLimited())),
    )
