"""What is stored about single persons: counted, exported, deleted, or kept under a pseudonym."""
