"""A relay and a Discord page on this machine, to try the bot without an account, a key or money."""
