"""The tables as the newest migration leaves them; a test compares the two."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from bot.money import MAX_AMOUNT


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite itself has no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; raise ValueError for a naive time, as a guessed zone would shift the limits of a day."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to an aware datetime in UTC."""
        del dialect
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Amount(TypeDecorator[Decimal]):
    """An amount of money with six decimal places, stored as an integer: SQLite has no decimal numbers.

    None is stored that exceeds MAX_AMOUNT, so that a sum of fewer than 90,000 rows always fits into 64 bits.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Convert to millionths, rounded to the nearest."""
        del dialect
        return None if value is None else int((min(value, MAX_AMOUNT) * AMOUNT_UNITS).to_integral_value())

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:
        """Convert from millionths; PostgreSQL sends a sum as a decimal number."""
        del dialect
        return None if value is None else Decimal(value) / AMOUNT_UNITS


AMOUNT_UNITS = 1_000_000
metadata = MetaData()

RELEASED_OWNER = ""
"""The owner of a released job; NULL was written by versions without owners."""

jobs = Table(
    "jobs",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("application_id", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Column("token_expires_at", UtcDateTime, nullable=False),
    Column("ephemeral", Boolean, nullable=False),
    Column("reachable", Boolean, nullable=False),
    Column("requester_id", BigInteger, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("requester_avatar_url", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("born_at", UtcDateTime, nullable=False),
    Column("pressed", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("parent_link", Text, nullable=False),
    Column("claim_id", BigInteger, nullable=False),
    Column("notify", Boolean, nullable=False),
    Column("form_sent", Boolean, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("owner", Text),  # the process that follows the job; NULL: none
    Column("notified", Boolean),  # NULL: written by a version without the column
    Column("redraws", Integer),  # how often the final state was to be drawn again; NULL: never
    Column("redraw_at", UtcDateTime),
    Column("posted", Boolean),  # whether a gallery has its picture, or may have; NULL: no
    Column("language", Text),  # of its message; NULL: the operator's default
)
_is_open = jobs.c.closed_at.is_(None)
Index("jobs_open", jobs.c.born_at, jobs.c.message_id, sqlite_where=_is_open, postgresql_where=_is_open)
Index("jobs_by_owner", jobs.c.owner, sqlite_where=_is_open, postgresql_where=_is_open)
Index("jobs_closed", jobs.c.closed_at, sqlite_where=~_is_open, postgresql_where=~_is_open)
Index("jobs_by_task", jobs.c.task_id, jobs.c.born_at)
Index("jobs_by_requester", jobs.c.requester_id, jobs.c.born_at)
Index("jobs_by_claim", jobs.c.claim_id)

snapshots = Table(
    "snapshots",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("progress", Integer),
    Column("body", Text, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
)
Index("snapshots_by_age", snapshots.c.kept_at)

claims = Table(
    "claims",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("button", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("child_id", Text, nullable=False),
    Column("owner", Text),  # the process that submits; NULL: written by a version without owners
    Column("child_status", Text),  # copied from the child's snapshot before it is deleted
    Column("submits", Integer),  # how many submits the relay bills; NULL: unknown, counts as one
    # The ledger: all of it is NULL where a version without it wrote the row, or where the ledger's time has passed.
    Column("channel_id", BigInteger),
    Column("action", Text),
    Column("model", Text),
    Column("speed", Text),
    Column("kinds", Text),  # of bot.entities.CostKind, each between commas: ",video,turbo,"
    Column("is_private", Boolean),
    Column("currency", Text),
    Column("expected", Amount),  # NULL: no price was known
    Column("confirmed", Amount),  # NULL: no row of the relay's log was found yet
    Column("request_id", Text),  # the relay's
    Column("outcome", Text),  # of bot.entities.LedgerOutcome, when the task has ended; NULL: `state` tells
)
Index("claims_by_child", claims.c.child_id)
Index("claims_by_day", claims.c.made_at)
Index("claims_by_person", claims.c.person_id, claims.c.made_at)
Index("claims_by_task", claims.c.task_id, claims.c.state)
Index("claims_by_state", claims.c.state, claims.c.made_at)
Index("claims_by_guild", claims.c.guild_id, claims.c.made_at)

rules = Table(
    "rules",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

rule_changes = Table(
    "rule_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)
Index("rule_changes_by_guild", rule_changes.c.guild_id, rule_changes.c.made_at)

deleted_messages = Table(  # where the messages of submits were whose jobs are deleted: private tasks stay private
    "deleted_messages",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", Text, nullable=False),
    Column("requester_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("ephemeral", Boolean, nullable=False),
)
Index("deleted_messages_by_task", deleted_messages.c.task_id)
Index("deleted_messages_by_requester", deleted_messages.c.requester_id)

refusals = Table(
    "refusals",
    metadata,
    Column("ability", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("refused_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("remix", Boolean, nullable=False),
    Column("defaults", Text, nullable=False),
    Column("speed", Text),  # NULL: the relay's default
    Column("notify", Text, nullable=False),
    Column("language", Text),  # NULL: that of the person's Discord
    Column("hints", Text),  # which hints the person has seen, each between commas; NULL: none
)

reports = Table(
    "reports",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("reporter_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("resolver_id", BigInteger),
    Column("resolved_at", UtcDateTime),
    Column("line_channel_id", BigInteger),  # where the first open report of a message has its line in the log channel
    Column("line_message_id", BigInteger),
    Column("operator_channel_id", BigInteger),  # and in the operator's
    Column("operator_message_id", BigInteger),
)
Index("reports_by_guild", reports.c.guild_id, reports.c.state, reports.c.made_at)
Index("reports_by_message", reports.c.message_id, reports.c.id)
Index("reports_by_reporter", reports.c.reporter_id, reports.c.made_at)

departures = Table(  # the servers that the bot has left, until their settings are deleted
    "departures",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("left_at", UtcDateTime, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
)
