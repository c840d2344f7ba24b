"""Discord's side of mjbot: cogs translate, they never decide."""
