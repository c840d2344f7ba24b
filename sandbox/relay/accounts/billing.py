"""Bill submits as new-api does: a price for each model, a row in the key's log, and no refund to the key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.relay.accounts.keys import Key, KeyRing
from sandbox.relay.accounts.prices import find_price
from sandbox.relay.answers import REQUEST_ID, dumps
from sandbox.relay.settings import RelaySettings

_SPEED = re.compile(r"^/(?:mj-)?(fast|relax|turbo)/mj/")
FREE = frozenset({"INPAINT", "CUSTOM_ZOOM"})
"""Actions that open a form, which new-api never charges; it charges the modal that follows as `mj_modal`."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """The charge of one submit.

    Attributes:
        model: The model that it is billed as.
        price: Its price in dollars, before the group's ratio.
        quota: What was charged, in the relay's units.
    """

    key: Key
    created: float
    action: str
    task_id: str
    path: str
    request_id: str
    model: str
    price: float
    quota: int


class Billing:
    """Every charge, in order."""

    def __init__(self, settings: RelaySettings, keys: KeyRing) -> None:
        self._settings = settings
        self._software = settings.software
        self._keys = keys
        self._charges: list[Charge] = []

    def charge(self, key: Key, action: str, task_id: str, path: str, now: float) -> None:
        """Charge an accepted submit; a free one leaves no row in new-api of 2025."""
        if action in FREE:
            return
        charge = self._build_charge(key, action, task_id, path, now)
        self._keys.charge(key, charge.quota)
        if charge.quota or self._software == "newapi-2026":
            self._charges.append(charge)

    def _build_charge(self, key: Key, action: str, task_id: str, path: str, now: float) -> Charge:
        model = "swap_face" if action == "SWAP_FACE" else f"mj_{action.lower()}"
        if self._settings.has_speed_models and (speed := _SPEED.match(path)):
            model = f"mj_{speed[1]}_{model.removeprefix('mj_')}"
        price = find_price(self._settings, model)
        quota = int(price * self._settings.quota_per_unit * key.ratio)
        return Charge(
            key=key, created=now, action=action, task_id=task_id, path=path, request_id=REQUEST_ID.get(), model=model,
            price=price, quota=quota,
        )  # fmt: skip

    def log(self, key: Key) -> list[dict[str, object]]:
        """Return a key's rows, oldest first, without refunds, which the relay records without a key."""
        if not self._settings.keeps_log:
            return []
        return [
            self._row(number, charge) for number, charge in enumerate(self._charges, 1) if charge.key.value == key.value
        ]

    def _row(self, number: int, charge: Charge) -> dict[str, object]:
        ratio = int(charge.key.ratio) if charge.key.ratio.is_integer() else charge.key.ratio
        other: dict[str, object] = {"group_ratio": ratio, "model_price": charge.price}
        if self._software == "newapi-2026":
            other["request_path"] = charge.path
        row: dict[str, object] = {
            "id": number,
            "user_id": 2,
            "created_at": int(charge.created),
            "type": 2,
            "content": _format_content(charge),
            "username": charge.key.account,
            "token_name": charge.key.name,
            "model_name": charge.model,
            "quota": charge.quota,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "use_time": 0,
            "is_stream": False,
            "channel": 1,
            "channel_name": "",
            "token_id": 1,
            "group": charge.key.group,
            "ip": "",
            "other": dumps(other),
        }
        return {**row, "request_id": charge.request_id} if self._software == "newapi-2026" else row


def _format_content(charge: Charge) -> str:
    """Return the text of a row, Chinese in every version; that of a face swap has no task id."""
    text = f"模型固定价格 {charge.price:.2f}\uff0c分组倍率 {charge.key.ratio:.2f}\uff0c操作 {charge.action}"
    return text if charge.action == "SWAP_FACE" else f"{text}\uff0cID {charge.task_id}"
