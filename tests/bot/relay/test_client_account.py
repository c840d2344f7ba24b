"""The client's routes about money: the key stays in the headers, and each is read once."""

from decimal import Decimal

import pytest
from aiohttp import web

from bot.errors import ActionUnsupported, RelayBusy, RelayError, RelayUnreachable
from bot.relay.client import RelayClient
from bot.relay.responses.account_responses import KeyQuota
from bot.relay.transport import RelayTransport
from tests.fakes.socket_relay import KEY, Slept, relay

PAGE = "<!doctype html><html></html>"


def says(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="application/json")


MISSING = says('{"error":{"message":"Invalid URL (GET /api/pricing)","type":"invalid_request_error","code":""}}', 404)


async def test_each_route_is_read_once_with_the_key_in_a_header() -> None:
    answers = (
        says('{"data":{"quota_per_unit":500000,"display_in_currency":true}}'),
        says('{"data":[{"model_name":"mj_imagine","quota_type":1,"model_price":0.1}],"group_ratio":{"default":1}}'),
        says('{"hard_limit_usd":10}'),
        says('{"total_usage":819.9999999999999}'),
    )
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert (await api.fetch_money()).currency == "USD"
        assert (await api.fetch_prices()).list_amounts() == {"mj_imagine": Decimal("0.1")}
        assert await api.fetch_balance() == (Decimal("1.8"), Decimal(10))
        it.usage = says('{"code":true,"data":{"total_available":-1,"unlimited_quota":true}}')
        assert await api.fetch_key_quota() == KeyQuota(left=None)
        assert [seen.path for seen in it.seen] == [
            "/api/status", "/api/pricing", "/v1/dashboard/billing/subscription", "/v1/dashboard/billing/usage"
        ]  # fmt: skip
        headers = [*(seen.headers for seen in it.seen), *it.usage_asked]
        assert {each["Authorization"] for each in headers} == {f"Bearer {KEY}"}
        assert all(KEY not in seen.path for seen in it.seen)


async def test_one_hub_has_a_price_list_of_its_own() -> None:
    listed = says('{"data":{"mj_imagine":{"price":{"type":"times","input":50}}}}')
    async with relay(MISSING, listed) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert (await api.fetch_prices()).list_amounts() == {"mj_imagine": Decimal("0.1")}
        assert [seen.path for seen in it.seen] == ["/api/pricing", "/api/available_model"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (web.Response(text=PAGE), ActionUnsupported),
        (MISSING, ActionUnsupported),
        (says('{"success":false,"message":"pricing is disabled"}', 403), ActionUnsupported),
        (web.Response(status=429), RelayBusy),
        (web.Response(status=502, text=PAGE), RelayUnreachable),
        (says('{"data":[' + " " * 3 * 1024 * 1024 + "]}"), RelayUnreachable),
    ],
)
async def test_failures_are_errors_of_the_relay_and_close_no_gate(
    answer: web.Response, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RelayTransport, "submit", None)  # nothing of this may submit
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(expected):
            await api.fetch_prices()
        with pytest.raises(expected):
            await api.fetch_money()
        with pytest.raises(RelayError):
            await api.fetch_balance()
        await api.check_key()
