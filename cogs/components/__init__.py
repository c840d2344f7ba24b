"""Buttons, select menus and modals: their custom_ids, and reading them back."""
