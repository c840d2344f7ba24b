"""What the operator sets, from the environment or `.env`; secrets stay hidden, errors name the variable."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError


def _ids(value: object) -> object:
    """Split "1, 2; 3" as people write lists of Discord ids."""
    return frozenset(re.findall(r"[^,;\s]+", value)) if isinstance(value, str) else value


DiscordIds = Annotated[frozenset[PositiveInt], NoDecode, BeforeValidator(_ids)]
ShardIds = Annotated[frozenset[NonNegativeInt], NoDecode, BeforeValidator(_ids)]
ENV_FILE = ".env"
NOT_SET = "is not set"
_DAY = 24 * 3600.0
_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{4,}\.[\w-]{20,}", re.ASCII)
_SHOWN = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Settings(BaseSettings):
    """Every setting, frozen; `.env.example` says what each is for, and a test holds the two equal."""

    # Notepad puts a mark before the first line, which would be a part of its name.
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore", frozen=True
    )

    discord_token: SecretStr
    mj_api_key: SecretStr
    mj_api_url: str = "https://api.yescale.io"
    database_url: SecretStr = SecretStr("sqlite:///data/mjbot.db")
    retention_days: float = Field(30.0, ge=1, le=3650)
    lease_seconds: float = Field(15.0, ge=2, le=600)
    poll_seconds: float = Field(5.0, ge=1, le=300)
    watch_minutes: float = Field(70.0, gt=0, le=24 * 60)
    notify_after_seconds: float = Field(30.0, ge=0, le=_DAY)
    allowed_guilds: DiscordIds = frozenset()
    allowed_users: DiscordIds = frozenset()
    press_policy: Literal["anyone", "requester"] = "anyone"
    press_cooldown_seconds: float = Field(3.0, ge=0, le=_DAY)
    daily_submits_per_person: int = Field(30, ge=0)
    daily_submits: int = Field(500, ge=0)
    shard_count: PositiveInt | None = None
    shard_ids: ShardIds = frozenset()
    port: int | None = Field(None, ge=1, le=65535)
    listen_host: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    discord_api_url: str = ""

    @field_validator("discord_token", "mj_api_key", mode="after")
    @classmethod
    def _one_line(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip().strip("'\"")
        if not text or any(letter.isspace() for letter in text) or not text.isascii():
            raise ValueError("is not a token or key: copy it again, in one line")
        return SecretStr(text)

    @field_validator("mj_api_url", "discord_api_url", mode="after")
    @classmethod
    def _web_address(cls, value: str, info: ValidationInfo) -> str:
        if value and not _is_web_address(value.strip()):
            raise ValueError("is not a web address like https://api.yescale.io")
        # People paste the address with the path that the documents show, or that of the chat models.
        bare = value.strip().rstrip("/").removesuffix("/mj").rstrip("/")
        return bare if info.field_name == "discord_api_url" else bare.removesuffix("/v1").rstrip("/")

    @field_validator("shard_ids", mode="after")
    @classmethod
    def _of_the_count(cls, value: frozenset[int], info: ValidationInfo) -> frozenset[int]:
        count: int = info.data.get("shard_count") or 0
        if value and not count:
            raise ValueError("needs SHARD_COUNT: how many shards all processes have together")
        if value and max(value) >= count:
            raise ValueError(f"goes from 0 to {count - 1}, as SHARD_COUNT is {count}")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("press_policy", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def read(cls, **given: Any) -> Self:  # noqa: ANN401 - whatever a test sets
        """Read the settings; what is given wins over the environment, and that over `.env`.

        Raises:
            SettingsError: Something is missing or malformed; no value is shown.
        """
        try:
            return cls(**given)
        except ValidationError as invalid:
            problems = [_problem(error) for error in invalid.errors(include_url=False)]
            raise SettingsError(list(dict.fromkeys(problems))) from None
        except UnicodeDecodeError:
            raise SettingsError([(ENV_FILE, "is not saved as UTF-8")]) from None
        except OSError as error:
            problem = (
                f"cannot be read ({error.strerror}): run this as the user who owns the file, or let this one read it"
            )
            raise SettingsError([(ENV_FILE, problem)]) from None


def has_token_format(token: str) -> bool:
    """Tell whether a text has the form of a bot's token: three parts with dots between, the first of them an id."""
    return _TOKEN.fullmatch(token) is not None


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # refuses a port that is no number
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    return bare and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _problem(error: Mapping[str, Any]) -> tuple[str, str]:
    """Name a variable, and say what is wrong with it: what kind of thing it holds, and what is taken."""
    name = str(error["loc"][0])
    if error["type"] == "missing":
        return name.upper(), NOT_SET
    if len(error["loc"]) > 1:
        what = "shards" if name == "shard_ids" else "ids"
        example = "0, 1, 2" if name == "shard_ids" else "1187000000000000001"
        return name.upper(), f"is not a list of {what} like {example}, separated by commas"
    if error["type"] == "value_error":
        return name.upper(), str(error["msg"]).removeprefix("Value error, ")
    return name.upper(), f"{_held(error)}; it takes {_taken(Settings.model_fields[name])}"


def _held(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a value; only a number is shown, as anything else may be a secret in the wrong place."""
    held = str(error["input"]).strip()
    shown = f"is {held}, which " if _SHOWN.fullmatch(held) else ""
    match error["type"]:
        case _ if held.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            return "is not a number that one can count to"
        case "greater_than" | "greater_than_equal":
            return f"{shown}is too small"
        case "less_than_equal":
            return f"{shown}is too large"
        case "int_from_float" | "int_parsing" if shown:
            return f"{shown}is not a whole number"
        case "int_from_float" | "int_parsing" | "float_parsing" | "int_type" | "float_type" | "int_parsing_size":
            return "is not a number"
        case _:
            return "is not one of its words"


def _taken(field: FieldInfo) -> str:
    """Say what a setting takes, from its own definition."""
    kinds: list[Any] = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    if get_origin(field.annotation) is Literal:
        return f"{', '.join(kinds[:-1])} or {kinds[-1]}"
    whole = "a whole number" if int in kinds or PositiveInt in kinds else "a number"
    bounds = {
        name: getattr(rule, name) for rule in field.metadata for name in ("gt", "ge", "le") if hasattr(rule, name)
    }
    least, most = bounds.get("ge", bounds.get("gt", 1)), bounds.get("le")
    if "gt" in bounds:
        return f"{whole} above {least:g}" + (f" and up to {most:g}" if most else "")
    return f"{whole} from {least:g} {f'to {most:g}' if most else 'on'}"
