"""The HTTP border to the relay: requests go out, responses become our values or our errors."""
