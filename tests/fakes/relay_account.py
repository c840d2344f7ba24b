"""A bot.ports.RelayAccount that tells what a test sets, or raises it."""

from decimal import Decimal

from bot.errors import ActionUnsupported
from bot.relay.responses.account_responses import KeyQuota, ListedPrice, RelayMoney, RelayPriceList

NOT_OFFERED = ActionUnsupported("no such path", lasting=True)
DOLLARS = RelayMoney(quota_per_unit=Decimal(500_000), currency="USD", rates={"USD": Decimal(1)})
YUAN = RelayMoney(
    quota_per_unit=Decimal(500_000),
    currency="CNY",
    rates={"USD": Decimal(1), "CNY": Decimal("7.3")},
    balance_currency="CNY",
)
UNITS = RelayMoney(
    quota_per_unit=Decimal(500_000), currency="USD", rates={"USD": Decimal(1)}, balance_currency=""
)  # fmt: skip


class FakeRelayAccount:
    """Answers each route with a value, or raises the error that is set in its place; `calls` names them in order."""

    def __init__(self) -> None:
        self.money: RelayMoney | Exception = DOLLARS
        self.prices: RelayPriceList | Exception = RelayPriceList((ListedPrice("mj_imagine", Decimal("0.1")),))
        self.balance: tuple[Decimal, Decimal] | Exception = (Decimal(4), Decimal(10))
        self.quota: KeyQuota | Exception = NOT_OFFERED
        self.calls: list[str] = []

    async def fetch_money(self) -> RelayMoney:
        self.calls.append("money")
        if isinstance(self.money, Exception):
            raise self.money
        return self.money

    async def fetch_prices(self) -> RelayPriceList:
        self.calls.append("prices")
        if isinstance(self.prices, Exception):
            raise self.prices
        return self.prices

    async def fetch_balance(self) -> tuple[Decimal, Decimal]:
        self.calls.append("balance")
        if isinstance(self.balance, Exception):
            raise self.balance
        return self.balance

    async def fetch_key_quota(self) -> KeyQuota:
        self.calls.append("quota")
        if isinstance(self.quota, Exception):
            raise self.quota
        return self.quota
