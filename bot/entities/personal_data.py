"""What is stored about a person, and what a deletion did with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DataSection(StrEnum):
    """The kinds of what is stored about a person, in the order of their export; a new kind is one more value."""

    SETTINGS = "settings"
    JOBS = "jobs"
    """The messages that the person asked for."""
    TASKS = "tasks"
    """What the relay told of the tasks behind them: prompts, links, buttons."""
    LEDGER = "ledger"
    """One row for each request that may have been billed."""
    DELETED_MESSAGES = "deleted_messages"
    """Where earlier messages were, so that private tasks stay private."""
    BLOCKS = "blocks"
    RULE_CHANGES = "rule_changes"
    """What the person changed as a manager, a moderator or the operator."""
    REPORTS = "reports"


@dataclass(frozen=True, kw_only=True)
class StoredData:
    """How many rows of each kind are stored under a person's id, and under their pseudonym after a deletion.

    `running` is how many of their jobs and submits have not ended; a deletion waits for those.
    """

    counts: Mapping[DataSection, int] = field(default_factory=dict[DataSection, int])
    kept: Mapping[DataSection, int] = field(default_factory=dict[DataSection, int])
    running: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stored under the id itself."""
        return not any(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class DeletedData:
    """What a deletion did; with `running` jobs or submits, it did nothing.

    `jobs` and `tasks` were deleted, of `blanked` tasks that other people follow the words. `kept` rows were moved to
    the pseudonym.
    """

    running: int = 0
    has_settings: bool = False
    jobs: int = 0
    tasks: int = 0
    blanked: int = 0
    kept: int = 0
