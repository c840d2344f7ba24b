"""Tasks as the sandbox's Midjourney draws them, and the rows that each relay software shows of them."""
