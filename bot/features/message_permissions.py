"""Who may cancel or delete a message: its requester, and moderators."""

from dataclasses import dataclass

from bot.entities import Job, Person
from bot.errors import NotOwnerOrModerator


@dataclass(frozen=True)
class MessageActor:
    """The person who clicked; `requester_id` is the message's requester as Discord knows it, 0 if it does not."""

    person: Person
    requester_id: int
    is_moderator: bool

    def require_permission(self, job: Job | None) -> None:
        """Raise NotOwnerOrModerator unless the person is a moderator, or the requester; the stored job counts first."""
        requester_id = job.requester.id if job else self.requester_id
        if not self.is_moderator and self.person.id != requester_id:
            raise NotOwnerOrModerator
