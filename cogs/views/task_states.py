"""What each state of a message says: colour, title, lines, and the buttons that are ours. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.entities import Job
from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown
from bot.midjourney.buttons import REPAINTED_TITLE, ButtonKind, is_grid, resolve_action
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.fail_reasons import explain_fail_reason
from bot.midjourney.refusal_reasons import translate_refusal
from bot.midjourney.task import ButtonsKey, Status, Task
from bot.scene import AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from bot.text_cleaning import clean_text
from cogs.text.markdown import (
    clean_and_cut,
    escape_markdown,
    format_code,
    format_duration,
    format_progress_bar,
    format_relative_time,
    sanitize_link,
)
from cogs.text.quotes import quote_text
from cogs.views.bot_buttons import FILE_BUTTONS, BotButton, get_ended_buttons, get_result_buttons, get_running_buttons
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR, INACTIVE_COLOR, QUEUED_COLOR, WAITING_COLOR
from cogs.views.text_results import format_text_result

_SAID = 80
"""How much is shown of what the relay says of the bot's key."""
_OF_FOUR = re.compile(r"[UV][1-4]|Reroll")


@dataclass(frozen=True)
class MessageState:
    """How one state looks: colour, title, the lines after the prompt, and our own buttons below.

    `quoted` are those of the lines that hold the relay's own words.
    """

    color: int
    title: str
    lines: tuple[str, ...] = ()
    bot_buttons: tuple[BotButton, ...] = ()
    relay_lines: tuple[str, ...] = ()


SENDING = MessageState(QUEUED_COLOR, "📨 Sending")
_LOOKING = MessageState(
    WAITING_COLOR,
    "🔎 Looking for it at the relay",
    (
        (
            "The relay's answer was lost, so your request may have been accepted. I look for it, for some minutes at "
            "most; I do not send it again, so nothing is paid twice."
        ),
    ),
)
LOOK_AGAIN = (ButtonKind.REFRESH, "🔄", "Look again")
REFRESH = (ButtonKind.REFRESH, "🔄", "Refresh")
FORM_BUTTONS = ((ButtonKind.OPEN_MODAL, "✏️", "Open form"), (ButtonKind.DISCARD_MODAL, "", "Drop it"))
REGION_FORM_BUTTONS = ((ButtonKind.VARY_REGION, "✏️", "Open form"), FORM_BUTTONS[1])
"""The form of a region: it asks for the mask too."""


def build_state(scene: Scene) -> MessageState:
    """Tell how a scene looks: an ending of ours first, then the task's own."""
    task = scene.task
    match scene.phase:
        case SubmitRetry(at=at, reason=reason):
            return _WAITS[reason](at)
        case AnswerSearch():
            return _LOOKING
        case JobEnding() as ending:
            return _ENDINGS[ending](scene)
        case None:
            pass
    if task is None:
        return _queued(scene, 0, 0) if scene.job.task_id else SENDING
    if task.status.is_final:
        return _FINALS[task.status](scene, task)
    if task.status is Status.MODAL and not scene.job.form_sent:
        name = escape_markdown(clean_and_cut(scene.job.requester.name, 80)) or "somebody"
        lines = ("Nothing is drawn until you confirm.", *_outage(scene))
        masked = scene.job.done == REPAINTED_TITLE and scene.job.parent_id
        ours = REGION_FORM_BUTTONS if masked else FORM_BUTTONS
        return MessageState(WAITING_COLOR, f"✋ Waiting for {name} to confirm", lines, ours, _quoted_outage(scene))
    if task.status is Status.IN_PROGRESS:
        return _running(scene, task)
    return _queued(scene, task.properties.number_of_queues, task.submit_time)


def _queued(scene: Scene, ahead: int, submit_time: int) -> MessageState:
    asked = submit_time or int(scene.job.born_at.timestamp() * 1000)
    title = f"⏳ Queued, {ahead} ahead" if ahead > 0 else "⏳ Queued"
    lines = (f"asked {format_relative_time(asked)}", *_outage(scene))
    return MessageState(QUEUED_COLOR, title, lines, get_running_buttons(scene.job, scene.marks), _quoted_outage(scene))


def _full(again_at: datetime) -> MessageState:
    lines = (f"Trying again {format_relative_time(again_at)}, by itself. Nothing is paid until the relay takes it.",)
    return MessageState(QUEUED_COLOR, "⏳ The relay's queue is full", lines)


def _parent_busy(again_at: datetime) -> MessageState:
    lines = (
        (
            f"The relay is still finishing it. Trying again {format_relative_time(again_at)}, by itself. "
            "Nothing is paid until the relay takes your press."
        ),
    )
    return MessageState(QUEUED_COLOR, "⏳ Waiting for the picture you pressed", lines)


_WAITS: dict[RetryReason, Callable[[datetime], MessageState]] = {
    RetryReason.QUEUE_FULL: _full,
    RetryReason.PARENT_BUSY: _parent_busy,
}


def _running(scene: Scene, task: Task) -> MessageState:
    percent = task.progress or 0
    started = task.start_time or task.submit_time or int(scene.job.born_at.timestamp() * 1000)
    lines = (format_progress_bar(percent), f"started {format_relative_time(started)}", *_outage(scene))
    ours = get_running_buttons(scene.job, scene.marks)
    return MessageState(ACTIVE_COLOR, f"🎨 Drawing, {percent} %", lines, ours, _quoted_outage(scene))


def _outage(scene: Scene) -> Iterator[str]:
    if scene.silent_since is None:
        if scene.unchanged_since is not None:
            last = format_relative_time(scene.unchanged_since)
            yield f"⚠️ The last change was {last}: the task is slow, or the relay has lost it. Still watching"
        return
    last = format_relative_time(scene.silent_since)
    if scene.refusal is None:
        yield f"⚠️ No answer from the relay; it went silent {last}. Still trying"
        return
    what, cure = next(_REFUSED[kind] for kind in type(scene.refusal).__mro__ if kind in _REFUSED)
    said = quote_text(translate_refusal(scene.refusal.reason), _SAID) if what.endswith(":") else ""
    what = f"{what} {said}" if said else what.removesuffix(":")
    todo = f"**Next:** tell the operator of this bot to {cure}; this message then goes on by itself"
    yield f"⚠️ No news; the last was {last}. {what}. {todo}"


def _quoted_outage(scene: Scene) -> tuple[str, ...]:
    """Return the line of an outage where it holds the relay's own words."""
    return tuple(_outage(scene)) if type(scene.refusal) is KeyRefused else ()


# What the relay says of the bot's key, and the cure; a colon asks for its own words.
_REFUSED: Mapping[type[Exception], tuple[str, str]] = {
    KeyLimited: (
        "The relay won't let this bot's key read tasks, as the key is limited to some models",
        "remove the model limits of the key",
    ),
    KeyExpired: ("This bot's key for the relay has expired", "renew the key"),
    KeyUnknown: ("The relay does not know this bot's key", "copy the key again from the relay's console"),
    BalanceExhausted: ("This bot's key has no credit left at the relay", "top it up"),
    KeyRefused: ("The relay refuses this bot's key:", "look at the key in the relay's console"),
}


def _success(scene: Scene, task: Task) -> MessageState:
    grid = is_grid(task)
    text = format_text_result(task)
    hint = (_hint(task),) if grid and _is_pressable(task) and not task.first_clip_url else ()
    missing = _missing(scene, task)
    no_more = _no_more(scene, task)
    lines = (*text, *hint, *_origin(scene.job), *_clips(scene, task), *no_more, *missing, *_shrunk(scene, task))
    title = f"✅ {_result(scene.job, task, grid=grid)}{_took(task)}"
    return MessageState(DONE_COLOR, title, lines, _below(scene, task, missing=bool(missing)), text)


def _below(scene: Scene, task: Task, *, missing: bool) -> tuple[BotButton, ...]:
    """Return our own buttons; of a picture that nobody has any more there is nothing to be had."""
    related = bool(scene.marks.pressed or scene.job.parent_id)
    kept = get_result_buttons(task, related=related, private=scene.job.place.ephemeral)
    if scene.picture_link is PictureLink.DEAD:
        return tuple(one for one in kept if one not in FILE_BUTTONS)
    return (*kept, REFRESH) if missing and not scene.is_picture_pending else kept


def _took(task: Task) -> str:
    """Say how long it took; what is answered at once, as some relays do a U, took no time worth telling."""
    start = task.start_time or task.submit_time
    spent = task.finish_time - start
    return f" in {format_duration(spent)}" if start and spent >= 500 else ""


def _result(job: Job, task: Task, *, grid: bool) -> str:
    if grid:
        return "Four clips" if task.first_clip_url else "Four pictures"
    if job.done:
        return job.done
    return "One clip" if task.first_clip_url else _DONE_WORDS.get(task.action, "One picture")


def _origin(job: Job) -> tuple[str, ...]:
    if not job.parent_link:
        return ()
    four = job.done.startswith("Picture") or _OF_FOUR.fullmatch(job.pressed)
    return (f"from [{'these four' if four else 'this'}]({job.parent_link})",)


_DONE_WORDS = {
    "UPSCALE": "Upscaled",
    "DESCRIBE": "Described",
    "SHORTEN": "Shortened",
    "SWAP_FACE": "Faces swapped",
    "PAN": "Panned",
    "ZOOM": "Zoomed out",
}


def _hint(task: Task) -> str:
    kinds = {resolve_action(button.custom_id).kind for button in task.buttons}
    says = ["**U** takes one"]
    says += ["**V** varies one"] if ButtonKind.VARIATION in kinds else []
    says += ["🔄 draws four new"] if ButtonKind.REROLL in kinds else []
    return f"{', '.join(says)} (1 2 above 3 4)"


def _clips(scene: Scene, task: Task) -> list[str]:
    """Link the clips that are not among the files of a grid of them."""
    attached = [number for number, clip in enumerate(scene.clips, 1) if clip is not None]
    links = {number: link for number, url in enumerate(task.clip_urls[:4], 1) if (link := sanitize_link(url))}
    shown = [f"[clip {number}]({link})" for number, link in links.items() if number not in attached]
    return [" · ".join(shown)] if shown else []


def _is_pressable(task: Task) -> bool:
    return any(button.custom_id for button in task.buttons)


def _no_more(scene: Scene, task: Task) -> tuple[str, ...]:
    """Say why a single picture has no buttons, where the relay has none for it."""
    none = task.buttons_key is ButtonsKey.NULL and BUTTONS_CAPABILITY in scene.marks.missing_capabilities
    single = not (
        is_grid(task) or task.text_result or task.first_clip_url or _is_pressable(task) or task.action == "SWAP_FACE"
    )
    if not single or not (none or task.buttons_key is ButtonsKey.ABSENT):
        return ()
    way = " To vary it, press **V** with its number below the four." if task.action == "UPSCALE" else ""
    return (f"This service can't do more with a single picture.{way}",)


def _missing(scene: Scene, task: Task) -> tuple[str, ...]:
    """Say why there is no picture, where there is none to see."""
    if scene.picture_link is PictureLink.DEAD:
        still = " The buttons may still work." if _is_pressable(task) else ""
        return (f"The link to the picture is dead: such links live for a day.{still}",)
    linked = sanitize_link(task.picture_url) and scene.picture_link is PictureLink.WORKING
    if scene.picture or any(scene.clips) or linked:
        return ()
    if scene.is_picture_pending:
        return ("The clips follow." if task.first_clip_url else "The picture follows.",)
    if task.picture_url:
        return ("The picture is not here yet: **Refresh** looks again.",)
    return () if task.text_result else ("The relay has not handed out the picture.",)


def _shrunk(scene: Scene, task: Task) -> tuple[str, ...]:
    if scene.picture is None or not scene.picture.is_reencoded:
        return ()
    original = sanitize_link(task.picture_url)
    return (f"Made smaller to fit here{f'; [the original]({original}) lives for a day' if original else ''}.",)


def _failure(scene: Scene, task: Task) -> MessageState:
    reason = explain_fail_reason(task.fail_reason)
    original = clean_text(reason.original)
    said = (f"It said: {format_code(original)}",) if original else ()
    lines = (reason.sentence, *said, f"**Next:** {reason.advice}")
    return MessageState(FAILED_COLOR, f"❌ {reason.title}", lines, _taken_away(scene), said)


def _cancelled(scene: Scene, task: Task) -> MessageState:
    del task
    return MessageState(INACTIVE_COLOR, "🚫 Cancelled", bot_buttons=_taken_away(scene))


def _taken_away(scene: Scene) -> tuple[BotButton, ...]:
    return get_ended_buttons(private=scene.job.place.ephemeral)


_FINALS: dict[Status, Callable[[Scene, Task], MessageState]] = {
    Status.SUCCESS: _success,
    Status.FAILURE: _failure,
    Status.CANCEL: _cancelled,
}


def _gave_up(scene: Scene) -> MessageState:
    minutes = round((scene.now - scene.job.born_at).total_seconds() / 60)
    line = f"{_last_seen(scene)}Midjourney may still finish it: **Look again** is free."
    return MessageState(INACTIVE_COLOR, f"🌙 Stopped watching after {minutes} min", (line,), (LOOK_AGAIN,))


def _out_of_reach(scene: Scene) -> MessageState:
    line = f"{_last_seen(scene)}Discord lets me update this message for 15 minutes only: **Refresh** is free."
    return MessageState(INACTIVE_COLOR, "🌙 Resting", (line,), (REFRESH,))


def _last_seen(scene: Scene) -> str:
    percent = scene.task.progress if scene.task else None
    return f"Last seen at {percent} %. " if percent else ""


def _lost(scene: Scene) -> MessageState:
    name = format_code(clean_and_cut(scene.job.task_id, 64))
    line = f"The relay does not know task {name} any more. **Next:** **Look again**, or ask anew."
    return MessageState(INACTIVE_COLOR, "❔ The relay lost this task", (line,), (LOOK_AGAIN, *_taken_away(scene)))


def _uncertain(scene: Scene) -> MessageState:
    del scene
    lines = (
        "The relay's answer was lost, so it may have been accepted, and charged. It is not sent again.",
        (
            "**Next:** ask the operator of this bot to check the relay's log, if it has one, for a task of that "
            "minute: `/mjstatus` with its id shows it. Asking again may be charged too."
        ),
    )
    return MessageState(WAITING_COLOR, "❔ Not known whether it was sent", lines)


def _not_recorded(scene: Scene) -> MessageState:
    del scene
    lines = (
        "The relay did not record it, so you weren't charged. Midjourney may still have drawn it.",
        "**Next:** ask again.",
    )
    return MessageState(FAILED_COLOR, "❌ Not recorded, not charged", lines)


def _stopped(scene: Scene) -> MessageState:
    del scene
    line = "Midjourney draws on, and it stays paid: **Look again** is free."
    return MessageState(INACTIVE_COLOR, "🌙 Stopped watching", (line,), (LOOK_AGAIN,))


def _dropped(scene: Scene) -> MessageState:
    return MessageState(INACTIVE_COLOR, "🚫 Dropped", ("Nothing was drawn.",), _taken_away(scene))


def _dropped_charged(scene: Scene) -> MessageState:
    lines = ("Nothing was drawn. Opening the form may have been charged.",)
    return MessageState(INACTIVE_COLOR, "🚫 Dropped", lines, _taken_away(scene))


_ENDINGS: dict[JobEnding, Callable[[Scene], MessageState]] = {
    JobEnding.WATCH_TIMEOUT: _gave_up,
    JobEnding.MESSAGE_UNREACHABLE: _out_of_reach,
    JobEnding.TASK_NOT_FOUND: _lost,
    JobEnding.ANSWER_LOST: _uncertain,
    JobEnding.WATCH_STOPPED: _stopped,
    JobEnding.NOT_BILLED: _not_recorded,
    JobEnding.FORM_DROPPED: _dropped,
    JobEnding.FORM_DROPPED_MAYBE_BILLED: _dropped_charged,
}
