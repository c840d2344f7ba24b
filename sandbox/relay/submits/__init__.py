"""Submits: their fields, their rules, and the queue of the upstream that takes them."""
