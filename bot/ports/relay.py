"""The relay, as the use cases need it."""

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.relay.billing_log import BillingPage
from bot.relay.requests import SubmitRequest
from bot.relay.responses.account_responses import KeyQuota, RelayMoney, RelayPriceList


class Relay(Protocol):
    """The relay API as the use cases call it; every method raises a leaf of RelayError where it fails.

    Each submit is sent exactly once. It raises SubmitOutcomeUnknown where the relay may have accepted it, and any other
    RelayError where the relay has not. Everything else is free.
    """

    async def fetch_task(self, task_id: str, /) -> Task:
        """Fetch one task, or raise TaskUnknown."""
        ...

    async def fetch_tasks(self, task_ids: Collection[str], /) -> dict[str, Task]:
        """Fetch many tasks by id; ids that the relay does not know are missing.

        Raises:
            ActionUnsupported: The relay has no endpoint for many tasks.
        """
        ...

    async def find_task_by_state(self, state: str, /) -> Task | None:
        """Find the task that carries this `state`.

        Raises:
            ActionUnsupported: The relay does not list all of its tasks.
        """
        ...

    async def fetch_billing_log(self) -> BillingPage:
        """Fetch what the relay billed to this key.

        Raises:
            ActionUnsupported: The relay has no such log.
        """
        ...

    async def fetch_seed(self, task_id: str, /) -> str:
        """Fetch the seed of a task, which takes up to two minutes."""
        ...

    async def cancel_task(self, task_id: str, /) -> None:
        """Cancel a running task.

        Raises:
            ActionUnsupported: The relay cannot cancel.
        """
        ...

    async def submit(self, request: SubmitRequest, /, *, state: str, speed: Speed | None = None) -> SubmitResponse:
        """Submit a request; its task carries `state`, and `speed` selects another queue than the relay's default."""
        ...


class RelayAccount(Protocol):
    """What the relay tells about money; every method raises a leaf of RelayError where it tells nothing.

    ActionUnsupported says that the relay has no such route, or not for this key.
    """

    async def fetch_money(self) -> RelayMoney:
        """Fetch the relay's unit and currency."""
        ...

    async def fetch_prices(self) -> RelayPriceList:
        """Fetch the relay's price list."""
        ...

    async def fetch_balance(self) -> tuple[Decimal, Decimal]:
        """Fetch what is left and the limit, in the relay's `balance_currency`; two calls of the rate limit."""
        ...

    async def fetch_key_quota(self) -> KeyQuota:
        """Fetch what is left of the key's quota, in units; one call of the rate limit."""
        ...
