"""Answering interactions, editing messages within the rate limits, and reading attachments."""
