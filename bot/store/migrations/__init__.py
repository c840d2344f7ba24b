"""Alembic's folder. Migrations only add, so that an old process can run beside a new one on the same database."""
