"""The migrations from an empty database to bot.store.schema."""
