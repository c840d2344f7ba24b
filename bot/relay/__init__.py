"""The HTTP border: requests to the relay, and its responses as values or errors."""
