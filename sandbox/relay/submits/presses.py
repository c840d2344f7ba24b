"""Answer the submits that start from a task: buttons, the older changes, and the forms that some buttons open."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from aiohttp import web

from sandbox.pictures import compose_shots
from sandbox.relay.accounts.billing import FREE
from sandbox.relay.answers import RequestRefused, midjourney_error, submit_answer
from sandbox.relay.submits.submit_fields import Submit, decode_picture
from sandbox.relay.submits.upstream_queue import CHANNEL, UpstreamQueue, banned_answer, set_outcome
from sandbox.relay.tasks.button_results import build_child, confirm_modal
from sandbox.relay.tasks.midjourney_texts import BANNED_WORD, DESCRIPTION, describe_line, final_prompt
from sandbox.relay.tasks.task_rows import TaskRow
from sandbox.relay.tasks.upstream_task import Plan, UpstreamTask

CHANGES = {"UPSCALE": "upsample", "VARIATION": "variation", "REROLL": "reroll"}
_FREE_FORMS = FREE
_TEXT_FORMS = frozenset({"PIC_READER", "PROMPT_ANALYZER"})
_REMIX_ACTIONS = frozenset({"VARIATION", "LOW_VARIATION", "HIGH_VARIATION", "REROLL", "PAN", "VIDEO"})


class Presses:
    """The routes change, action and modal."""

    def __init__(self, queue: UpstreamQueue) -> None:
        self._queue = queue
        self._repeats: dict[tuple[str, str], str] = {}

    def change(self, submit: Submit) -> web.Response:
        """Press a button, named by its customId or by action and index."""
        parent = self._queue.find_parent(submit)
        custom_id = submit.text("customId") or _find_older_custom_id(submit, parent.task)
        if not custom_id:
            return midjourney_error("index_is_required")
        if custom_id not in {button["customId"] for button in parent.task.buttons()}:
            return submit_answer(4, "参数错误", None, {})
        if custom_id.endswith("::all"):
            return self._imagine_all(submit, parent.task)
        if submit.action == "BOOKMARK":
            return submit_answer(1, self._queue.describe_accepted("Submit success"), parent.task.task_id, CHANNEL)
        if submit.action in {"DESCRIBE", "SHORTEN"}:
            final = parent.task.final_prompt or DESCRIPTION
            same = Plan(parent.task.result, lambda _: parent.task.shots)
            return self._queue.take(submit, parent.task.prompt, same, final=final)
        remixes = self._queue.settings.has_remix
        if self._queue.settings.has_remix_on_demand:
            remixes = remixes or submit.body.get("enableRemix") is True
        if submit.action in _FREE_FORMS | _TEXT_FORMS or (remixes and submit.action in _REMIX_ACTIONS):
            return self._open_window(submit, parent, custom_id)
        if (repeat := self._answer_repeat(submit, parent.task, custom_id)) is not None:
            return repeat
        answer = self._take(submit, parent, custom_id)
        if submit.action in {"UPSCALE", "VARIATION"} and self._queue.accepted:
            self._repeats[parent.task.task_id, custom_id] = self._queue.accepted[-1].task_id
        return answer

    def modal(self, submit: Submit) -> web.Response:
        """Submit the form of a waiting task, with a prompt and possibly a mask."""
        row = self._queue.table.first(submit.text("taskId"), submit.key.account)
        if row is None:
            raise RequestRefused(midjourney_error("task_not_found"))
        task = row.task
        if task.read_status(submit.now)[0] != "MODAL":
            return submit_answer(4, "关联任务状态错误", None, {})
        prompt = submit.text("prompt") or task.prompt
        if BANNED_WORD in prompt.lower():
            return banned_answer(prompt)
        if not prompt:
            return submit_answer(4, "prompt不能为空", None, {})
        mask = decode_picture(submit.body.get("maskBase64")) or b""
        if submit.body.get("maskBase64") and submit.photo("maskBase64") is None:
            return submit_answer(4, "base64格式错误", None, {})
        set_outcome(task, prompt)
        if not task.fail_reason:
            task.plan = confirm_modal(task, prompt, mask)
            task.shots = task.plan.draw(task.uuid)
        task.prompt, task.final_prompt = prompt, final_prompt(prompt)
        if self._queue.settings.is_recorded:
            task.state = submit.text("state") or task.state
        self._queue.confirm(task, submit.now)
        description = self._queue.describe_accepted("Submit success")
        self._queue.table.insert(task, action="MODAL", prompt=row.prompt, description=description, created=submit.now)
        self._queue.bill(submit, task.task_id)
        return submit_answer(1, description, task.task_id, CHANNEL)

    def _take(self, submit: Submit, parent: TaskRow, custom_id: str) -> web.Response:
        action = submit.action.replace("_EXTEND", "").replace("UPSCALE_VIDEO", "UPSCALE")
        plan = build_child(parent.task, custom_id)
        final = parent.task.final_prompt
        return self._queue.take(replace(submit, action=action), parent.prompt, plan, final=final)

    def _answer_repeat(self, submit: Submit, parent: UpstreamTask, custom_id: str) -> web.Response | None:
        """Answer a repeated upscale or variation with the first task, None if there is none.

        midjourney-proxy's code 21 becomes new-api's 1, which new-api bills; here only recorded software does.
        """
        known = self._repeats.get((parent.task_id, custom_id))
        if known is None or not self._queue.settings.recognizes_repeats:
            return None
        row = self._queue.table.first(known)
        status = row.task.final_status if row else ""
        if self._queue.settings.is_recorded:
            self._queue.bill(submit, known)
        return self._queue.pass_on(submit, 21, "任务已存在", known, {"status": status, "imageUrl": ""})

    def _imagine_all(self, submit: Submit, parent: UpstreamTask) -> web.Response:
        """Draw all four prompts of a description, as TrueAI's proxy does, which joins the ids; other proxies refuse."""
        if not self._queue.settings.has_imagine_all:
            return submit_answer(4, "参数错误", None, {})
        prompts = [describe_line(parent.final_prompt, f"::{number}") for number in range(1, 5)]
        before = len(self._queue.accepted)
        for prompt in prompts:
            refused = self._queue.take(submit, prompt, Plan("grid", partial(compose_shots, prompt)))
            if len(self._queue.accepted) == before:
                return refused
        ids = [one.task_id for one in self._queue.accepted[before:]]
        return submit_answer(1, self._queue.describe_accepted("Submit success"), ",".join(ids), CHANNEL)

    def _open_window(self, submit: Submit, parent: TaskRow, custom_id: str) -> web.Response:
        of_text = "Job::" in custom_id
        prompt = describe_line(parent.task.final_prompt, custom_id) if of_text else parent.task.prompt
        task = self._queue.create_task(submit, prompt, Plan("grid", lambda _: ()))
        task.needs_modal, task.pressed_custom_id, task.parent = True, custom_id, parent.task
        zh = self._queue.settings.is_chinese
        description = "窗口等待" if zh else "Waiting for window confirm"
        self._queue.table.insert(
            task, action=submit.action, prompt=parent.prompt, description=description, created=submit.now
        )
        if submit.action not in _FREE_FORMS:
            self._queue.bill(submit, task.task_id)
        if zh:
            return self._queue.pass_on(submit, 21, description, task.task_id)
        final = "" if submit.action == "INPAINT" else task.final_prompt
        properties = {"finalPrompt": final, "remix": True, **CHANNEL}
        return self._queue.pass_on(submit, 21, description, task.task_id, properties)


def _find_older_custom_id(submit: Submit, task: UpstreamTask) -> str:
    """Return the customId of an older change, "" without an index, which new-api requires for every action."""
    index = submit.body.get("index")
    if not isinstance(index, int) or index == 0:
        return ""
    if submit.action == "REROLL":
        return f"MJ::JOB::reroll::0::{task.uuid}::SOLO"
    return f"MJ::JOB::{CHANGES[submit.action]}::{index}::{task.uuid}"
