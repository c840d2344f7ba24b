"""A Discord client, as far as what the bot writes to channels by itself needs one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import discord

from bot.clock import Monotonic

GUILD_ID, LOG_ID, GALLERY_ID = 6, 50, 60


@dataclass(frozen=True)
class Sent:
    """One message: when and where it was sent, and what it holds."""

    at: float
    channel_id: int
    text: str
    files: tuple[str, ...]


def refusal(status: int, code: int = 0) -> discord.HTTPException:
    """Return what discord.py raises for a refusal."""
    response: Any = SimpleNamespace(status=status, reason="")
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    return kind(response, {"code": code, "message": "no"})


@dataclass
class FakeClient:
    """Takes messages; each of `outcomes` answers one, and an error is raised."""

    monotonic: Monotonic
    sent: list[Sent] = field(default_factory=list[Sent])
    outcomes: list[Exception | None] = field(default_factory=list[Exception | None])
    tries: int = 0
    alt_texts: list[str] = field(default_factory=list[str])
    missing: set[str] = field(default_factory=set[str])
    """The permissions that the bot lacks in every channel."""
    restricted: set[int] = field(default_factory=set[int])
    """The age-restricted channels."""
    hidden: set[int] = field(default_factory=set[int])
    """The channels that @everyone does not see."""

    def get_guild(self, guild_id: int) -> Any:  # noqa: ANN401
        def get_channel(channel_id: int) -> Any:  # noqa: ANN401
            is_seen = channel_id not in self.hidden
            granted = discord.Permissions.all()
            granted.update(administrator=False, **dict.fromkeys(self.missing, False))

            def get_permissions(of: object) -> discord.Permissions:
                return discord.Permissions(view_channel=is_seen) if of is everyone else granted

            return SimpleNamespace(
                id=channel_id,
                guild=guild,
                permissions_for=get_permissions,
                overwrites={} if is_seen else {everyone: discord.PermissionOverwrite(view_channel=False)},
                is_nsfw=lambda: channel_id in self.restricted,
            )

        guild: Any = SimpleNamespace(
            id=guild_id, unavailable=False, me=None, features=[], get_channel_or_thread=get_channel
        )
        nothing: Any = None
        data: Any = {"id": guild_id, "name": "@everyone", "position": 0, "permissions": 0}
        everyone = discord.Role(guild=guild, state=nothing, data=data)
        guild.default_role, guild.roles = everyone, [everyone]
        return guild if guild_id == GUILD_ID else None

    def get_partial_messageable(self, channel_id: int) -> Any:  # noqa: ANN401
        async def send(text: str, *, files: Sequence[discord.File], **more: Any) -> None:  # noqa: ANN401
            self.tries += 1
            self.alt_texts += [one.description or "" for one in files]
            mentions: discord.AllowedMentions = more["allowed_mentions"]
            assert not any(mentions.to_dict().get("parse") or [])
            outcome = self.outcomes.pop(0) if self.outcomes else None
            if outcome is not None:
                raise outcome
            self.sent.append(Sent(self.monotonic(), channel_id, text, tuple(one.filename for one in files)))

        return SimpleNamespace(send=send)

    @property
    def lines(self) -> list[str]:
        """All lines of all messages."""
        return [line for one in self.sent for line in one.text.split("\n")]
