"""Reads the watched tasks from the relay, in batches, and passes on what changed."""
