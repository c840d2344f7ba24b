"""The prices of new-api and one-hub, and the routes that list them."""

from __future__ import annotations

from sandbox.relay.settings import RelaySettings

_DEFAULT_PRICE = 0.1
_PRICES = {
    **dict.fromkeys(("mj_imagine", "mj_variation", "mj_reroll", "mj_blend", "mj_zoom", "mj_pan", "mj_shorten"), 0.1),
    **dict.fromkeys(("mj_low_variation", "mj_high_variation", "mj_modal", "mj_edits"), 0.1),
    **dict.fromkeys(("mj_describe", "mj_upscale", "swap_face", "mj_upload"), 0.05),
    **dict.fromkeys(("mj_inpaint", "mj_custom_zoom"), 0.0),
    "mj_video": 0.8,
}
_SPEEDS = ("fast", "relax", "turbo")
_OPEN_GROUPS = frozenset({"default", "vip"})
"""The groups that a visitor without an account may choose: only their ratios are told."""
_UNIT_OF_ONE_HUB = 0.002


def find_price(settings: RelaySettings, model: str) -> float:
    """Return the price of a model in dollars, before the group's ratio."""
    if model in settings.model_prices:
        return settings.model_prices[model]
    parts = model.split("_", 2)
    base = f"mj_{parts[2]}" if len(parts) == 3 and parts[1] in _SPEEDS else model
    return settings.model_prices.get(base, _PRICES.get("swap_face" if base == "mj_swap_face" else base, _DEFAULT_PRICE))


def list_models(settings: RelaySettings) -> list[str]:
    """Return the models that have a channel."""
    absent = settings.missing_models if settings.has_video else settings.missing_models | {"mj_video", "mj_edits"}
    models = list(dict.fromkeys((*_PRICES, *settings.model_prices)))
    if settings.has_speed_models:
        models += [f"mj_{speed}_{model.removeprefix('mj_')}" for speed in _SPEEDS for model in _PRICES]
    return [model for model in models if model not in absent]


def build_pricing(settings: RelaySettings) -> dict[str, object]:
    """Return the body of new-api's `/api/pricing`; the ratios of groups that no visitor may choose are left out."""
    ratios = {"default": 1.0, "vip": 1.2, settings.group: settings.group_ratio}
    groups = sorted(ratios)
    rows: list[dict[str, object]] = [
        {
            "model_name": model,
            "quota_type": 1,
            "model_ratio": 0,
            "model_price": find_price(settings, model),
            "owner_by": "",
            "completion_ratio": 0,
            "enable_groups": groups,
        }
        for model in list_models(settings)
    ]
    rows.append({"model_name": "gpt-4o", "quota_type": 0, "model_ratio": 1.25, "model_price": 0, "completion_ratio": 4})
    body: dict[str, object] = {
        "data": rows,
        "group_ratio": {name: _write_number(ratio) for name, ratio in ratios.items() if name in _OPEN_GROUPS},
        "success": True,
        "usable_group": {"default": "默认分组", "vip": "vip分组"},
    }
    if settings.software == "newapi-2026":
        for row in rows:
            row["supported_endpoint_types"] = ["openai"]
        body |= {"auto_groups": ["default"], "pricing_version": "a42d372ccf0b5dd13ecf71203521f9d2", "vendors": []}
        body["supported_endpoint"] = {"openai": {"path": "/v1/chat/completions", "method": "POST"}}
    return body


def build_available_models(settings: RelaySettings) -> dict[str, object]:
    """Return the body of one-hub's `/api/available_model`, with prices in units of 0.002 dollars."""
    data: dict[str, object] = {}
    for model in list_models(settings):
        units = _write_number(round(find_price(settings, model) / _UNIT_OF_ONE_HUB, 6))
        price = {"model": model, "type": "times", "channel_type": 34, "input": units, "output": units}
        data["mj_swap_face" if model == "swap_face" else model] = {
            "groups": ["default", "vip"],
            "owned_by": "Midjourney",
            "price": price,
        }
    return {"data": data, "message": "", "success": True}


def _write_number(number: float) -> float:
    """Return a whole number without a point, as Go writes it."""
    return int(number) if float(number).is_integer() else number
