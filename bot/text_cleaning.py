"""Clean the texts of people, Midjourney and relays, and find what is wrong with a pasted token or key.

A cleaned text is one line, without invisible characters and secrets.
"""

import re
import unicodedata
from base64 import urlsafe_b64decode
from urllib.parse import urlsplit

_JOINERS = "\u200c\u200d"  # part of emoji, and of Persian and Hindi words
_STRAY_JOINERS = re.compile(rf"(?<!\S)[{_JOINERS}]+|(?<![{_JOINERS}])[{_JOINERS}]+(?!\S)")
# The flags of England, Scotland and Wales: a black flag, then invisible tag characters that spell the region.
_REGION_FLAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]+)")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category that show nothing
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cn", "Co", "Cs"})

_SECRETS = re.compile(r"\(request id:[^)]*\)|\[?sk-[\w*-]+\]?", re.IGNORECASE)
_MIN_SECRET_LENGTH = 6

COPY_TOKEN = "Copy the token from the developer portal: page Bot, Reset Token"  # noqa: S105 - advice
COPY_KEY = "Copy the key from the relay's console, with its copy button"
_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{4,}\.[\w-]{20,}", re.ASCII)
_ID = re.compile(rb"[0-9]{15,20}")
_MASKED = re.compile(
    r"\*{3,}|^sk-.*\*|[\u2022\u00b7\u2219\u25cf\u25aa\u25a0\u2588\u2217\uff0a\u00d7]{2,}", re.IGNORECASE
)
"""What consoles and portals show in place of the middle of a secret."""
_ADDRESS = re.compile(
    r"^[a-z][a-z0-9+.-]*://|^www\.|^(?:[\w-]+\.)*(?:discord(?:app)?\.com|discord\.gg|yescale\.io)(?:[/:?#]|$)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"""(?:sk-)?your(?:[-_ ]?\w+)*?[-_ ]?(?:token|key)(?:[-_ ]\w+)*     # your-token-here, YOUR_API_KEY
    | (?:insert|enter|paste|put|replace|fill|add|copy)[-_ ].*(?:token|key|here|this|me)
    | (?:the|a)[-_ ](?:discord|bot|mj|midjourney|relay|api)\w*[-_ ].*(?:token|key)
    | (?:discord[-_ ]?(?:bot[-_ ]?)?token|mj[-_ ]?api[-_ ]?key)(?:[-_ ]here)?
    | (?:token|key|secret)[-_ ](?:goes[-_ ])?here
    | sk-(?:x+|\.+|your\b.*|example\w*|placeholder|test|key|token|secret|change[-_]?me|1234?5?6?7?8?9?0?)
    | x{6,} | (?:x{3,}[._-])+x{3,}
    | \$\{\w+\} | \{\{.*\}\} | \$\(.*\) | %[A-Z_]+%
    | [<\[{(](?!sk-)[a-z _-]{0,30}(?:key|token|secret|here)[a-z _-]{0,30}[>\]})]   # <key>, [your token]
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What examples and guides write where the secret belongs, and references that nothing has filled in."""
_TOKEN_WORDS = re.compile(
    r"(?:bot[-_ ]?)?token|change[-_ ]?me|todo|none|null|undefined|secret|placeholder|example", re.IGNORECASE
)
"""What cannot be a bot's token, but may be a midjourney-proxy's secret."""
_LINE_BREAKS = "\n\r\v\f\u0085\u2028\u2029"
_AROUND_SECRETS = (
    (
        re.compile(r"^(?:export\s+)?(?:DISCORD_TOKEN|MJ_API_KEY)\s*="),
        "it starts with the setting's name and =. Leave both out",
    ),
    (
        re.compile(r"^(authorization|mj-api-secret|x-api-key|api[-_ ]?key)\s*:", re.IGNORECASE),
        'it starts with "{0}:". Leave out everything before the token or key itself',
    ),
    (
        re.compile(r"^(bearer|bot|token|basic|key)\b:?\s+", re.IGNORECASE),
        'it starts with the word "{0}". Leave that out',
    ),
    (re.compile(r"^(bearer|bot):", re.IGNORECASE), 'it starts with "{0}:". Leave that out'),
    (
        re.compile(r"[\u2018-\u201f\u2039\u203a\u00ab\u00bb\u300c-\u300f\u301d-\u301f\uff02\uff07\u00b4]|^`|`$"),
        "it has quotation marks around it. Leave those out",
    ),
    (re.compile(r"^<.*>$|^\{.*\}$|^\[.*\]$|^\(.*\)$"), "it is in brackets. Leave those out"),
    (re.compile(r"\u2026|\.\.\."), "it is cut short (...). Copy the whole of it, with the button for that"),
)
"""What people copy along with a token or key, or in place of a part of it."""


_LONGEST_LINK = 512
"""Of a button of Discord."""
_PUBLIC_HOST = re.compile(r"(?:[\w-]+\.)+[\w-]*[^\W\d_][\w-]*")


def clean_text(text: str) -> str:
    """Make one line of text: fold white space, drop characters that are invisible or change the writing direction."""
    parts = _REGION_FLAGS.split(text)
    parts[::2] = ("".join(map(_clean_character, part)) for part in parts[::2])
    words = " ".join("".join(parts).split())
    return " ".join(_STRAY_JOINERS.sub("", words).split())


def _clean_character(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else " "
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _JOINERS else ""
    return " " if category in _INVISIBLE_CATEGORIES or character in _BLANK_LETTERS else character


def sanitize_reason(text: str, secret: str = "") -> str:
    """Cut a relay's own words to 300 characters on one line, without request ids, NUL and any part of a key.

    `secret` is the bot's own key, which may look like anything; below six characters it could be an ordinary word,
    and stays.
    """
    if len(secret) >= _MIN_SECRET_LENGTH:
        text = re.sub(re.escape(secret), "", text, flags=re.IGNORECASE)
    # PostgreSQL, where some reasons are kept, does not store a NUL.
    return " ".join(_SECRETS.sub("", text[:2000].replace("\0", " ")).split())[:300]


def has_token_format(token: str) -> bool:
    """Whether a text looks like a bot's token: three parts separated by dots, the first of which encodes an id."""
    return _TOKEN.fullmatch(token) is not None


def is_bot_token(text: str) -> bool:
    """Whether a text certainly is a bot's token: its first part encodes an id, which no other secret does."""
    if not has_token_format(text):
        return False
    first = text.partition(".")[0]
    try:
        return _ID.fullmatch(urlsafe_b64decode(first + "=" * (-len(first) % 4))) is not None
    except ValueError:
        return False


def find_secret_mistake(text: str, *, is_token: bool) -> str:
    """Say what is wrong with a bot's token, or else with a relay's key, without showing any of it; "" if nothing is.

    A midjourney-proxy's key may be any word.
    """
    copy = COPY_TOKEN if is_token else COPY_KEY
    if _PLACEHOLDER.fullmatch(text) or (is_token and _TOKEN_WORDS.fullmatch(text)):
        return f"is a placeholder. {copy}"
    if _ADDRESS.search(text):
        return f"is a web address, not a {'token' if is_token else 'key'}. {copy}"
    if _MASKED.search(text) or (is_token and "*" in text):
        where = (
            "press Reset Token in the developer portal, page Bot" if is_token else "press copy in the relay's console"
        )
        return f"is masked: {where}"
    problem = _find_extra_text(text)
    return f"is not a token or key: {problem}" if problem else ""


def _find_extra_text(text: str) -> str:
    """Return what must be left out of a token or key; "" if nothing must be."""
    if not text:
        return "it is empty"
    for pattern, problem in _AROUND_SECRETS:
        if found := pattern.search(text):
            return problem.format(*found.groups())
    for letter in text:
        if letter.isspace():
            return f"it contains {'a line break' if letter in _LINE_BREAKS else 'a space'}. Leave that out"
        if unicodedata.category(letter).startswith(("C", "Z")):
            return f"it contains an invisible character (U+{ord(letter):04X}). Delete that, or copy the text again"
        if not letter.isascii():
            return f"it contains the character U+{ord(letter):04X}, which none has. Copy it again from where you got it"
    return ""


def check_public_link(text: str) -> str:
    """Return a link that people open in a browser, without quotes around it; "" stays empty.

    Raises:
        ValueError: It is no such link; the error says why.
    """
    link = text.strip().strip("'\"")
    if problem := _find_link_mistake(link) if link else "":
        raise ValueError(problem)
    return link


def _find_link_mistake(link: str) -> str:
    example = "such as https://example.com/privacy"
    if not link.lower().startswith("https://"):
        return f"must be a link that begins with https://, {example}"
    if any(letter.isspace() or not letter.isprintable() for letter in link):
        return f"contains a space or an invisible character. It must be one link, {example}"
    if len(link) > _LONGEST_LINK:
        return f"is longer than the {_LONGEST_LINK} characters that Discord accepts in a link. Use a shorter one"
    try:
        parts = urlsplit(link)
        has_name = bool(_PUBLIC_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        return f"is not a link that a browser can open. It must be one, {example}"
    if "@" in parts.netloc:
        return f"contains a user name or a password, which everyone could read. It must be a public link, {example}"
    return "" if has_name else f"has no name of a host after https://. It must be a link, {example}"
