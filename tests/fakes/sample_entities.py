"""Tasks, places and jobs with everything filled in that a test does not care about."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from bot.entities import Job, Person, Place
from bot.midjourney.task import Button, Status, Task
from bot.policy.task_privacy import Viewer
from tests.fakes.clock import START

PARENT = "1730621826053455"
CHILD = "9001"
LIEN = Person(1, "lien")
MINH = Person(2, "minh")
U2 = "MJ::JOB::upsample::2::aa"
V2 = "MJ::JOB::variation::2::aa"
ZOOM = "MJ::CustomZoom::aa"
PAN = "MJ::JOB::pan_left::1::aa::SOLO"
BUTTONS = tuple(Button(custom_id=one, label=label) for one, label in ((U2, "U2"), (V2, "V2"), (ZOOM, ""), (PAN, "")))


def task(task_id: str = PARENT, status: Status = Status.IN_PROGRESS, progress: int = 0, **more: Any) -> Task:  # noqa: ANN401
    """Make a task; a success has its picture and its buttons."""
    if status is Status.SUCCESS:
        picture = {} if "image_url" in more else {"imageUrl": f"https://cdn.test/{task_id}.png"}
        more = {**picture, "buttons": BUTTONS, **more}
    return Task.model_validate(
        {"id": task_id, "prompt": "a lighthouse", "status": status, "progress": progress, **more}
    )


def place(message_id: int = 700, **more: Any) -> Place:  # noqa: ANN401
    """Make a place in a server's channel."""
    born: datetime = more.pop("born", START)
    given = {"ephemeral": False, "reachable": True, "token_expires_at": born + timedelta(minutes=15), **more}
    return Place(channel_id=5, message_id=message_id, guild_id=6, application_id=7, token="token", **given)


def viewer(person: Person = LIEN, clicked: Place | None = None, *, hidden_channels: Collection[int] = ()) -> Viewer:
    """Make a person in the server, who can see its channels except the hidden ones, and no other server's."""

    def can_view(guild_id: int, channel_id: int) -> bool | None:
        return channel_id not in hidden_channels if guild_id == place().guild_id else None

    return Viewer(person_id=person.id, can_view=can_view, clicked=clicked)


def job(message_id: int = 700, task_id: str = PARENT, **more: Any) -> Job:  # noqa: ANN401
    """Make a job of lien's."""
    given = {"place": place(message_id), "requester": LIEN, "born_at": START, **more}
    return Job(task_id=task_id, **given)
