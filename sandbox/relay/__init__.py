"""Be a relay: an HTTP server that speaks the `/mj` protocol as a stock new-api does, traps included."""

from sandbox.relay.desk import Submitted
from sandbox.relay.server import Relay, main
from sandbox.relay.settings import STOCK_REFUSALS, RelaySettings

__all__ = ["STOCK_REFUSALS", "Relay", "RelaySettings", "Submitted", "main"]
