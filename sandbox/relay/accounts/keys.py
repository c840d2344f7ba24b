"""Hold a relay's API keys: their accounts, quotas and models, and why a key is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

CUSTOMER = "customer"
"""The account of a relay's own key."""

KeyFault = Literal["missing", "wrong", "expired", "exhausted"]


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of an account.

    Attributes:
        value: The secret that is sent, as `sk-...`.
        name: Its name in the account.
        account: Its account; every key of an account can read all of the account's tasks.
        quota: What it may spend, in the relay's units (500,000 are a dollar); None for an unlimited key. The key is
            checked before a submit and charged after it, so the last submit may end below zero.
        expires: When it expires, in seconds since the epoch; 0 means never.
        models: The only models that it may use, empty for all; new-api then refuses reads too, which name no model.
        group: The group whose channels it uses.
        ratio: The factor by which the group multiplies every price.
        is_served: Whether the group has a channel.
    """

    value: str
    name: str = "bot"
    account: str = CUSTOMER
    quota: int | None = None
    expires: float = 0.0
    models: frozenset[str] = frozenset()
    group: str = "default"
    ratio: float = 1.0
    is_served: bool = True

    def allows(self, model: str) -> bool:
        """Whether the key may use a model; a read counts as the model ""."""
        return not self.models or model in self.models


OPEN_KEY = Key(value="")
"""Stands for the key if the relay requires none."""


class KeyRing:
    """All keys of a relay, with what each has spent."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {strip_bearer(key.value): key for key in keys}
        self._spent: Counter[str] = Counter()
        self._added: Counter[str] = Counter()

    def add(self, key: Key) -> Key:
        """Add a key, or replace the one with the same secret."""
        self._keys[strip_bearer(key.value)] = key
        return key

    def find(self, secret: str) -> Key | None:
        """Return the key with this secret, None if there is none."""
        return self._keys.get(strip_bearer(secret))

    def fault(self, secret: str, now: float) -> KeyFault | None:
        """Return why a key is refused, None if it is valid."""
        if not secret:
            return "missing"
        if (key := self.find(secret)) is None:
            return "wrong"
        if 0 < key.expires <= now:
            return "expired"
        remaining = self.remaining(key)
        return "exhausted" if remaining is not None and remaining <= 0 else None

    def charge(self, key: Key, quota: int) -> None:
        """Add the price of a submit, in the relay's units, to what a key has spent."""
        self._spent[strip_bearer(key.value)] += quota

    def top_up(self, key: Key, quota: int) -> None:
        """Raise the quota of a limited key."""
        self._added[strip_bearer(key.value)] += quota

    def spent(self, key: Key) -> int:
        """Return what a key has spent; refunds go to the account, never to the key."""
        return self._spent[strip_bearer(key.value)]

    def spent_by_account(self, account: str) -> int:
        """Return what all keys of an account have spent."""
        return sum(self._spent[value] for value, key in self._keys.items() if key.account == account)

    def remaining(self, key: Key) -> int | None:
        """Return what a key may still spend, None if it is unlimited."""
        if key.quota is None:
            return None
        return key.quota + self._added[strip_bearer(key.value)] - self.spent(key)


def strip_bearer(key: str) -> str:
    """Return the part of a key that new-api compares: without "Bearer ", "sk-", and what follows the next "-"."""
    return key.removeprefix("Bearer ").removeprefix("sk-").split("-")[0]
