"""Alembic's folder; expand-only, so that an old process may run beside a new one on the same database."""
