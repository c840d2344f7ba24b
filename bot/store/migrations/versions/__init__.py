"""The steps from an empty database to bot.store.schema, oldest first."""
