"""What a task's message shows in each state: color, title, lines and the bot's own buttons. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.entities import Job
from bot.errors import KeyRefused
from bot.midjourney.buttons import REPAINTED_TITLE, ButtonKind, is_grid, resolve_action
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.reasons.fail_reasons import explain_fail_reason
from bot.midjourney.task import ButtonsKey, Status, Task
from bot.scene import AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from bot.text_cleaning import clean_text
from cogs.languages import N_, _, format_number, join_list, join_sentences, localize_text
from cogs.text.lost_answers import LOST_ANSWER_TEXTS
from cogs.text.markdown import (
    clean_and_cut,
    escape_markdown,
    format_code,
    format_progress_bar,
    format_relative_time,
    sanitize_link,
)
from cogs.text.relay_errors import describe_key_problem
from cogs.views.bot_buttons import FILE_BUTTONS, BotButton, get_ended_buttons, get_result_buttons, get_running_buttons
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR, INACTIVE_COLOR, QUEUED_COLOR, WAITING_COLOR
from cogs.views.picture_links import (
    describe_missing_clip,
    describe_missing_picture,
    is_pressable,
    link_clips,
    link_drawn,
    link_last_picture,
    link_pictures,
)
from cogs.views.result_names import format_result_title
from cogs.views.text_results import format_text_result

_CLOCK_TOLERANCE_MILLISECONDS = 300_000
_GRID_BUTTONS = re.compile(r"[UV][1-4]|Reroll")


@dataclass(frozen=True)
class MessageState:
    """What one state shows: color, title, the lines after the prompt, and the bot's own buttons.

    Those of the constants below are only marked for translation.
    `relay_lines` are those of the lines that hold the relay's own words.
    """

    color: int
    title: str
    lines: tuple[str, ...] = ()
    bot_buttons: tuple[BotButton, ...] = ()
    relay_lines: tuple[str, ...] = ()


FAILURE_CREDITED = N_("The relay credits failed tasks to the account.")
"""Said only where it does: where the relay has prices, and the ledger says so of this task."""
SENDING = MessageState(QUEUED_COLOR, N_("📨 Sending"))
LOOK_AGAIN = BotButton(ButtonKind.REFRESH, "🔄", N_("Look again"))
REFRESH = BotButton(ButtonKind.REFRESH, "🔄", N_("Refresh"))
FORM_BUTTONS = (
    BotButton(ButtonKind.OPEN_MODAL, "✏️", N_("Open form")),
    BotButton(ButtonKind.DISCARD_MODAL, "", N_("Drop it")),
)
REGION_FORM_BUTTONS = (BotButton(ButtonKind.VARY_REGION, "✏️", N_("Open form")), FORM_BUTTONS[1])
"""The buttons of a form that asks for a region too."""


def build_state(scene: Scene) -> MessageState:
    """Return what a scene shows: how the job ended, if it did, else the task's own state."""
    task = scene.task
    match scene.phase:
        case SubmitRetry(at=at, reason=reason):
            title, line = _RETRIES[reason]
            return MessageState(QUEUED_COLOR, _(title), (_(line).format(when=format_relative_time(at)),))
        case AnswerSearch(ending):
            lines = tuple(map(_, LOST_ANSWER_TEXTS[ending].searching_lines))
            return MessageState(WAITING_COLOR, _("🔎 Looking for your request"), lines)
        case JobEnding() as ending:
            return _build_fixed_ending(ending) or _ENDINGS[ending](scene)
        case None:
            pass
    if task is None:
        return _build_queued(scene, 0, 0) if scene.job.task_id else replace(SENDING, title=_(SENDING.title))
    if task.status.is_final:
        return _FINALS[task.status](scene, task)
    if task.status is Status.MODAL and not scene.job.form_sent:
        name = escape_markdown(clean_and_cut(scene.job.requester.name, 80)) or _("someone")
        title = _("✋ Waiting for {name} to confirm").format(name=name)
        lines = (_("Nothing is drawn until you confirm."), *_describe_outage(scene))
        masked = scene.job.done == REPAINTED_TITLE and scene.job.parent_id
        buttons = REGION_FORM_BUTTONS if masked else FORM_BUTTONS
        return MessageState(WAITING_COLOR, title, lines, buttons, _quote_outage(scene))
    if task.status is Status.IN_PROGRESS:
        return _build_running(scene, task)
    return _build_queued(scene, task.properties.number_of_queues, task.submit_time)


def _build_queued(scene: Scene, ahead: int, submit_time: int) -> MessageState:
    asked = _choose_time(scene, submit_time)
    # Translators: {count} other tasks are drawn first.
    title = _("⏳ Queued, {count} ahead").format(count=format_number(ahead)) if ahead > 0 else _("⏳ Queued")
    # Translators: {when} is such as "3 minutes ago": when the request was made.
    lines = (_("asked {when}").format(when=format_relative_time(asked)), *_describe_outage(scene))
    return MessageState(QUEUED_COLOR, title, lines, get_running_buttons(scene.job, scene.marks), _quote_outage(scene))


def _choose_time(scene: Scene, *times: int) -> int:
    """Return the first known time, else the message's; one in the future comes from a date without its time zone."""
    latest = scene.now.timestamp() * 1000 + _CLOCK_TOLERANCE_MILLISECONDS
    return next((time for time in times if 0 < time <= latest), int(scene.job.born_at.timestamp() * 1000))


_RETRIES: dict[RetryReason, tuple[str, str]] = {
    RetryReason.QUEUE_FULL: (
        N_("⏳ The service's queue is full"),
        N_("Trying again {when}. You're charged only when the service accepts it."),
    ),
    RetryReason.PARENT_BUSY: (
        N_("⏳ Waiting for the picture you pressed"),
        N_(
            "The service is still finishing it. Trying again {when}. You're charged only when the service accepts "
            "your press."
        ),
    ),
}
"""The title and the line for each reason to send a request again."""


def _build_running(scene: Scene, task: Task) -> MessageState:
    percent = task.progress or 0
    started = _choose_time(scene, task.start_time, task.submit_time)
    lines = (
        format_progress_bar(percent),
        _("started {when}").format(when=format_relative_time(started)),
        *_describe_outage(scene),
    )
    buttons = get_running_buttons(scene.job, scene.marks)
    title = _("🎨 Drawing, {percent}%").format(percent=percent)
    return MessageState(ACTIVE_COLOR, title, lines, buttons, _quote_outage(scene))


def _describe_outage(scene: Scene) -> Iterator[str]:
    if scene.silent_since is None:
        if scene.unchanged_since is not None:
            last = format_relative_time(scene.unchanged_since)
            changed = _("⚠️ The last change was {when}: the task is slow, or the service has lost it. Still watching")
            yield changed.format(when=last)
        return
    last = format_relative_time(scene.silent_since)
    if scene.refusal is None:
        yield _("⚠️ The service stopped answering {when}. Still trying").format(when=last)
        return
    yield join_sentences(
        _("⚠️ No update since {when}.").format(when=last),
        describe_key_problem(scene.refusal),
        _("This message then continues by itself"),
    )


def _quote_outage(scene: Scene) -> tuple[str, ...]:
    """Return the lines of an outage if they hold the relay's own words."""
    return tuple(_describe_outage(scene)) if type(scene.refusal) is KeyRefused else ()


def _build_success(scene: Scene, task: Task) -> MessageState:
    grid = is_grid(task)
    text = format_text_result(task)
    hint = (_describe_grid_buttons(task),) if grid and is_pressable(task) and not task.is_video else ()
    missing = describe_missing_picture(scene, task)
    said = _quote_reason(task.fail_reason) if missing and not task.picture_url else ()
    no_more = _describe_missing_buttons(scene, task)
    lines = (
        *text,
        *hint,
        *_link_parent(scene.job),
        *link_clips(scene, task),
        *link_pictures(task),
        *no_more,
        *missing,
        *said,
        *describe_missing_clip(scene, task),
        *_describe_reencoding(scene, task),
    )
    linked = missing[1:]
    buttons = _get_success_buttons(scene, task, missing=bool(missing))
    return MessageState(DONE_COLOR, format_result_title(scene.job, task), lines, buttons, (*text, *said, *linked))


def _get_success_buttons(scene: Scene, task: Task, *, missing: bool) -> tuple[BotButton, ...]:
    """Return the bot's own buttons, without those that need the picture if it is gone."""
    related = bool(scene.marks.pressed or scene.job.parent_id)
    kept = get_result_buttons(task, related=related, private=scene.job.place.ephemeral)
    if scene.picture_link is PictureLink.DEAD and scene.picture is None:
        kept = tuple(one for one in kept if one not in FILE_BUTTONS)
        return (*kept, REFRESH) if scene.file_refusal else kept
    return (*kept, REFRESH) if missing and not scene.is_picture_pending else kept


def _link_parent(job: Job) -> tuple[str, ...]:
    if not job.parent_link:
        return ()
    four = job.done.startswith("Picture") or _GRID_BUTTONS.fullmatch(job.pressed)
    text = _("from [these four]({link})") if four else _("from [this]({link})")
    return (text.format(link=job.parent_link),)


def _describe_grid_buttons(task: Task) -> str:
    kinds = {resolve_action(button.custom_id).kind for button in task.buttons}
    hints = [_("**U** picks one")]
    hints += [_("**V** varies one")] if ButtonKind.VARIATION in kinds else []
    hints += [_("🔄 makes four new ones")] if ButtonKind.REROLL in kinds else []
    # Translators: {buttons} lists what the buttons do; the numbers are those of the pictures.
    return _("{buttons}. Numbered left to right, top row first").format(buttons=join_list(hints))


def _describe_missing_buttons(scene: Scene, task: Task) -> tuple[str, ...]:
    """Explain why a single picture has no buttons, if the relay has none for it."""
    none = task.buttons_key is ButtonsKey.NULL and BUTTONS_CAPABILITY in scene.marks.missing_capabilities
    single = not (
        is_grid(task) or task.text_result or task.is_video or is_pressable(task) or task.action == "SWAP_FACE"
    )
    if not single or not (none or task.buttons_key is ButtonsKey.ABSENT):
        return ()
    way = _("To vary it, press **V** with its number below the grid.") if task.action == "UPSCALE" else ""
    return (join_sentences(_("This service can't do more with a single picture."), way),)


def _describe_reencoding(scene: Scene, task: Task) -> tuple[str, ...]:
    if scene.picture is None or not scene.picture.is_reencoded:
        return ()
    original = sanitize_link(task.picture_url) if scene.picture_link is PictureLink.WORKING else None
    if original is None:
        return (_("Made smaller to fit here."),)
    return (_("Made smaller to fit here; [the original]({link}) is available for a day.").format(link=original),)


def _build_failure(scene: Scene, task: Task) -> MessageState:
    reason = explain_fail_reason(task.fail_reason)
    quoted, drawn = _quote(reason.original), link_drawn(task)
    # Translators: {advice} is such as "try again a little later."
    advice = _("**Next:** {advice}").format(advice=_(reason.advice))
    lines = (localize_text(reason.sentence), *quoted, *drawn, *_describe_credit(scene), advice)
    return MessageState(FAILED_COLOR, f"❌ {_(reason.title)}", lines, _get_delete_button(scene), (*quoted, *drawn))


def _build_canceled(scene: Scene, task: Task) -> MessageState:
    drawn = link_drawn(task)
    lines = (*drawn, *_describe_credit(scene))
    return MessageState(INACTIVE_COLOR, _("🚫 Canceled"), lines, _get_delete_button(scene), drawn)


def _describe_credit(scene: Scene) -> tuple[str, ...]:
    return (_(FAILURE_CREDITED),) if scene.price is not None and scene.price.is_credited else ()


def _quote(original: str) -> tuple[str, ...]:
    words = clean_text(original)
    return (_("It said: {words}").format(words=format_code(words)),) if words else ()


def _quote_reason(fail_reason: str) -> tuple[str, ...]:
    """Quote the reason that the relay gives of a success without its picture."""
    if not fail_reason:
        return ()
    reason = explain_fail_reason(fail_reason)
    return _quote(reason.original) or (localize_text(reason.sentence),)


def _get_delete_button(scene: Scene) -> tuple[BotButton, ...]:
    return get_ended_buttons(private=scene.job.place.ephemeral)


_FINALS: dict[Status, Callable[[Scene, Task], MessageState]] = {
    Status.SUCCESS: _build_success,
    Status.FAILURE: _build_failure,
    Status.CANCEL: _build_canceled,
}


def _build_watch_timeout(scene: Scene) -> MessageState:
    minutes = round((scene.now - scene.job.born_at).total_seconds() / 60)
    title = _("🌙 Stopped watching after {minutes} min").format(minutes=format_number(minutes))
    line = join_sentences(_format_last_progress(scene), _("Midjourney may still finish it. **Look again** is free."))
    seen = link_last_picture(scene.task)
    return MessageState(INACTIVE_COLOR, title, (line, *seen), (LOOK_AGAIN,), seen)


def _build_unreachable(scene: Scene) -> MessageState:
    line = join_sentences(
        _format_last_progress(scene),
        _("Discord lets me update this message for 15 minutes only. **Refresh** is free."),
    )
    return MessageState(INACTIVE_COLOR, _("🌙 Resting"), (line,), (REFRESH,))


def _format_last_progress(scene: Scene) -> str:
    percent = scene.task.progress if scene.task else None
    return _("Last seen at {percent}%.").format(percent=percent) if percent else ""


def _build_task_not_found(scene: Scene) -> MessageState:
    name = format_code(clean_and_cut(scene.job.task_id, 64))
    line = _(
        "The service has no task {name} for this bot's key: it is gone, or was made with the key of another account. "
        "**Next:** press **Look again**, or start over."
    ).format(name=name)
    title = _("❔ The service doesn't know this task")
    return MessageState(INACTIVE_COLOR, title, (line,), (LOOK_AGAIN, *_get_delete_button(scene)))


def _build_form_dropped(scene: Scene) -> MessageState:
    may_be_charged = scene.ending is JobEnding.FORM_DROPPED_MAYBE_BILLED
    charge = _("Opening the form may have been charged.") if may_be_charged else ""
    line = join_sentences(_("Nothing was drawn."), charge)
    return MessageState(INACTIVE_COLOR, _("🚫 Dropped"), (line,), _get_delete_button(scene))


def _build_fixed_ending(ending: JobEnding) -> MessageState | None:
    state = _FIXED_ENDINGS.get(ending)
    return replace(state, title=_(state.title), lines=tuple(map(_, state.lines))) if state else None


_FIXED_ENDINGS: dict[JobEnding, MessageState] = {
    **{
        ending: MessageState(WAITING_COLOR, text.title, text.ending_lines) for ending, text in LOST_ANSWER_TEXTS.items()
    },
    JobEnding.NOT_BILLED: MessageState(
        FAILED_COLOR,
        N_("❌ Not recorded, not charged"),
        (
            N_("The service didn't record your request, so you weren't charged. Midjourney may still have drawn it."),
            N_("**Next:** ask again."),
        ),
    ),
    JobEnding.NOT_SENT: MessageState(
        FAILED_COLOR,
        N_("❌ Not sent, not charged"),
        (
            N_("I was restarted before I could send your request, so you weren't charged."),
            N_("**Next:** ask again."),
        ),
    ),
    JobEnding.NOT_ACCEPTED: MessageState(
        FAILED_COLOR,
        N_("❌ Not accepted"),
        (
            N_("Your request ended before anything was drawn. I couldn't delete this message."),
            N_("**Next:** ask again."),
        ),
    ),
    JobEnding.WATCH_STOPPED: MessageState(
        INACTIVE_COLOR,
        N_("🌙 Stopped watching"),
        (N_("Midjourney keeps drawing, and the charge stands. **Look again** is free."),),
        (LOOK_AGAIN,),
    ),
}
"""The endings that look the same for every job."""
_ENDINGS: dict[JobEnding, Callable[[Scene], MessageState]] = {
    JobEnding.WATCH_TIMEOUT: _build_watch_timeout,
    JobEnding.MESSAGE_UNREACHABLE: _build_unreachable,
    JobEnding.TASK_NOT_FOUND: _build_task_not_found,
    JobEnding.FORM_DROPPED: _build_form_dropped,
    JobEnding.FORM_DROPPED_MAYBE_BILLED: _build_form_dropped,
}
