"""The tasks of the sandbox's Midjourney, and the rows in which each relay software shows them."""
