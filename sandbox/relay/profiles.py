"""Define the relay software that the sandbox imitates, each with its settings.

The facts are answers of the real programs (tests/data/relay/real), recorded on 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox.relay.accounts.keys import Key
from sandbox.relay.settings import RelaySettings

_LOOP_SECONDS = 15.0
"""Seconds between two rounds of new-api's update loop, as deployed."""

KEYS = (
    Key(value="sk-limited", name="limited", quota=5_000_000),
    Key(value="sk-tiny", name="tiny", quota=60_000),
    Key(value="sk-empty", name="empty", quota=0),
    Key(value="sk-expired", name="expired", expires=1_700_000_000),
    Key(value="sk-models", name="models", models=frozenset({"mj_imagine", "mj_upscale"})),
    Key(value="sk-vip", name="vip", group="vip", ratio=1.2),
    Key(value="sk-svip", name="svip", group="svip", is_served=False),
    Key(value="sk-sibling", name="sibling"),
    Key(value="sk-stranger", name="stranger", account="stranger"),
)
"""The keys besides the relay's own unlimited one, configured as for the recordings."""

_NEW_API = RelaySettings(keys=KEYS, refresh_seconds=_LOOP_SECONDS)

PROFILES: Mapping[str, RelaySettings] = {
    # Calcium-Ion/new-api of April 2025: neither video nor edits.
    "newapi-2025": replace(_NEW_API, software="newapi-2025", has_video=False),
    # A fork of new-api of May 2026 with durable billing; its loop holds a lease of 120 s, so the first row lags behind.
    "newapi-2026": replace(_NEW_API, software="newapi-2026", lag_ticks=2),
    # MartialBE/one-hub: only its header and the shape of its errors are known; the rest is as new-api of 2025.
    "onehub": replace(_NEW_API, software="onehub", has_video=False, has_speed_models=True),
    # novicezk/midjourney-proxy 2.6, asked directly; `requires_key` is its mj.api-secret.
    "midjourney-proxy": RelaySettings(
        software="midjourney-proxy",
        requires_key=False,
        has_speeds=False,
        has_video=False,
        missing_routes=frozenset({"action", "modal", "shorten", "swap", "upload", "seed", "image"}),
        max_running=3,
        queue_size=10,
        is_chinese=True,
    ),
}


def find_profile(name: str) -> RelaySettings:
    """Return the settings of a profile.

    Raises:
        ValueError: No profile has that name; the message lists the names.
    """
    if name not in PROFILES:
        raise ValueError(f"{name!r} is not a relay that the sandbox can imitate; choose one of {', '.join(PROFILES)}")
    return PROFILES[name]
