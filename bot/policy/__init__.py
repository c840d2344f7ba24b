"""The rules and limits that every paid command and press must pass, and who may see which task."""
