"""The processes that share a database: their leases, locks, and notifications of each other."""
