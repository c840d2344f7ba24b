"""Requests to Discord's REST API: the pauses that it asks for, their limits, health and metrics."""
