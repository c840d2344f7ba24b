"""Whose hand it is that ends something, or takes it away: the requester's, a moderator's, or nobody's business."""

from dataclasses import dataclass

from bot.entities import Job, Person
from bot.errors import NotOwnerOrModerator


@dataclass(frozen=True)
class MessageActor:
    """Who wants to end something: `requester_id` is whose message it is as Discord tells, 0 where it does not."""

    person: Person
    requester_id: int
    is_moderator: bool

    def require_permission(self, job: Job | None) -> None:
        """Raise NotYours unless it is theirs, as the store knows first, or they manage messages there."""
        requester_id = job.requester.id if job else self.requester_id
        if not self.is_moderator and self.person.id != requester_id:
            raise NotOwnerOrModerator
