"""Limits of Discord that only the validator and the loopback server check: the bot never comes near them."""

from typing import Final

ROWS: Final = 5
EMBEDS: Final = 10
EMBED_TOTAL: Final = 6000
COLOR: Final = 0xFFFFFF
FOOTER: Final = 2048
AUTHOR: Final = 256
FIELDS: Final = 25
FIELD_NAME: Final = 256
FILES: Final = 10
EMBEDDABLE: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif"})
PLACEHOLDER: Final = 150
MODAL_TITLE: Final = 45
MODAL_ROWS: Final = 5
INPUT_LABEL: Final = 45
INPUT_DESCRIPTION: Final = 100
INPUT_PLACEHOLDER: Final = 100
COMMANDS: Final = 100
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 100
V2_FLAG: Final = 1 << 15
V2_COMPONENTS: Final = 40
V2_TEXT: Final = 4000
ACK_SECONDS: Final = 3.0
TOKEN_SECONDS: Final = 15 * 60.0
