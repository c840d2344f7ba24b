"""What the sandbox's relay tells about money: its unit, its prices, and what a key or an account has left."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.relay_program_caller import OF_2025, OF_2026, PROMPT, Asker, asking

ONE_HUB = "onehub"
KEY = {"Authorization": "Bearer sk-sandbox"}
LIMITED = {"Authorization": "Bearer sk-limited"}


async def _get(asker: Asker, path: str, **headers: str) -> Any:  # noqa: ANN401 - JSON
    answer = await asker.ask("GET", path, **headers or KEY)
    assert answer.status == 200
    return answer.json


async def _balance(asker: Asker, **headers: str) -> tuple[float, float]:
    limit = await _get(asker, "/v1/dashboard/billing/subscription", **headers)
    usage = await _get(asker, "/dashboard/billing/usage", **headers)
    assert limit["soft_limit_usd"] == limit["hard_limit_usd"] == limit["system_hard_limit_usd"]
    return limit["hard_limit_usd"], usage["total_usage"]


async def test_the_status_names_the_unit_and_since_2026_the_currency() -> None:
    async with asking(OF_2025) as asker:
        data = (await _get(asker, "/api/status"))["data"]
        assert (data["quota_per_unit"], data["display_in_currency"]) == (500_000, True)
        assert "quota_display_type" not in data
    async with asking(OF_2026, display_type="CUSTOM", quota_per_unit=1000, custom_symbol="C", custom_rate=2.5) as asker:
        data = (await _get(asker, "/api/status"))["data"]
        assert (data["quota_per_unit"], data["quota_display_type"]) == (1000, "CUSTOM")
        assert (data["custom_currency_symbol"], data["custom_currency_exchange_rate"]) == ("C", 2.5)
    async with asking(OF_2025, display_type="TOKENS") as asker:
        assert (await _get(asker, "/api/status"))["data"]["display_in_currency"] is False


@pytest.mark.parametrize("name", [OF_2025, OF_2026])
async def test_the_price_list(name: str) -> None:
    """It is the same with and without a key; ratios of groups that no visitor may choose are left out."""
    async with asking(name, group="drawing", group_ratio=1.2, model_prices={"mj_imagine": 0.15}) as asker:
        body = await _get(asker, "/api/pricing")
        assert body == await _get(asker, "/api/pricing", Accept="*/*")
        rows = {row["model_name"]: row for row in body["data"]}
        assert (rows["mj_imagine"]["quota_type"], rows["mj_imagine"]["model_price"]) == (1, 0.15)
        assert (rows["mj_custom_zoom"]["model_price"], rows["gpt-4o"]["quota_type"]) == (0.0, 0)
        assert ("mj_video" in rows) is (name == OF_2026)
        assert body["group_ratio"] == {"default": 1, "vip": 1.2}
        assert "drawing" in rows["mj_imagine"]["enable_groups"]
        assert ("pricing_version" in body) is (name == OF_2026)
        await asker.imagined()
        key = asker.relay.keys.find("sk-sandbox")
        assert key
        assert asker.relay.keys.spent(key) == 90_000


async def test_a_price_list_that_is_not_for_everyone() -> None:
    async with asking(OF_2026, pricing="disabled") as asker:
        answer = await asker.ask("GET", "/api/pricing", **KEY)
        assert (answer.status, answer.json) == (403, {"success": False, "message": "pricing is disabled"})
        assert (await asker.ask("GET", "/api/ratio_config", **KEY)).status == 403
    async with asking(OF_2026, pricing="login") as asker:
        assert (await asker.ask("GET", "/api/pricing", **KEY)).json["success"] is False
        assert (await asker.ask("GET", "/api/pricing", Accept="*/*")).status == 401


async def test_one_hub_lists_prices_in_units_of_its_own_and_bills_speeds_as_models() -> None:
    async with asking(ONE_HUB) as asker:
        data = (await _get(asker, "/api/available_model"))["data"]
        assert (data["mj_imagine"]["price"]["type"], data["mj_imagine"]["price"]["input"]) == ("times", 50)
        assert data["mj_swap_face"]["price"]["input"] == data["mj_turbo_upscale"]["price"]["input"] == 25
        for path in ("/api/pricing", "/api/log/token", "/api/usage/token/"):
            assert (await asker.ask("GET", path, **KEY)).status == 404


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        (OF_2025, {}, (10.0, 10.0)),
        (OF_2026, {}, (10.0, 10.0)),
        (OF_2026, {"display_type": "CNY", "usd_exchange_rate": 7.3}, (73.0, 73.0)),
        (OF_2026, {"display_type": "TOKENS"}, (5_000_000, 5_000_000)),
        (OF_2026, {"display_type": "CUSTOM", "custom_rate": 3.0}, (10.0, 10.0)),
        (OF_2025, {"account_quota": 1_000_000}, (2.0, 10.0)),
        (ONE_HUB, {"account_quota": 1_000_000}, (10.0, 10.0)),
    ],
)
async def test_the_billing_routes(name: str, changed: dict[str, Any], expected: tuple[float, float]) -> None:
    """The limit is what is left and used together; the usage counts hundredths, in the currency of the console."""
    async with asking(name, **changed) as asker:
        await asker.ask("POST", "/mj/submit/imagine", {"prompt": PROMPT}, **LIMITED, **{"mj-api-secret": "sk-limited"})
        assert await _balance(asker, **LIMITED) == pytest.approx(expected)


async def test_an_unlimited_key() -> None:
    """Its limit is a number; one-hub tells what the account has instead."""
    for name, limit in ((OF_2025, 100_000_000), (OF_2026, 100_000_000), (ONE_HUB, 100_000_000)):
        async with asking(name) as asker:
            assert (await _balance(asker))[0] == limit
    async with asking(ONE_HUB, account_quota=1_000_000) as asker:
        assert (await _balance(asker))[0] == 2.0


async def test_a_key_that_is_refused_and_a_relays_own_limited_key() -> None:
    async with asking(OF_2026, key_quota=100_000) as asker:
        for key in ("unknown", "empty", "expired"):
            refused = await asker.ask("GET", "/v1/dashboard/billing/usage", Authorization=f"Bearer sk-{key}")
            assert refused.status == 401
        assert await _balance(asker) == (0.2, 0)
        assert (await asker.ask("GET", "/v1/dashboard/billing/other", **KEY)).status == 404
        assert (await asker.ask("POST", "/api/status", **KEY)).status == 404


async def test_a_relay_that_keeps_no_log() -> None:
    async with asking(OF_2026, keeps_log=False) as asker:
        await asker.imagined()
        assert (await _get(asker, "/api/log/token"))["data"] == []


async def test_a_relay_without_the_routes_answers_with_its_console() -> None:
    async with asking(OF_2026, has_account_routes=False) as asker:
        for path in ("/api/status", "/api/pricing", "/api/log/token", "/v1/dashboard/billing/usage"):
            answer = await asker.ask("GET", path, **KEY)
            assert (answer.status, answer.text[:9]) == (200, "<!doctype")


async def test_too_many_requests_are_answered_without_a_body() -> None:
    async with asking(OF_2026) as asker:
        for _ in range(180):
            await _get(asker, "/api/status")
        answer = await asker.ask("GET", "/v1/dashboard/billing/subscription", **KEY)
        assert (answer.status, answer.text, answer.headers.get("Retry-After")) == (429, "", None)
