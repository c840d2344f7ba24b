"""Fill the demo's ledger with five weeks of plausible requests, so that its reports and charts show something."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.entities import Claim, ClaimState, Cost, CostKind, LedgerOutcome
from bot.relay.billing_log import get_billing_model
from bot.store.rows import claim_to_row
from bot.store.schema import claims
from bot.store.sql_store import SqlStore

_DAYS = 35
_FIRST_ID_TIME = 1_420_070_400_000
"""The milliseconds from which Discord's ids count."""
_PRICES = {
    "IMAGINE": "0.10",
    "VARIATION": "0.10",
    "UPSCALE": "0.05",
    "BLEND": "0.10",
    "DESCRIBE": "0.05",
    "VIDEO": "0.80",
}
_SHARES = {"IMAGINE": 10, "VARIATION": 5, "UPSCALE": 6, "BLEND": 1, "DESCRIBE": 1, "VIDEO": 1}
_FAILED_SHARE = 0.04


async def write_history(store: SqlStore, guild_id: int, channel_id: int, people: Sequence[int], now: datetime) -> int:
    """Write finished requests of these people until yesterday, and return how many; the first ones ask for the most."""
    chance = random.Random(7)
    rows: list[dict[str, Any]] = []
    for day in range(1, _DAYS):
        midnight = (now - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
        for number, person_id in enumerate(people):
            for _ in range(chance.randint(0, max(7 - 2 * number, 1))):
                made_at = midnight + timedelta(seconds=chance.randrange(8 * 3600, 23 * 3600))
                rows.append(_build_row(chance, guild_id, channel_id, person_id, made_at, len(rows)))
    await store.database.transaction(lambda connection: connection.execute(claims.insert(), rows))
    return len(rows)


def _build_row(
    chance: random.Random, guild_id: int, channel_id: int, person_id: int, made_at: datetime, number: int
) -> dict[str, Any]:
    (action,) = chance.choices(list(_SHARES), list(_SHARES.values()))
    price = Decimal(_PRICES[action])
    cost = Cost(
        action=action,
        model=get_billing_model(action),
        kinds=frozenset({CostKind.VIDEO} if action == "VIDEO" else ()),
        channel_id=channel_id,
        expected=price,
        currency="USD",
    )
    claim = Claim(
        id=((int(made_at.timestamp() * 1000) - _FIRST_ID_TIME) << 22) + number,
        person_id=person_id,
        guild_id=guild_id,
        message_id=0,
        task_id="",
        button=f"{action.lower()}:{number}",
        made_at=made_at,
        state=ClaimState.ACCEPTED,
        submits=1,
        cost=cost,
    )
    outcome = LedgerOutcome.CREDITED if chance.random() < _FAILED_SHARE else LedgerOutcome.DONE
    return {**claim_to_row(claim), "confirmed": price, "outcome": outcome.value}
