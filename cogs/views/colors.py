"""The colours at the side of our messages: what each of them stands for."""

from typing import Final

QUIET: Final = 0x99AAB5
"""Nothing is drawn yet: it is sent, or queued."""
LIVE: Final = 0x5865F2
"""Something goes on, or can be chosen: Discord's own blue."""
DONE: Final = 0x57F287
BAD: Final = 0xED4245
WAITING: Final = 0xFEE75C
"""It is for a person to go on."""
ASLEEP: Final = 0x4E5058
"""Nothing comes of it any more, or nobody looks."""
