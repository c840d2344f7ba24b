"""Midjourney itself, pure: tasks, buttons, capabilities, prompts and the texts that it answers."""
