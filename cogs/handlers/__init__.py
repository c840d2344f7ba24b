"""Clicks and submitted modals: each is translated into a use case."""
