"""What the operator sets, from the environment or `.env`; secrets stay hidden, errors name the variable."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
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
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError


def _ids(value: object) -> object:
    """Split "1, 2; 3" as people write lists of Discord ids."""
    return frozenset(re.findall(r"[^,;\s]+", value)) if isinstance(value, str) else value


Ids = Annotated[frozenset[PositiveInt], NoDecode, BeforeValidator(_ids)]
Shards = Annotated[frozenset[NonNegativeInt], NoDecode, BeforeValidator(_ids)]
_DAY = 24 * 3600.0


class Settings(BaseSettings):
    """Every setting, frozen; `.env.example` says what each is for, and a test holds the two equal."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
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
    allowed_guilds: Ids = frozenset()
    allowed_users: Ids = frozenset()
    press_policy: Literal["anyone", "requester"] = "anyone"
    press_cooldown_seconds: float = Field(3.0, ge=0, le=_DAY)
    daily_submits_per_person: int = Field(30, ge=0)
    daily_submits: int = Field(500, ge=0)
    shard_count: PositiveInt | None = None
    shard_ids: Shards = frozenset()
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
    def _web_address(cls, value: str) -> str:
        if value and not _is_web_address(value.strip()):
            raise ValueError("is not a web address like https://api.yescale.io")
        # People paste the address with the path that the documents show.
        return value.strip().rstrip("/").removesuffix("/mj").rstrip("/")

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
            problems = [_problem(error) for error in invalid.errors(include_input=False, include_url=False)]
            raise SettingsError(list(dict.fromkeys(problems))) from None
        except UnicodeDecodeError:
            raise SettingsError([(".env", "is not saved as UTF-8")]) from None
        except OSError as error:
            problem = (
                f"cannot be read ({error.strerror}): run this as the user who owns the file, or let this one read it"
            )
            raise SettingsError([(".env", problem)]) from None


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # refuses a port that is no number
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    return bare and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _problem(error: Mapping[str, Any]) -> tuple[str, str]:
    variable = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return variable, "is not set"
    if len(error["loc"]) > 1:
        return variable, "is not a list of ids like 1187000000000000001, separated by commas"
    message = str(error["msg"]).removeprefix("Value error, ")
    if message.startswith("Input "):
        message = message.removeprefix("Input ")
    return variable, message
