"""A relay and a Discord to play with: no account, no key, no money."""
