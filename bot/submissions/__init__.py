"""Everything that the relay bills: each press and each command is claimed, sent at most once, and settled."""
