"""Run the steps on the connection that bot.store.migrator hands over, inside the transaction it holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
