"""Midjourney in the relay's terms, without I/O: tasks, buttons, capabilities, prompts, and its reasons in English."""
