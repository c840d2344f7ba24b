"""What each state of a message says: colour, title, lines, and the buttons that are ours. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.actions import Kind, is_grid, meaning
from bot.models import Status, Task
from bot.ports import Ending, Scene
from bot.reasons import explain
from cogs import limits
from cogs.prose import ago, bar, code, duration, escaped, plain, web_link

QUIET, LIVE, DONE, BAD, WAITING, ASLEEP = 0x99AAB5, 0x5865F2, 0x57F287, 0xED4245, 0xFEE75C, 0x4E5058


Ours = tuple[Kind, str, str]
"""A button of ours: kind, emoji, label."""


@dataclass(frozen=True)
class State:
    """How one state looks: colour, title, the lines after the prompt, and our own buttons below."""

    colour: int
    title: str
    lines: tuple[str, ...] = ()
    ours: tuple[Ours, ...] = ()


SENDING = State(QUIET, "📨 Sending")
LOOK = (Kind.LOOK, "🔄", "Look again")
REFRESH = (Kind.LOOK, "🔄", "Refresh")
FORM = ((Kind.OPEN_FORM, "✏️", "Open form"), (Kind.DROP_FORM, "", "Drop it"))


def state_of(scene: Scene) -> State:
    """Tell how a scene looks: an ending of ours first, then the task's own."""
    task = scene.task
    if scene.ending is not None:
        return _ENDINGS[scene.ending](scene)
    if task is None or not task.id:
        return SENDING
    if task.status.is_final:
        return _FINALS[task.status](scene, task)
    if task.status is Status.MODAL and not scene.job.form_sent:
        name = plain(scene.job.requester.name)
        return State(WAITING, f"✋ Waiting for {name} to confirm", ("Nothing is drawn until you confirm.",), FORM)
    if task.status is Status.IN_PROGRESS:
        return _running(scene, task)
    ahead = task.properties.number_of_queues
    asked = task.submit_time or int(scene.job.born_at.timestamp() * 1000)
    title = f"⏳ Queued, {ahead} ahead" if ahead > 0 else "⏳ Queued"
    return State(QUIET, title, (f"asked {ago(asked)}", *_outage(scene)))


def _running(scene: Scene, task: Task) -> State:
    percent = task.progress or 0
    started = task.start_time or task.submit_time or int(scene.job.born_at.timestamp() * 1000)
    lines = (bar(percent), f"started {ago(started)}", *_outage(scene))
    return State(LIVE, f"🎨 Drawing, {percent} %", lines)


def _outage(scene: Scene) -> Iterator[str]:
    if scene.silent_since is not None:
        yield f"⚠️ No answer from the relay since {ago(scene.silent_since)}; still trying"


def _success(scene: Scene, task: Task) -> State:
    grid = is_grid(task.buttons)
    spent = task.finish_time - (task.start_time or task.submit_time) if task.finish_time else 0
    took = f" in {duration(spent)}" if spent > 0 and (task.start_time or task.submit_time) else ""
    lines = [_text(task.text)] if task.text else []
    if grid and not task.video:
        lines.append(_hint(task))
    elif scene.job.parent_link:
        lines.append(
            f"from [{'these four' if scene.job.done.startswith('Picture') else 'this'}]({scene.job.parent_link})"
        )
    lines += _clips(task)
    problem = _picture_problem(scene, task)
    ours = (REFRESH,) if problem and not scene.picture_gone else ()
    return State(DONE, f"✅ {_result(scene, task, grid=grid)}{took}", (*lines, *problem), ours)


def _result(scene: Scene, task: Task, *, grid: bool) -> str:
    if task.video:
        return "Four clips" if grid else "One clip"
    if grid:
        return "Four pictures"
    if scene.job.done:
        return scene.job.done
    return _DONE_WORDS.get(task.action, "One picture")


_DONE_WORDS = {
    "UPSCALE": "Upscaled",
    "DESCRIBE": "Described",
    "SHORTEN": "Shortened",
    "SWAP_FACE": "Faces swapped",
    "PAN": "Panned",
    "ZOOM": "Zoomed out",
}


def _hint(task: Task) -> str:
    kinds = {meaning(button.custom_id).kind for button in task.buttons}
    says = ["**U** takes one"]
    says += ["**V** varies one"] if Kind.VARIATION in kinds else []
    says += ["🔄 draws four new"] if Kind.REROLL in kinds else []
    return f"{', '.join(says)} (1 2 above 3 4)"


def _text(text: str) -> str:
    return limits.cut("\n".join(filter(None, (escaped(plain(line)) for line in text.splitlines()))), 3000)


def _clips(task: Task) -> list[str]:
    links = [url for url in (task.video_urls or (task.video,)) if url and web_link(url)]
    shown = [f"[clip {number}]({web_link(url)})" for number, url in enumerate(links[:4], 1)]
    return [" · ".join(shown)] if shown else []


def _picture_problem(scene: Scene, task: Task) -> tuple[str, ...]:
    if scene.picture_gone:
        return ("The link to the picture is dead: such links live for a day. The buttons may still work.",)
    if scene.picture and scene.picture.shrunk:
        original = web_link(task.picture_url)
        where = f"; [the original]({original}) lives for a day" if original else ""
        return (f"Made smaller to fit here{where}.",)
    if not task.picture_url and not task.text:
        return ("The relay has not handed out the picture.",)
    return ()


def _failure(scene: Scene, task: Task) -> State:
    del scene
    reason = explain(task.fail_reason)
    original = f"It said: {code(plain(reason.original))}" if reason.original else ""
    return State(
        BAD, f"❌ {reason.title}", tuple(filter(None, (reason.sentence, original, f"**Next:** {reason.advice}")))
    )


def _cancelled(scene: Scene, task: Task) -> State:
    del scene, task
    return State(ASLEEP, "🚫 Cancelled")


_FINALS: dict[Status, Callable[[Scene, Task], State]] = {
    Status.SUCCESS: _success,
    Status.FAILURE: _failure,
    Status.CANCEL: _cancelled,
}


def _gave_up(scene: Scene) -> State:
    minutes = round((scene.now - scene.job.born_at).total_seconds() / 60)
    line = f"{_last_seen(scene)}Midjourney may still finish it: **Look again** is free."
    return State(ASLEEP, f"🌙 Stopped watching after {minutes} min", (line,), (LOOK,))


def _out_of_reach(scene: Scene) -> State:
    line = f"{_last_seen(scene)}Discord lets me update this message for 15 minutes only: **Refresh** is free."
    return State(ASLEEP, "🌙 Resting", (line,), (REFRESH,))


def _last_seen(scene: Scene) -> str:
    percent = scene.task.progress if scene.task else None
    return f"Last seen at {percent} %. " if percent else ""


def _lost(scene: Scene) -> State:
    line = f"The relay does not know task {code(scene.job.task_id)} any more. **Next:** **Look again**, or ask anew."
    return State(ASLEEP, "❔ The relay lost this task", (line,), (LOOK,))


def _uncertain(scene: Scene) -> State:
    del scene
    lines = (
        "The relay's answer was lost, so it may have been accepted. It is not sent again: nothing is paid twice.",
        "**Next:** look in the relay's own log for a task of this minute, and give its id to `/mjstatus`.",
    )
    return State(WAITING, "❔ Not known whether it was sent", lines)


def _dropped(scene: Scene) -> State:
    del scene
    return State(ASLEEP, "🚫 Dropped", ("Nothing was drawn.",))


_ENDINGS: dict[Ending, Callable[[Scene], State]] = {
    Ending.GAVE_UP: _gave_up,
    Ending.OUT_OF_REACH: _out_of_reach,
    Ending.LOST: _lost,
    Ending.UNCERTAIN: _uncertain,
    Ending.DROPPED: _dropped,
}
