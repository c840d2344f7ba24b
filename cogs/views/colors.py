"""The colours at the side of our messages: what each of them stands for."""

from typing import Final

QUEUED_COLOR: Final = 0x99AAB5
"""Nothing is drawn yet: it is sent, or queued."""
ACTIVE_COLOR: Final = 0x5865F2
"""Something goes on, or can be chosen: Discord's own blue."""
DONE_COLOR: Final = 0x57F287
FAILED_COLOR: Final = 0xED4245
WAITING_COLOR: Final = 0xFEE75C
"""It is for a person to go on."""
INACTIVE_COLOR: Final = 0x4E5058
"""Nothing comes of it any more, or nobody looks."""
