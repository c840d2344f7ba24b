"""Downloading pictures: which addresses are safe to open, over which connections, and how much at once."""
