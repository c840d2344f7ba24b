"""Follow tasks: poll them, and keep their messages up to date until they have ended."""
