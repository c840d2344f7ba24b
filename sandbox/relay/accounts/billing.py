"""Bill submits as new-api does: a price for each model, a row in the key's log, and no refund to the key."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.relay.accounts.keys import Key, KeyRing
from sandbox.relay.answers import REQUEST_ID, dumps
from sandbox.relay.settings import Software

UNITS = 500_000
"""The relay's units in one dollar."""
_DEFAULT_PRICE = 0.1
_PRICES = {"mj_describe": 0.05, "mj_upscale": 0.05, "swap_face": 0.05, "mj_upload": 0.05, "mj_video": 0.8}
FREE = frozenset({"INPAINT", "CUSTOM_ZOOM"})
"""Actions that open a form, which new-api never charges; it charges the modal that follows as `mj_modal`."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """The charge of one submit."""

    key: Key
    created: float
    action: str
    task_id: str
    path: str
    request_id: str

    @property
    def model(self) -> str:
        """Return the model that an action is billed as."""
        return "swap_face" if self.action == "SWAP_FACE" else f"mj_{self.action.lower()}"

    @property
    def price(self) -> float:
        """Return the price in dollars, before the group's ratio."""
        return _PRICES.get(self.model, _DEFAULT_PRICE)

    @property
    def quota(self) -> int:
        """Return the price in the relay's units."""
        return int(self.price * UNITS * self.key.ratio)


class Billing:
    """Every charge, in order."""

    def __init__(self, software: Software, keys: KeyRing) -> None:
        self._software = software
        self._keys = keys
        self._charges: list[Charge] = []

    def charge(self, key: Key, action: str, task_id: str, path: str, now: float) -> None:
        """Charge an accepted submit; a free one leaves no row in new-api of 2025."""
        if action in FREE:
            return
        charge = Charge(key=key, created=now, action=action, task_id=task_id, path=path, request_id=REQUEST_ID.get())
        self._keys.charge(key, charge.quota)
        if charge.quota or self._software == "newapi-2026":
            self._charges.append(charge)

    def log(self, key: Key) -> list[dict[str, object]]:
        """Return a key's rows, oldest first, without refunds, which the relay records without a key."""
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
