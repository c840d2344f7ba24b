"""API keys: what each may do, what submits cost, and the routes that report it."""
