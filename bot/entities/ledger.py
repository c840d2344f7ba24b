"""What claims cost: the expected price before a request is sent, the bill of the relay's log, and how it ended.

Amounts are decimal numbers in one currency, with at most six decimal places.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.midjourney.task import Status, Task

NO_LONGER_IN_LEDGER: Final = ""
"""The stored outcome of a claim whose time in the ledger has passed."""
_CHANNEL_LOST: Final = re.compile(r"获取渠道信息失败|get_channel_info_failed")
"""Why new-api ends all tasks of a channel that was deleted; it does not credit those (controller/midjourney.go)."""


class CostKind(StrEnum):
    """The expensive kinds of requests, which may have limits of their own."""

    VIDEO = "video"
    TURBO = "turbo"
    HD = "hd"
    SEVERAL = "several"
    """Several tasks at once, such as "Imagine all"."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a claim is for and what it is expected to cost, known before its request is sent.

    `action` is the API's word, such as IMAGINE, and `model` the name under which the relay bills it. `speed` is "" for
    the relay's default. `expected` is the price of all its tasks together; None where no price is known.
    """

    action: str = ""
    model: str = ""
    speed: str = ""
    kinds: frozenset[CostKind] = frozenset()
    channel_id: int = 0
    is_private: bool = False
    expected: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class SentCost:
    """What a claim costs as it was really sent, and what the relay calls its requests, separated by blanks."""

    cost: Cost
    request_id: str = ""


class LedgerOutcome(StrEnum):
    """How a claim ended, as the ledger shows it."""

    REFUSED = "refused"
    """Nothing was charged."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The task failed, and the relay keeps the amount."""
    CREDITED = "credited"
    """The task failed, and the relay credits its price to the account."""
    UNKNOWN = "unknown"
    """The relay's answer was lost: it may have charged the request."""


def find_outcome(task: Task) -> LedgerOutcome | None:
    """Return how a task ended; None for one that has not ended.

    new-api credits a task that failed, and one that it cancels with a reason, in full; a picture that Midjourney's
    moderation removed from a task that succeeded is not credited.
    """
    match task.status:
        case Status.SUCCESS:
            return LedgerOutcome.DONE
        case Status.FAILURE:
            return LedgerOutcome.FAILED if _CHANNEL_LOST.search(task.fail_reason) else LedgerOutcome.CREDITED
        case Status.CANCEL:
            return LedgerOutcome.CREDITED if task.fail_reason.strip() else LedgerOutcome.FAILED
        case _:
            return None


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One claim in the ledger; it contains no prompt.

    `confirmed` is what the relay's log says; None until a row of the log was found. `request_id` is the relay's.
    `task_id` is empty where the relay accepted none. `link` leads to the message; empty where only its requester saw
    it, or where its row is deleted.
    """

    claim_id: int
    made_at: datetime
    person_id: int
    guild_id: int
    channel_id: int
    action: str
    model: str
    speed: str
    currency: str
    tasks: int
    expected: Decimal | None
    confirmed: Decimal | None
    request_id: str
    outcome: LedgerOutcome
    task_id: str
    is_private: bool = False
    link: str = ""

    @property
    def amount(self) -> Decimal | None:
        """The price: confirmed, or else expected; None where neither is known."""
        return self.expected if self.confirmed is None else self.confirmed


@dataclass(frozen=True, kw_only=True)
class LedgerFilter:
    """Which entries are wanted: of a server (None: all, 0: outside servers), of a person, made since and before."""

    guild_id: int | None = None
    person_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


class LedgerGroup(StrEnum):
    """What entries are added up by."""

    PERSON = "person"
    SERVER = "server"
    ACTION = "action"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class LedgerTotal:
    """The entries of one group together: `key` is the id of a person or server, an action, or a day as 2026-11-28.

    `amount` is in `currency`, credited amounts left out; `unconfirmed` is the part of it that no log row confirmed.
    """

    key: str
    tasks: int
    amount: Decimal = Decimal(0)
    unconfirmed: Decimal = Decimal(0)
    currency: str = ""


class CountScope(StrEnum):
    """Whose claims a limit counts."""

    PERSON = "person"
    """The person's, everywhere."""
    MEMBER = "member"
    """The person's in this server."""
    SERVER = "server"
    """All members' in this server."""
    EVERYONE = "everyone"


@dataclass(frozen=True)
class SpendingCount:
    """Which claims a limit counts: those in its scope since then, of one expensive kind, or of all (None)."""

    scope: CountScope
    since: datetime
    kind: CostKind | None = None


@dataclass(frozen=True)
class Spending:
    """How many tasks claims made, and what they cost; amounts that the relay credits are left out."""

    tasks: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class SpendingPlan:
    """What is counted while a claim is judged.

    Amounts are added in `currency`: those in another one of `rates` are multiplied by its rate, and those in any other
    count as they are, so that nothing that was spent counts nothing. `unpriced` is counted for each task of a claim
    that an older version of the bot wrote, which knew no prices, and `dearest` for each task whose price is not known.
    """

    counts: Sequence[SpendingCount] = ()
    currency: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    unpriced: Decimal = Decimal(0)
    dearest: Decimal = Decimal(0)
