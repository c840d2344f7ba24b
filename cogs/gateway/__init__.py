"""The connection to Discord: shards, identify limits, command sync, and the bot's rights in servers."""
