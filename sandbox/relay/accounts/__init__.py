"""API keys: who may do what, what it costs, and what is told of it."""
