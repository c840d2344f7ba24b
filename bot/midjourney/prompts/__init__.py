"""Prompts and their parameters: parsed, checked, and put together from the options of a command."""
