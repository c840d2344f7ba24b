"""Values to rows and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.entities import Claim, ClaimState, Job, Notify, Person, PersonSettings, Place
from bot.midjourney.request_options import Speed
from bot.midjourney.task import Task


def job_to_row(job: Job) -> dict[str, Any]:
    """Flatten a job: place and requester are columns."""
    row = asdict(job)
    place: dict[str, Any] = row.pop("place")
    requester: dict[str, Any] = row.pop("requester")
    return {**row, **place, **{f"requester_{name}": value for name, value in requester.items()}}


def job_from_row(row: Mapping[str, Any]) -> Job:
    """Build the job that a row of `jobs` describes."""
    place = Place(
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        guild_id=row["guild_id"],
        application_id=row["application_id"],
        token=row["token"],
        token_expires_at=row["token_expires_at"],
        ephemeral=row["ephemeral"],
        reachable=row["reachable"],
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
    )


def claim_from_row(row: Mapping[str, Any]) -> Claim:
    """Build the claim that a row of `claims` describes."""
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
    )


def person_settings_from_row(row: Mapping[str, Any]) -> PersonSettings:
    """Build the settings that a row of `people` describes; a value of a newer version's counts as not chosen."""
    return PersonSettings(
        remix=row["remix"],
        defaults=row["defaults"],
        speed=Speed(row["speed"]) if row["speed"] in set(Speed) else None,
        notify=Notify(row["notify"]) if row["notify"] in set(Notify) else Notify.LATE,
    )


def task_to_row(task: Task) -> dict[str, Any]:
    """Write a snapshot down; progress is a column, since the wire's "46%" is no number and the model reads the wire."""
    return {
        "task_id": task.id,
        "status": task.status.value,
        "final": task.status.is_final,
        "progress": task.progress,
        "body": task.model_dump_json(by_alias=True, exclude={"progress"}),
    }


def task_from_row(row: Mapping[str, Any]) -> Task:
    """Build the snapshot that a row of `snapshots` describes."""
    return Task.model_validate_json(row["body"]).model_copy(update={"progress": row["progress"]})
