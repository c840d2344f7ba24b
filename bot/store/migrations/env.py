"""Run the migrations on the connection of bot.store.migrator, inside its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
