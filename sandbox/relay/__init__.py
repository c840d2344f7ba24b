"""Be a relay: an HTTP server that speaks the `/mj` protocol as a stock new-api does, traps included."""

from sandbox.relay.accounts.keys import Key
from sandbox.relay.profiles import PROFILES, profile
from sandbox.relay.server import Relay, main
from sandbox.relay.settings import STOCK_REFUSALS, RelaySettings
from sandbox.relay.submits.upstream_queue import Submitted

__all__ = ["PROFILES", "STOCK_REFUSALS", "Key", "Relay", "RelaySettings", "Submitted", "main", "profile"]
