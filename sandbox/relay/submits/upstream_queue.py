"""Accept submits as the upstream does: banned words, queue, the answer as new-api rewrites it, and the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.relay.accounts.billing import FREE, Billing
from sandbox.relay.answers import RequestRefused, midjourney_error, rewrite_codes, submit_answer, submit_body
from sandbox.relay.settings import RelaySettings
from sandbox.relay.submits.submit_fields import Body, Submit
from sandbox.relay.tasks.midjourney_texts import BANNED_WORD, final_prompt, find_objection
from sandbox.relay.tasks.task_rows import TaskRow
from sandbox.relay.tasks.task_table import TaskTable
from sandbox.relay.tasks.upstream_task import Plan, UpstreamTask

CHANNEL = {"discordChannelId": "1187000000000000001", "discordInstanceId": "1650000000000000001"}


@dataclass(frozen=True, kw_only=True)
class AcceptedSubmit:
    """One submit that was accepted and is billed."""

    path: str
    body: Body
    time: float
    task_id: str


class UpstreamQueue:
    """Accepts and bills the submits that passed new-api's checks."""

    def __init__(self, settings: RelaySettings, table: TaskTable, billing: Billing) -> None:
        self.settings = settings
        self.table = table
        self.billing = billing
        self.account_lost = False
        self.accepted: list[AcceptedSubmit] = []
        self._end_times: list[float] = []

    def take(self, submit: Submit, prompt: str, plan: Plan, *, final: str = "", description: str = "") -> web.Response:
        """Accept and bill a task, or refuse it unbilled; `description` replaces the usual text of the answer."""
        if BANNED_WORD in prompt.lower():
            return banned_answer(prompt)
        if self.account_lost:
            return submit_answer(3, "无可用的账号实例", None, {})
        ahead = self.count_ahead(submit.now)
        if ahead > self.settings.queue_size:
            return queue_full_answer()
        task = self.create_task(submit, prompt, plan, final)
        description, properties = description or self.describe_accepted("Submit success"), dict[str, object](CHANNEL)
        if ahead:
            description = f"排队中\uff0c前面还有{ahead}个任务"
            properties = {"numberOfQueues": ahead, "discordInstanceId": CHANNEL["discordInstanceId"]}
        self.enqueue(task, submit, prompt, description)
        code = 22 if ahead else 1
        if submit.action == "SWAP_FACE":
            # new-api writes this answer anew, and leaves the code.
            return submit_answer(code, description, task.task_id, properties)
        return self.pass_on(submit, code, description, task.task_id, properties)

    def enqueue(self, task: UpstreamTask, submit: Submit, prompt: str, description: str) -> None:
        """Add an accepted task to the queue and the table, and bill it."""
        self._end_times.append(task.finished_at)
        self.table.insert(task, action=submit.action, prompt=prompt, description=description, created=submit.now)
        self.bill(submit, task.task_id)

    def pass_on(
        self,
        submit: Submit,
        code: int,
        description: str,
        result: object,
        properties: Mapping[str, object] | None = None,
    ) -> web.Response:
        """Return the upstream's answer to a submit as new-api passes it on."""
        body = submit_body(code, description, result, properties)
        return rewrite_codes(body, keeps_21=submit.action in FREE, blanks=self.settings.spaces_json)

    def create_task(self, submit: Submit, prompt: str, plan: Plan, final: str = "") -> UpstreamTask:
        """Create the upstream's record of a new task."""
        official = self.settings.official
        at_once = official and plan.result in {"single", "clip"} and submit.action == "UPSCALE"
        task = UpstreamTask(
            task_id=self.table.new_id(submit.now),
            prompt=prompt,
            final_prompt=final or final_prompt(prompt),
            plan=plan,
            submitted=submit.now,
            start=self.find_start(submit.now),
            seconds=0.0 if at_once else max(1e-6, self.settings.task_seconds(prompt)),
            state=submit.text("state"),
            account=submit.key.account,
            official=official,
        )
        task.shots = plan.draw(task.uuid)
        set_outcome(task, prompt)
        return task

    def confirm(self, task: UpstreamTask, now: float) -> None:
        """Start a task whose form was submitted."""
        task.start, task.confirmed_at = self.find_start(now), now
        self._end_times.append(task.finished_at)

    def find_parent(self, submit: Submit) -> TaskRow:
        """Return the row of the task that a submit refers to.

        Raises:
            RequestRefused: The task does not exist, or did not succeed.
        """
        row = self.table.first(submit.text("taskId"), submit.key.account)
        if row is None:
            raise RequestRefused(midjourney_error("task_not_found"))
        if self.table.status(row, submit.now) != "SUCCESS":
            raise RequestRefused(midjourney_error("task_status_not_success"))
        return row

    def count_ahead(self, now: float) -> int:
        """Return how many tasks are ahead of a new one."""
        if not self.settings.max_running:
            self._end_times.clear()
            return 0
        self._end_times = sorted(end for end in self._end_times if end > now)
        return max(0, len(self._end_times) - self.settings.max_running + 1)

    def find_start(self, now: float) -> float:
        """Return when a new task will start to run."""
        return self._end_times[-self.settings.max_running] if self.count_ahead(now) else now

    def describe_accepted(self, english: str) -> str:
        """Return the upstream's description of an accepted task: `english`, or the Chinese text."""
        return "提交成功" if self.settings.is_chinese else english

    def bill(self, submit: Submit, task_id: str) -> None:
        """Charge a submit, and record it as accepted."""
        self.billing.charge(submit.key, submit.action, task_id, submit.path, submit.now)
        self.accepted.append(AcceptedSubmit(path=submit.path, body=submit.body, time=submit.now, task_id=task_id))


def set_outcome(task: UpstreamTask, prompt: str) -> None:
    """Set whether Midjourney will fail a task that it accepted."""
    task.fail_reason = find_objection(prompt)
    task.final_status = "FAILURE" if task.fail_reason else "SUCCESS"


def banned_answer(prompt: str) -> web.Response:
    """Return the refusal of a banned prompt, code 24."""
    return submit_answer(24, "可能包含敏感词", None, {"promptEn": prompt, "bannedWord": BANNED_WORD})


def queue_full_answer() -> web.Response:
    """Return the refusal of a full queue, code 23."""
    return submit_answer(23, "队列已满\uff0c请稍后尝试", None, {"discordInstanceId": CHANNEL["discordInstanceId"]})
