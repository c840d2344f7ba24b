"""The operator's settings, from the environment or `.env`. Secrets stay hidden; errors name the variable."""

import os
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import quote, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.languages import Language, find_language
from bot.money import NO_PRICES, PriceSetting, parse_amount, parse_prices
from bot.text_cleaning import COPY_TOKEN, check_public_link, find_secret_mistake, has_token_format, is_bot_token


def _split_ids(value: object) -> object:
    """Split a list of ids such as "1, 2; 3"."""
    return _split_words(value) if isinstance(value, str) else value


def _split_words(text: str) -> frozenset[str]:
    """Split a text at what people write between the items of a list, also in other scripts."""
    return frozenset(_ID_SEPARATORS.split(unicodedata.normalize("NFKC", text))) - {""}


def _split_discord_ids(value: object) -> object:
    """Split a list of Discord's ids; a text in it that is no id raises ValueError, which says what it looks like."""
    if not isinstance(value, str):
        return value
    words = _split_words(value)
    for word in sorted(words):
        if problem := _find_id_mistake(word):
            raise ValueError(f"contains {problem}. {_LIST_IDS}")
    return words


def _find_id_mistake(word: str) -> str:
    """Return what a word is that should be an id, "" for one that may be an id."""
    if word.isascii() and word.isdecimal():
        if len(word) in _ID_LENGTHS:
            too_large = f"{word}, which is too large for an id of Discord, which is at most {_ID_END - 1}"
            return too_large if int(word) >= _ID_END else ""
        size = "short" if len(word) < min(_ID_LENGTHS) else "long"
        shown = f"{word}, which" if size == "short" else "a number that"
        return f"{shown} is too {size} for an id of Discord, which has 17 to 20 digits"
    for pattern, what in _NO_IDS:
        if pattern.search(word):
            return what
    return "a text that is no id, perhaps a name"


def _read_prices(value: object) -> object:
    return parse_prices(value) if isinstance(value, str) else value


def _read_amount(value: object) -> object:
    return parse_amount(str(value)) if isinstance(value, str | int | float) else value


def _to_lower_case(value: object) -> str:
    return str(value).lower()


def _read_language(value: object) -> object:
    """Accept a language however its case and separator are written: "zh_cn"."""
    name = str(value).strip().replace("_", "-").lower()
    return next((one for one in Language if name == one.lower()), find_language(name) or value)


def _clean_secret(value: SecretStr, info: ValidationInfo) -> SecretStr:
    text = _strip_quotes(value.get_secret_value())
    is_token = info.field_name == "discord_token"
    if problem := find_secret_mistake(text, is_token=is_token):
        raise ValueError(problem)
    return SecretStr(text)


def _strip_quotes(text: str) -> str:
    return text.strip().strip("'\"")


def _find_swap(values: Mapping[str, object]) -> str:
    """Return what is wrong if one of the two secrets is certainly the other one; "" if neither is."""
    token, key = (
        _strip_quotes(raw.get_secret_value() if isinstance(raw, SecretStr) else str(raw or ""))
        for raw in (values.get("discord_token"), values.get("mj_api_key"))
    )
    key_is_token, token_is_key = is_bot_token(key), token.lower().startswith("sk-")
    if key_is_token and token and not has_token_format(token):
        return "DISCORD_TOKEN and MJ_API_KEY are swapped: MJ_API_KEY contains a bot's token. Exchange the two values"
    if key_is_token:
        return "MJ_API_KEY contains a bot's token of Discord. Copy the key from the relay's console"
    if token_is_key and key and not key.lower().startswith("sk-"):
        return "DISCORD_TOKEN and MJ_API_KEY are swapped: DISCORD_TOKEN contains a relay's key. Exchange the two values"
    if token_is_key:
        return f"DISCORD_TOKEN contains a relay's key. {COPY_TOKEN}"
    return ""


def _clean_url(value: str, info: ValidationInfo) -> str:
    example = "https://discord.com/api/v10" if info.field_name == "discord_api_url" else "https://api.yescale.io"
    if value and (problem := _find_url_mistake(value.strip(), example)):
        raise ValueError(problem)
    return split_relay_url(value)[0]


def split_relay_url(value: str) -> tuple[str, str]:
    """Split a URL into the relay's address, without a final slash, and the paths of an API at its end, or "".

    People paste the URL of the documentation, of one request, or of the chat models (/v1). The bot adds the paths of
    the Midjourney API itself.
    """
    url = value.strip().rstrip("/")
    address = url
    while shorter := _API_PATH.sub("", address).rstrip("/"):
        if shorter == address:
            break
        address = shorter
    return address, url[len(address) :]


def _clean_proxy(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return a proxy's address with its scheme, and credentials in percent-encoding; "" for one that is not used."""
    text = value.get_secret_value().strip().strip("'\"")
    has_others = info.field_name == "all_proxy" and all(_reveal(info, name) for name in ("http_proxy", "https_proxy"))
    no_proxy = unicodedata.normalize("NFKC", str(info.data.get("no_proxy"))).strip().strip("'\"")
    if not text or no_proxy == "*" or has_others:
        return SecretStr("")
    if _SOCKS.match(text):
        raise ValueError(
            "is a SOCKS proxy, which the bot can't use. Set HTTPS_PROXY and HTTP_PROXY to an HTTP proxy, such as "
            "http://127.0.0.1:7890 (programs with SOCKS often offer one too), or NO_PROXY=* to use none"
        )
    if (address := _parse_proxy(text if "://" in text else f"http://{text}")) is None:
        raise ValueError(
            "is not the address of a proxy, such as http://user:password@proxy.example:3128. In a password, "
            "@ is written %40, : is %3A, / is %2F, # is %23"
        )
    return SecretStr(address)


def _reveal(info: ValidationInfo, name: str) -> str:
    secret = info.data.get(name)
    return secret.get_secret_value() if isinstance(secret, SecretStr) else ""


def _parse_proxy(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        default = {"http": 80, "https": 443}[parts.scheme]
        port = default if parts.port is None else parts.port
    except (ValueError, KeyError):
        return None
    host, has_more = parts.hostname or "", parts.query or parts.fragment or parts.path.strip("/")
    if not port or has_more or not _PROXY_HOST.fullmatch(host) or not text.isprintable() or " " in text:
        return None
    user, password = (quote(unquote(part or ""), safe="") for part in (parts.username, parts.password))
    credentials = f"{user}:{password}@" if user or password else ""
    return f"{parts.scheme}://{credentials}{f'[{host}]' if ':' in host else host}:{port}"


def _check_shard_ids(value: frozenset[int], info: ValidationInfo) -> frozenset[int]:
    count: int = info.data.get("shard_count") or 0
    if value and not count:
        raise ValueError("needs SHARD_COUNT, the number of shards of all processes together")
    if value and max(value) >= count:
        raise ValueError(f"must be from 0 to {count - 1}, because SHARD_COUNT is {count}")
    return value


Secret = Annotated[SecretStr, AfterValidator(_clean_secret)]
ProxyAddress = Annotated[SecretStr, AfterValidator(_clean_proxy)]
"""May hold a password."""
BaseUrl = Annotated[str, AfterValidator(_clean_url)]
DiscordIds = Annotated[frozenset[PositiveInt], NoDecode, BeforeValidator(_split_discord_ids)]
ShardIds = Annotated[frozenset[NonNegativeInt], NoDecode, BeforeValidator(_split_ids), AfterValidator(_check_shard_ids)]
Prices = Annotated[PriceSetting, NoDecode, BeforeValidator(_read_prices)]
Amount = Annotated[Decimal, BeforeValidator(_read_amount)]
ENV_FILE = ".env"
NOT_SET = "is not set"
_API_PATH = re.compile(
    r"""(?<=[^/:])/+(?:
        v1(?:/+(?:chat/+completions|chat|completions|models|images/+generations))?
        | (?:(?:fast|relax|turbo)/+)?mj(?:/+(?:submit|task|insight-face|image)(?:/+[^/?#]+)*)?
        | mj-(?:fast|relax|turbo)
        | mj/+(?:doc\.html|swagger-ui(?:/+[^/?#]+)*)
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
"""A path of new-api or midjourney-proxy, or of midjourney-proxy's documentation, at the end of a URL."""
_HOST_AND_PATH = re.compile(r"(?:[\w-]+\.)*[\w-]+(?::[0-9]+)?(?:/.*)?", re.ASCII)
_SOCKS = re.compile(r"socks\w*:", re.IGNORECASE)
_PROXY_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_PROXY_NAMES = ("no_proxy", "http_proxy", "https_proxy", "all_proxy")
_ID_SEPARATORS = re.compile(
    r"(?:[,;|\s\u00b7\u2022\u3001\u060c\u061b\u055d\u1363\u1364\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\\[nrt])+"
)
"""Commas, semicolons and bullets of several scripts, spaces, invisible characters, and line breaks written as \\n."""
_LIST_IDS = "It must be a list of ids separated by commas, such as 1187000000000000001"
_ID_LENGTHS = range(15, 21)
"""Ids have 17 digits or more since 2015; two more are left room for, and 20 hold all of 64 bits."""
_ID_END = 2**64
_NO_IDS = (
    (re.compile(r"^<@&"), "the mention of a role"),
    (re.compile(r"^<#"), "the mention of a channel"),
    (re.compile(r"^<@!?[0-9]+>$"), "a mention such as <@1187000000000000001>, of which only the digits are the id"),
    (re.compile(r"://|discord\.(?:com|gg)"), "a link, of which only the id is needed"),
    (re.compile(r"^[\[({<\"'`]|[\])}>\"'`]$"), "brackets or quotation marks around an id"),
    (re.compile(r"^-"), "a negative number"),
)
"""What people write in place of an id."""
_SWITCHES_OFF = {"daily_submits", "daily_submits_per_person"}
_DAY = 24 * 3600.0
_SHOWN = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Settings(BaseSettings):
    """Every setting, frozen; `.env.example` explains each of them, and a test compares the two."""

    # utf-8-sig: Notepad writes a byte order mark, which would become part of the first name.
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore", frozen=True
    )

    discord_token: Secret
    mj_api_key: Secret
    mj_api_url: BaseUrl = "https://api.yescale.io"
    database_url: SecretStr = SecretStr("sqlite:///data/mjbot.db")
    retention_days: float = Field(30.0, ge=1, le=3650)
    ledger_days: int = Field(400, ge=32, le=3650)  # limits per month read it
    lease_seconds: float = Field(15.0, ge=2, le=600)
    poll_seconds: float = Field(5.0, ge=1, le=300)
    watch_minutes: float = Field(70.0, gt=0, le=24 * 60)
    notify_after_seconds: float = Field(30.0, ge=0, le=_DAY)
    allowed_guilds: DiscordIds = frozenset()
    allowed_users: DiscordIds = frozenset()
    press_policy: Annotated[Literal["anyone", "requester"], BeforeValidator(_to_lower_case)] = "anyone"
    press_cooldown_seconds: float = Field(3.0, ge=0, le=_DAY)
    daily_submits_per_person: int = Field(30, ge=0)
    daily_submits: int = Field(500, ge=0)
    default_language: Annotated[Language, BeforeValidator(_read_language)] = Language.ENGLISH
    prices: Prices = NO_PRICES
    balance_alarm: Amount | None = None
    confirm_above: Amount | None = None
    privacy_url: Annotated[str, AfterValidator(check_public_link)] = ""
    shard_count: PositiveInt | None = None
    shard_ids: ShardIds = frozenset()
    port: int | None = Field(None, ge=1, le=65535)
    listen_host: str = ""
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda value: str(value).upper())
    ] = "INFO"
    log_format: Annotated[Literal["console", "json"], BeforeValidator(_to_lower_case)] = "console"
    no_proxy: str = ""
    http_proxy: ProxyAddress = SecretStr("")
    https_proxy: ProxyAddress = SecretStr("")
    all_proxy: ProxyAddress = SecretStr("")
    allow_fake_ip_dns: bool = False
    discord_api_url: BaseUrl = ""

    @model_validator(mode="before")
    @classmethod
    def _refuse_swapped_secrets(cls, values: dict[str, object]) -> dict[str, object]:
        """Refuse them before anything is sent: each would go to the other party."""
        if problem := _find_swap(values):
            raise ValueError(problem)
        return values

    @classmethod
    def read(cls, **given: Any) -> Self:  # noqa: ANN401 - values of any setting
        """Read the settings; arguments take precedence over the environment, and that over `.env`.

        Raises:
            SettingsError: A setting is missing or malformed; the error shows no secret.
        """
        # Of two spellings of one name the lower one counts, as with curl; pydantic would take any.
        spelled_low: dict[str, Any] = {name: value for name in _PROXY_NAMES if (value := os.environ.get(name))}
        try:
            return cls(**spelled_low | given)
        except ValidationError as invalid:
            problems = [_describe_problem(error) for error in invalid.errors(include_url=False)]
            raise SettingsError(list(dict.fromkeys(problems))) from None
        except UnicodeDecodeError:
            raise SettingsError(
                [(ENV_FILE, "is not saved as UTF-8. Save it again with that encoding (in Notepad: Save As, Encoding)")]
            ) from None
        except OSError as error:
            problem = (
                f"cannot be read ({error.strerror}). Run this as the user who owns the file, or let this user read it"
            )
            raise SettingsError([(ENV_FILE, problem)]) from None


def _find_url_mistake(value: str, example: str) -> str:
    """Return what is wrong with a base URL, without showing it, which may hold a secret; "" if nothing is."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for a port that is not a number
    except ValueError:
        return f"is not a URL such as {example}: check the host and the port, which is a number"
    if "://" not in value and _HOST_AND_PATH.fullmatch(value):
        return f"has no scheme: write https:// before it, or http:// for a server without TLS, such as {example}"
    host = parts.hostname or ""
    is_host = host.isprintable() and " " not in host and ("%" not in host or ":" in host)  # % in IPv6: an interface
    if parts.scheme not in {"http", "https"} or not host or not is_host:
        return f"is not a URL such as {example}"
    if "@" in parts.netloc:
        return "contains a user name or password before the host: leave out everything from :// to @"
    if parts.query or parts.fragment:
        return f"contains {'?' if parts.query else '#'} and text after it: leave that out"
    return ""


def _describe_problem(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return the variable's name, what is wrong with its value, and what values it accepts."""
    if not error["loc"]:  # of several settings, which the text names
        name, _, problem = str(error["msg"]).removeprefix("Value error, ").partition(" ")
        return name, problem
    name = str(error["loc"][0])
    if error["type"] == "missing":
        return name.upper(), NOT_SET
    if len(error["loc"]) > 1:
        what, example = ("shards", "0, 1, 2") if name == "shard_ids" else ("ids", "1187000000000000001")
        return name.upper(), f"must be a list of {what} separated by commas, such as {example}"
    if error["type"] == "value_error":
        return name.upper(), str(error["msg"]).removeprefix("Value error, ")
    off = "; 0 switches drawing off" if name in _SWITCHES_OFF else ""
    return name.upper(), _describe_value(error, _describe_accepted_values(Settings.model_fields[name])) + off


def _describe_value(error: Mapping[str, Any], accepted: str) -> str:
    """Say what is wrong with a value. Only a number is shown: anything else may be a secret in the wrong place."""
    value = str(error["input"]).strip()
    shown = f"is {value}, which " if _SHOWN.fullmatch(value) else ""
    match error["type"]:
        case _ if value.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            problem = "is not a valid number"
        case "greater_than" | "greater_than_equal":
            problem = f"{shown}is too small"
        case "less_than_equal":
            problem = f"{shown}is too large"
        case "int_from_float" | "int_parsing" if shown:
            problem = f"{shown}is not a whole number"
        case "int_from_float" | "int_parsing" | "float_parsing" | "int_type" | "float_type" | "int_parsing_size":
            problem = "is not a number"
        case _:
            return f"must be one of: {accepted}"
    return f"{problem}; use {accepted}"


def _describe_accepted_values(field: FieldInfo) -> str:
    """Describe the values that a setting accepts, from its definition."""
    kinds: list[Any] = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    if get_origin(field.annotation) is Literal:
        return ", ".join(kinds)
    if bool in kinds:
        return "true, false"
    whole = "a whole number" if int in kinds or PositiveInt in kinds else "a number"
    bounds = {
        name: getattr(rule, name) for rule in field.metadata for name in ("gt", "ge", "le") if hasattr(rule, name)
    }
    least, most = bounds.get("ge", bounds.get("gt", 1)), bounds.get("le")
    if "gt" in bounds:
        return f"{whole} above {least:g}" + (f", up to {most:g}" if most else "")
    return f"{whole} from {least:g} {f'to {most:g}' if most else 'up'}"
