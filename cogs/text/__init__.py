"""The sentences that people read, and the limits and escaping of Discord texts."""
