"""Reports of messages: what a person reported, and how a moderator resolved it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique


@unique
class ReportState(StrEnum):
    """How a report was resolved, if it was."""

    OPEN = "open"
    DELETED = "deleted"
    """The message was deleted."""
    BLOCKED = "blocked"
    """The person who asked for the picture was blocked."""
    DISMISSED = "dismissed"
    """Nothing was to be done."""


@unique
class ReportReason(StrEnum):
    """Why a message was reported; what only a newer version of the bot knows is OTHER."""

    SEXUAL = "sexual"
    VIOLENCE = "violence"
    HATE = "hate"
    PERSON = "person"
    """It shows a real person, who may not want that."""
    ILLEGAL = "illegal"
    OTHER = "other"


@unique
class ReportAudience(StrEnum):
    """Who reads a line about reports, each in a log channel of their own."""

    SERVER = "server"
    OPERATOR = "operator"


@dataclass(frozen=True)
class ReportLine:
    """Where the line about the reports of a message is."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """One person's report of one message; `guild_id` is 0 outside servers, `task_id` "" where it is not known.

    The first open report of a message has the lines about all of them. `resolver_id` and `resolved_at` are set with
    any state but OPEN.
    """

    id: int = 0
    guild_id: int
    channel_id: int
    message_id: int
    task_id: str
    reporter_id: int
    reason: ReportReason
    comment: str
    made_at: datetime
    state: ReportState = ReportState.OPEN
    resolver_id: int = 0
    resolved_at: datetime | None = None
    server_line: ReportLine | None = None
    operator_line: ReportLine | None = None

    @property
    def is_open(self) -> bool:
        """Whether no moderator has resolved it."""
        return self.state is ReportState.OPEN

    def find_line(self, audience: ReportAudience) -> ReportLine | None:
        """Return where the line for these readers is, if it was sent."""
        return self.server_line if audience is ReportAudience.SERVER else self.operator_line
