"""The colors at the side of messages, and what each stands for."""

from typing import Final

QUEUED_COLOR: Final = 0x99AAB5
"""Nothing is drawn yet: the request is being sent, or is queued."""
ACTIVE_COLOR: Final = 0x5865F2
"""Something is in progress, or can be chosen: Discord's own blue."""
DONE_COLOR: Final = 0x57F287
FAILED_COLOR: Final = 0xED4245
WAITING_COLOR: Final = 0xFEE75C
"""A person has to do something before it continues."""
INACTIVE_COLOR: Final = 0x4E5058
"""Nothing more will come, or the bot stopped watching."""
