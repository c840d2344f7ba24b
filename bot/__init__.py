"""The domain of mjbot and its composition root; Discord stays outside, in `cogs`."""
