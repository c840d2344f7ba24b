"""Submits: their fields, their checks, and the upstream's queue that accepts them."""
