"""An HTTP server that speaks the `/mj` protocol as a stock new-api does, with its quirks."""

from sandbox.relay.accounts.keys import Key
from sandbox.relay.profiles import PROFILES, find_profile
from sandbox.relay.server import Relay, main
from sandbox.relay.settings import STOCK_REFUSALS, RelaySettings
from sandbox.relay.submits.upstream_queue import AcceptedSubmit

__all__ = ["PROFILES", "STOCK_REFUSALS", "AcceptedSubmit", "Key", "Relay", "RelaySettings", "find_profile", "main"]
