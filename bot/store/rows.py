"""Conversion between values and rows of the tables."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.entities import (
    Claim,
    ClaimState,
    Cost,
    Job,
    Notify,
    Person,
    PersonSettings,
    Place,
    PressedButton,
    SentCost,
    TaskOrigin,
    TaskSummary,
)
from bot.languages import find_language
from bot.midjourney.buttons import name_result
from bot.midjourney.request_options import Speed
from bot.midjourney.task import Status, Task
from bot.store.spending_queries import format_kinds, parse_kinds

log = logging.getLogger(__name__)


def job_to_row(job: Job) -> dict[str, Any]:
    """Return a row of `jobs`: the fields of the place and the requester are columns of it."""
    row = asdict(job)
    place: dict[str, Any] = row.pop("place")
    requester: dict[str, Any] = row.pop("requester")
    return {**row, **place, **{f"requester_{name}": value for name, value in requester.items()}}


def job_from_row(row: Mapping[str, Any]) -> Job:
    """Return the job of a row of `jobs`."""
    place = Place(
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        guild_id=row["guild_id"],
        application_id=row["application_id"],
        token=row["token"],
        token_expires_at=row["token_expires_at"],
        ephemeral=row["ephemeral"],
        reachable=row["reachable"],
        language=find_language(row["language"]),
    )
    return Job(
        place=place,
        requester=Person(row["requester_id"], row["requester_name"], row["requester_avatar_url"]),
        task_id=row["task_id"],
        born_at=row["born_at"],
        pressed=row["pressed"],
        done=row["done"],
        parent_id=row["parent_id"],
        parent_link=row["parent_link"],
        claim_id=row["claim_id"],
        notify=row["notify"],
        form_sent=row["form_sent"],
        notified=bool(row["notified"]),
        redraws=row["redraws"] or 0,
        redraw_at=row["redraw_at"],
    )


def claim_to_row(claim: Claim) -> dict[str, Any]:
    """Return a row of `claims`: the fields of the cost are columns of it."""
    row = asdict(claim)
    cost: dict[str, Any] = row.pop("cost")
    return {**row, **cost, "kinds": format_kinds(claim.cost.kinds)}


def sent_cost_to_row(sent: SentCost) -> dict[str, Any]:
    """Return the columns of `claims` that say what was sent; those that say where stay as they were claimed."""
    cost = sent.cost
    row = {
        "action": cost.action,
        "model": cost.model,
        "speed": cost.speed,
        "kinds": format_kinds(cost.kinds),
        "expected": cost.expected,
        "currency": cost.currency,
    }
    return {**row, "request_id": sent.request_id} if sent.request_id else row


def claim_from_row(row: Mapping[str, Any]) -> Claim:
    """Return the claim of a row of `claims`."""
    return Claim(
        id=row["id"],
        person_id=row["person_id"],
        guild_id=row["guild_id"],
        message_id=row["message_id"],
        task_id=row["task_id"],
        button=row["button"],
        made_at=row["made_at"],
        state=ClaimState(row["state"]),
        child_id=row["child_id"],
        submits=row["submits"],
        cost=Cost(
            action=row["action"] or "",
            model=row["model"] or "",
            speed=row["speed"] or "",
            kinds=parse_kinds(row["kinds"]),
            channel_id=row["channel_id"] or 0,
            is_private=bool(row["is_private"]),
            expected=row["expected"],
            currency=row["currency"] or "",
        ),
    )


def person_settings_to_row(settings: PersonSettings) -> dict[str, Any]:
    """Return the columns of a row of `people`, without the person."""
    hints = f",{','.join(sorted(settings.hints))}," if settings.hints else None
    return {**asdict(settings), "hints": hints}


def person_settings_from_row(row: Mapping[str, Any]) -> PersonSettings:
    """Return the settings of a row of `people`; a value that only a newer version knows counts as not chosen."""
    return PersonSettings(
        remix=row["remix"],
        defaults=row["defaults"],
        speed=Speed(row["speed"]) if row["speed"] in set(Speed) else None,
        notify=Notify(row["notify"]) if row["notify"] in set(Notify) else Notify.LATE,
        language=find_language(row["language"]),
        hints=frozenset(filter(None, (row["hints"] or "").split(","))),
    )


def task_to_row(task: Task) -> dict[str, Any]:
    """Return a row of `snapshots`, without `kept_at`.

    Progress is a column of its own: the model parses the API's "46%", and would not read a number back.
    """
    return {
        "task_id": task.id,
        "status": task.status.value,
        "final": task.status.is_final,
        "progress": task.progress,
        "body": task.model_dump_json(by_alias=True, exclude={"progress"}),
    }


def task_from_row(row: Mapping[str, Any]) -> Task | None:
    """Return the task of a row of `snapshots`, or None where another version wrote it in a way that is not readable.

    The relay has the task as well, so an unreadable snapshot is no loss.
    """
    try:
        task = Task.model_validate_json(row["body"])
    except ValueError:
        log.warning("The snapshot of task %s is not readable and is ignored.", row["task_id"])
        return None
    return task.model_copy(update={"progress": row["progress"]})


def task_summary_from_row(row: Mapping[str, Any]) -> TaskSummary:
    """Return the summary of a row of queries.select_tasks: a job with its task's snapshot, if there is one."""
    job = job_from_row(row)
    task = (task_from_row(row) if row["body"] else None) or Task(id=job.task_id)
    return TaskSummary(
        job.task_id,
        task.shown_prompt,
        task.status,
        task.progress,
        "" if job.place.ephemeral else job.place.link,
        job.born_at,
        is_followed=row["closed_at"] is None,
        pressed=row["any_pressed"],
        result_description=name_result(task, row["any_done"]),
    )


def task_origin_from_row(row: Mapping[str, Any]) -> TaskOrigin:
    """Return the origin of a row of queries.select_task_origins."""
    if row["channel_id"] is None:
        return TaskOrigin(row["task_id"], row["requester_id"])
    return TaskOrigin(
        row["task_id"], row["requester_id"], row["guild_id"], row["channel_id"], ephemeral=row["ephemeral"]
    )


def pressed_button_from_row(press: Mapping[str, Any], visible_jobs: Sequence[Job]) -> PressedButton:
    """Return the button of a row of queries.select_presses.

    It links to the message that the press opened, if that is among the visible jobs of its child, else to another one.
    """
    children = sorted(visible_jobs, key=lambda job: job.claim_id != press["id"])
    is_finished = Status(press["status"]).is_final
    return PressedButton(press["child_id"], children[0].place.link if children else "", is_finished)
