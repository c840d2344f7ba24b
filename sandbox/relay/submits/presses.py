"""Take the submits that start from a task: its buttons, older changes, and the windows that some of them open."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from aiohttp import web

from sandbox.pictures import four_shots
from sandbox.relay.accounts.billing import FREE
from sandbox.relay.answers import RequestRefused, midjourney_error, submitted
from sandbox.relay.submits.submit_fields import Submit, decoded
from sandbox.relay.submits.upstream_queue import CHANNEL, UpstreamQueue, banned, judge
from sandbox.relay.tasks.button_results import build_child, confirm_modal
from sandbox.relay.tasks.midjourney_texts import BANNED_WORD, DESCRIPTION, describe_line, final_prompt
from sandbox.relay.tasks.task_rows import TaskRow
from sandbox.relay.tasks.upstream_task import Plan, UpstreamTask

CHANGES = {"UPSCALE": "upsample", "VARIATION": "variation", "REROLL": "reroll"}
_WINDOWS = FREE
_FORMS = frozenset({"PIC_READER", "PROMPT_ANALYZER"})
_REMIXED = frozenset({"VARIATION", "LOW_VARIATION", "HIGH_VARIATION", "REROLL", "PAN", "VIDEO"})


class Presses:
    """Change, action, modal."""

    def __init__(self, desk: UpstreamQueue) -> None:
        self._desk = desk
        self._twins: dict[tuple[str, str], str] = {}

    def change(self, submit: Submit) -> web.Response:
        """Press a button, named by its customId or the older way."""
        parent = self._desk.parent(submit)
        custom_id = submit.text("customId") or _older(submit, parent.work)
        if not custom_id:
            return midjourney_error("index_is_required")
        if custom_id not in {button["customId"] for button in parent.work.buttons()}:
            return submitted(4, "参数错误", None, {})
        if custom_id.endswith("::all"):
            return self._all(submit, parent.work)
        if submit.action == "BOOKMARK":
            return submitted(1, self._desk.describe_queue("Submit success"), parent.work.task_id, CHANNEL)
        if submit.action in {"DESCRIBE", "SHORTEN"}:
            final = parent.work.final_prompt or DESCRIPTION
            same = Plan(parent.work.result, lambda _: parent.work.shots)
            return self._desk.take(submit, parent.work.prompt, same, final=final)
        remixes = self._desk.settings.remix
        if self._desk.settings.remixes_on_demand:
            remixes = remixes or submit.body.get("enableRemix") is True
        if submit.action in _WINDOWS | _FORMS or (remixes and submit.action in _REMIXED):
            return self._window(submit, parent, custom_id)
        if (twin := self._twin(submit, parent.work, custom_id)) is not None:
            return twin
        answer = self._take(submit, parent, custom_id)
        if submit.action in {"UPSCALE", "VARIATION"} and self._desk.accepted:
            self._twins[parent.work.task_id, custom_id] = self._desk.accepted[-1].task_id
        return answer

    def modal(self, submit: Submit) -> web.Response:
        """Let a window come back with a prompt, and a mask."""
        row = self._desk.ledger.first(submit.text("taskId"), submit.key.account)
        if row is None:
            raise RequestRefused(midjourney_error("task_not_found"))
        work = row.work
        if work.at(submit.now)[0] != "MODAL":
            return submitted(4, "关联任务状态错误", None, {})
        prompt = submit.text("prompt") or work.prompt
        if BANNED_WORD in prompt.lower():
            return banned(prompt)
        if not prompt:
            return submitted(4, "prompt不能为空", None, {})
        mask = decoded(submit.body.get("maskBase64")) or b""
        if submit.body.get("maskBase64") and submit.photo("maskBase64") is None:
            return submitted(4, "base64格式错误", None, {})
        judge(work, prompt)
        if not work.fail_reason:
            work.plan = confirm_modal(work, prompt, mask)
            work.shots = work.plan.draw(work.uuid)
        work.prompt, work.final_prompt = prompt, final_prompt(prompt)
        if self._desk.settings.is_recorded:
            work.state = submit.text("state") or work.state
        self._desk.confirm(work, submit.now)
        said = self._desk.describe_queue("Submit success")
        self._desk.ledger.insert(work, action="MODAL", prompt=row.prompt, description=said, created=submit.now)
        self._desk.bill(submit, work.task_id)
        return submitted(1, said, work.task_id, CHANNEL)

    def _take(self, submit: Submit, parent: TaskRow, custom_id: str) -> web.Response:
        action = submit.action.replace("_EXTEND", "").replace("UPSCALE_VIDEO", "UPSCALE")
        plan = build_child(parent.work, custom_id)
        final = parent.work.final_prompt
        return self._desk.take(replace(submit, action=action), parent.prompt, plan, final=final)

    def _twin(self, submit: Submit, parent: UpstreamTask, custom_id: str) -> web.Response | None:
        """Return what midjourney-proxy says to the same upscale again: its code 21 becomes new-api's 1, and is billed.

        Only the software that was recorded bills it here.
        """
        known = self._twins.get((parent.task_id, custom_id))
        if known is None or not self._desk.settings.recognizes_repeats:
            return None
        row = self._desk.ledger.first(known)
        status = row.work.ends if row else ""
        if self._desk.settings.is_recorded:
            self._desk.bill(submit, known)
        return self._desk.passed_on(submit, 21, "任务已存在", known, {"status": status, "imageUrl": ""})

    def _all(self, submit: Submit, parent: UpstreamTask) -> web.Response:
        """Draw all four readings, as TrueAI's proxy does, whose answer joins their ids; others refuse."""
        if not self._desk.settings.imagines_all:
            return submitted(4, "参数错误", None, {})
        prompts = [describe_line(parent.final_prompt, f"::{number}") for number in range(1, 5)]
        before = len(self._desk.accepted)
        for prompt in prompts:
            refused = self._desk.take(submit, prompt, Plan("grid", partial(four_shots, prompt)))
            if len(self._desk.accepted) == before:
                return refused
        ids = [one.task_id for one in self._desk.accepted[before:]]
        return submitted(1, self._desk.describe_queue("Submit success"), ",".join(ids), CHANNEL)

    def _window(self, submit: Submit, parent: TaskRow, custom_id: str) -> web.Response:
        of_text = "Job::" in custom_id
        prompt = describe_line(parent.work.final_prompt, custom_id) if of_text else parent.work.prompt
        work = self._desk.work(submit, prompt, Plan("grid", lambda _: ()))
        work.modal, work.requested_prompt, work.parent = True, custom_id, parent.work
        zh = self._desk.settings.is_chinese
        said = "窗口等待" if zh else "Waiting for window confirm"
        self._desk.ledger.insert(work, action=submit.action, prompt=parent.prompt, description=said, created=submit.now)
        if submit.action not in _WINDOWS:
            self._desk.bill(submit, work.task_id)
        if zh:
            return self._desk.passed_on(submit, 21, said, work.task_id)
        final = "" if submit.action == "INPAINT" else work.final_prompt
        properties = {"finalPrompt": final, "remix": True, **CHANNEL}
        return self._desk.passed_on(submit, 21, said, work.task_id, properties)


def _older(submit: Submit, work: UpstreamTask) -> str:
    """Return the customId that an older change means, "" without an index, which new-api wants for every action."""
    index = submit.body.get("index")
    if not isinstance(index, int) or index == 0:
        return ""
    if submit.action == "REROLL":
        return f"MJ::JOB::reroll::0::{work.uuid}::SOLO"
    return f"MJ::JOB::{CHANGES[submit.action]}::{index}::{work.uuid}"
