"""Connecting to SQLite or PostgreSQL: the URL as people write it, engines, and what an error means."""
