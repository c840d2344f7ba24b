"""A bot.ports.ChannelLog that remembers what it was told."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.entities import Claim, Job, RuleChange


class Announced(NamedTuple):
    """One announced request."""

    claim: Claim
    job: Job
    prompt: str
    is_answer_lost: bool


class FakeChannelLog:
    """Remembers requests and changes, in order."""

    def __init__(self) -> None:
        self.requests: list[Announced] = []
        self.changes: list[RuleChange] = []

    def announce_request(self, claim: Claim, job: Job, prompt: str, *, is_answer_lost: bool = False) -> None:
        self.requests.append(Announced(claim, job, prompt, is_answer_lost))

    def announce_changes(self, changes: Sequence[RuleChange]) -> None:
        self.changes += changes
