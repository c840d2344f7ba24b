"""What a refusal by Discord means for a message: the one table of its error codes."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import discord

from bot.languages import N_
from bot.scene import FileRefusal


class RefusalKind(Enum):
    """What is to be done about a message that Discord refuses to edit or to send."""

    GONE = auto()
    """The message can never be edited again: its job ends."""
    TOKEN = auto()
    """The interaction's token no longer works; the bot itself may reach the message."""
    LATER = auto()
    """The place is closed for now; the same request may work later."""
    PERMISSION = auto()
    """The bot lacks a permission; a message without files, or without an embed, may need fewer."""
    EMPTY = auto()
    """Discord dropped everything that the message held, as it does with embeds where Embed Links is missing."""
    FILE = auto()
    """A file is refused; the message without it may be accepted."""
    BODY = auto()
    """The text, a link or a button is refused; a more careful message may be accepted."""
    PAUSE = auto()
    """This address is refused for minutes, by a rate limit that names no end."""
    UNKNOWN = auto()
    """Not known: simpler messages are tried, and then the same again later."""


@dataclass(frozen=True)
class Refusal:
    """One refusal: what it means, why in a few words, and, if a file is refused, what is wrong with it.

    The log has the words in English; those about a channel are marked, as its moderators read them too.
    """

    kind: RefusalKind
    reason: str
    file: FileRefusal | None = None


DELETED_CODES: Final = frozenset({10003, 10004, 10008})
"""The codes for a channel, a server and a message that were deleted."""
CLOSED_THREAD_CODES: Final = frozenset({50083, 160005})
FIREWALL_CODE: Final = 40333
"""The code of Cloudflare, in front of Discord's API, which blocks a request: discord-api-docs #6473, #7243."""
_FIREWALL: Final = "a firewall refuses the message, or this address"

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes, except where a line names
# another source. What is not listed there is UNKNOWN, which closes no row.
_CODES: Final[dict[int, Refusal]] = {
    10003: Refusal(RefusalKind.GONE, N_("the channel was deleted")),
    10004: Refusal(RefusalKind.GONE, N_("the server was deleted")),
    10008: Refusal(RefusalKind.GONE, N_("the message was deleted")),
    50005: Refusal(RefusalKind.GONE, N_("another user wrote the message")),
    50021: Refusal(RefusalKind.GONE, N_("it is a message of Discord's own")),
    # An interaction that was never answered has no webhook yet: discord-api-docs #6851.
    10015: Refusal(RefusalKind.TOKEN, "the token is unknown"),
    10062: Refusal(RefusalKind.TOKEN, "the interaction is unknown"),
    50027: Refusal(RefusalKind.TOKEN, "the token has expired"),
    50083: Refusal(RefusalKind.LATER, N_("the thread is archived")),
    160005: Refusal(RefusalKind.LATER, N_("the thread is locked")),
    # Without View Channel, a bot cannot edit its own messages either: Discord's staff in discord-api-docs #3096.
    50001: Refusal(RefusalKind.LATER, N_("the bot cannot see the channel")),
    40001: Refusal(RefusalKind.LATER, N_("the bot's token is not accepted")),
    40004: Refusal(RefusalKind.LATER, N_("sending messages is disabled for now")),
    40006: Refusal(RefusalKind.LATER, N_("this feature is disabled for now")),
    50095: Refusal(RefusalKind.LATER, N_("the server is not available at this location")),
    130000: Refusal(RefusalKind.LATER, N_("Discord is overloaded")),
    # Limits of their own, which discord.py has waited for five times by now.
    20016: Refusal(RefusalKind.LATER, N_("the channel is in slow mode")),
    20022: Refusal(RefusalKind.LATER, N_("the announcement was edited too often")),
    20028: Refusal(RefusalKind.LATER, N_("too much was written in the channel")),
    20029: Refusal(RefusalKind.LATER, N_("too much was written in the server")),
    30046: Refusal(RefusalKind.LATER, N_("messages older than an hour were edited too often")),
    # So says Discord about a missing Attach Files or Embed Links, and about a bot that is timed out.
    50013: Refusal(RefusalKind.PERMISSION, N_("the bot lacks a permission")),
    50006: Refusal(RefusalKind.EMPTY, "nothing of the message is allowed there"),
    20009: Refusal(RefusalKind.FILE, "the file is called explicit", FileRefusal.EXPLICIT),
    40005: Refusal(RefusalKind.FILE, "the file is too large", FileRefusal.TOO_LARGE),
    50045: Refusal(RefusalKind.FILE, "the file is too large", FileRefusal.TOO_LARGE),
    50138: Refusal(RefusalKind.FILE, "the file is too large to be resized", FileRefusal.TOO_LARGE),
    400001: Refusal(RefusalKind.FILE, "the server may not upload files now", FileRefusal.LIMITED),
    50046: Refusal(RefusalKind.FILE, "the file is invalid", FileRefusal.REFUSED),
    50110: Refusal(RefusalKind.FILE, "the file is invalid", FileRefusal.REFUSED),
    50123: Refusal(RefusalKind.FILE, "the file has an invalid type", FileRefusal.REFUSED),
    50124: Refusal(RefusalKind.FILE, "the file lasts too long", FileRefusal.REFUSED),
    50146: Refusal(RefusalKind.FILE, "the uploaded file was not found", FileRefusal.REFUSED),
    50035: Refusal(RefusalKind.BODY, "the form of the message is invalid"),
    50109: Refusal(RefusalKind.BODY, "the message is no valid JSON"),
    200000: Refusal(RefusalKind.BODY, "AutoMod blocks the message"),
    240000: Refusal(RefusalKind.BODY, "a filter blocks a link in the message"),
    FIREWALL_CODE: Refusal(RefusalKind.BODY, _FIREWALL),
}
_STATUSES: Final[dict[int, Refusal]] = {
    401: Refusal(RefusalKind.LATER, N_("the bot's token is not accepted")),
    403: Refusal(RefusalKind.BODY, _FIREWALL),
    404: Refusal(RefusalKind.LATER, N_("the address is unknown")),
    408: Refusal(RefusalKind.LATER, N_("the request came too slowly")),
    413: Refusal(RefusalKind.FILE, "the request is too large", FileRefusal.TOO_LARGE),
    415: Refusal(RefusalKind.FILE, "the file has an invalid type", FileRefusal.REFUSED),
    429: Refusal(RefusalKind.PAUSE, "a rate limit names no end"),
}
"""What a refusal without a code, or with one that is not in the table, means."""
_INVALID_FORM = 50035
_FILE_FIELD = re.compile(r"^In (?:attachments|files)\b", re.MULTILINE)
"""How discord.py begins a line about an invalid field."""


_BOT_ACCESS_CODES: Final = frozenset({40001, 50001})
"""The codes about the bot's own access, which a token does not need."""


def classify_refusal(refused: discord.HTTPException, *, by_token: bool = False) -> Refusal:
    """Return what a refusal of an edit or a message means; it never guesses that a message is gone.

    `by_token`: the request was made by an interaction's token. There, only the codes that name the token speak of it:
    a file, or a server in between, may have caused any other 401, 403 or 404.
    """
    if refused.code == _INVALID_FORM and _FILE_FIELD.search(refused.text):
        return Refusal(RefusalKind.FILE, "the form of a file is invalid", FileRefusal.REFUSED)
    known = _CODES.get(refused.code)
    if by_token and (refused.code in _BOT_ACCESS_CODES or (known is None and refused.status in {401, 404})):
        return Refusal(RefusalKind.UNKNOWN, refused.text or N_("refused"))
    if known is not None:
        return known
    if refused.status == 403 and refused.code:
        return Refusal(RefusalKind.UNKNOWN, refused.text or N_("forbidden"))
    return _STATUSES.get(refused.status) or Refusal(RefusalKind.UNKNOWN, refused.text or N_("refused"))


def is_firewall_refusal(refused: discord.HTTPException) -> bool:
    """Return whether the refusal comes from in front of Discord's API, and says nothing about the place."""
    return refused.status == 403 and refused.code in {0, FIREWALL_CODE}


def is_token_dead(refused: discord.HTTPException) -> bool:
    """Return whether Discord says that the token no longer works."""
    return classify_refusal(refused).kind is RefusalKind.TOKEN


def may_be_due_to_token(refused: discord.HTTPException) -> bool:
    """Return whether a refusal on the token's route may be of that route only, so that the bot may succeed."""
    if is_token_dead(refused):
        return True
    if refused.status in {401, 404}:
        return refused.code not in DELETED_CODES
    return refused.status == 403 and classify_refusal(refused).kind is RefusalKind.UNKNOWN
