"""The channels of a server that the bot writes to by itself: its log channel and its gallery."""
