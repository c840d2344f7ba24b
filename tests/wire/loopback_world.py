"""The things of a loopback Discord: people, channels, messages with their history, files; no wire here."""

import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

DISCORD_EPOCH_MS = 1_420_070_400_000
EPHEMERAL, LOADING = 1 << 6, 1 << 7
VIEW, SEND, MANAGE_GUILD = 1 << 10, 1 << 11, 1 << 5
# view, send, embed links, attach files, read history, external emoji, application commands
ADMIN_ROLE = 1_300_000_000_000_000_001  # the role of the people who may manage the server
USUAL = VIEW | SEND | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 31
SEND_IN_THREADS = 1 << 38

_counter = itertools.count()


def snowflake(age_seconds: float = 0.0) -> int:
    """Mint an id of now, or of `age_seconds` ago."""
    return (int((time.time() - age_seconds) * 1000) - DISCORD_EPOCH_MS) << 22 | next(_counter) & 0x3FFFFF


def timestamp() -> str:
    """Tell the time as Discord writes it."""
    return datetime.now(UTC).isoformat()


@dataclass(frozen=True)
class Person:
    """A user, or the bot itself; `permissions` are theirs in every guild channel, `roles` their ids of State.roles."""

    id: int
    name: str
    bot: bool = False
    permissions: int = USUAL
    roles: tuple[int, ...] = ()

    def user(self) -> dict[str, Any]:
        """Give the user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
        }

    def member(self) -> dict[str, Any]:
        """Give the guild member object, with the permissions that only interactions carry."""
        return {
            "user": self.user(),
            "roles": [*map(str, self.roles), *([str(ADMIN_ROLE)] if self.permissions & MANAGE_GUILD else [])],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "nick": None,
            "avatar": None,
            "premium_since": None,
            "pending": False,
            "permissions": str(self.permissions),
        }


@dataclass
class Channel:
    """A text channel; of the guild, of one that the bot has not joined, the bot's DM, or other people's DM."""

    id: int
    name: str
    kind: Literal["guild", "foreign", "dm", "private"]
    guild_id: int | None = None
    recipient: Person | None = None
    visible: bool = True  # set to False: the bot loses VIEW_CHANNEL

    @property
    def reachable(self) -> bool:
        """Tell whether the bot's own token opens this channel."""
        return self.visible and self.kind in {"guild", "dm"}

    @property
    def context(self) -> int:
        """Give the interaction context type."""
        return {"guild": 0, "foreign": 0, "dm": 1, "private": 2}[self.kind]

    def payload(self) -> dict[str, Any]:
        """Give the channel object."""
        if self.guild_id is None:
            kind = 1 if self.kind == "dm" else 3
            recipients = [self.recipient.user()] if self.recipient else []
            return {"id": str(self.id), "type": kind, "recipients": recipients, "last_message_id": None, "name": None}
        denied = [] if self.visible else [{"id": str(self.guild_id), "type": 0, "allow": "0", "deny": str(VIEW)}]
        return {
            "id": str(self.id),
            "type": 0,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "position": 0,
            "permission_overwrites": denied,
            "topic": None,
            "nsfw": False,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": None,
        }


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file, kept whole and served under `url`."""

    id: int
    name: str
    content: bytes
    content_type: str
    url: str
    description: str | None = None

    def payload(self) -> dict[str, Any]:
        """Give the attachment object."""
        return {
            "id": str(self.id),
            "filename": self.name,
            "size": len(self.content),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
            "description": self.description,
        }


@dataclass(frozen=True)
class Edit:
    """One state that a message was given; `route` is `create`, or the path without /api/v10; `at` is monotonic."""

    at: float
    route: str
    body: Mapping[str, Any]
    files: tuple[str, ...] = ()


@dataclass
class Message:
    """A message and how it came to be; `files` has those shown in embeds too, which Discord does not list."""

    id: int
    channel: Channel
    author: Person
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    components: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    files: list[StoredFile] = field(default_factory=list[StoredFile])
    flags: int = 0
    created: str = field(default_factory=timestamp)
    edited: str | None = None
    deleted: bool = False
    webhook_id: int | None = None
    interaction_metadata: dict[str, Any] | None = None
    history: list[Edit] = field(default_factory=list[Edit])
    edits: int = 0  # how many there were, also where the history is not kept
    _payload: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def ephemeral(self) -> bool:
        """Tell whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Tell whether it still says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def embed(self) -> dict[str, Any]:
        """Give the first embed as it was sent, or an empty one."""
        return self.embeds[0] if self.embeds else {}

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Give every button, in order, also those nested in containers and sections."""
        return [part for part in walk(self.components) if part.get("type") == 2]

    def button(self, which: str) -> dict[str, Any]:
        """Find a component by custom_id, else by label, else by emoji; a LookupError where there is none."""
        parts = [part for part in walk(self.components) if part.get("type") != 1]
        for key in ("custom_id", "label"):
            for part in parts:
                if part.get(key) == which:
                    return part
        for part in parts:
            if (part.get("emoji") or {}).get("name") == which:
                return part
        seen = [(part.get("label") or part.get("emoji"), part.get("custom_id")) for part in parts]
        raise LookupError(f"no component {which!r} among {seen}")

    def apply(self, body: Mapping[str, Any], added: Sequence[StoredFile]) -> None:
        """Take over what an edit or a create says; what it leaves out stays."""
        if "content" in body:
            self.content = body["content"] or ""
        if "embeds" in body:
            self.embeds = [dict(embed) for embed in body["embeds"] or ()]
        if "components" in body:
            self.components = list(body["components"] or ())
        if "attachments" in body:
            kept = {str(given.get("id")) for given in body["attachments"] or ()}
            self.files = [file for file in self.files if str(file.id) in kept]
        self.files = [*self.files, *added]
        self.flags = self.flags & ~LOADING | int(body.get("flags") or 0) & (1 << 2 | 1 << 15)
        self._payload = None

    def payload(self) -> dict[str, Any]:
        """Give the message object, embeds showing attached files by their address as Discord does."""
        if self._payload is None:
            self._payload = self._build()
        return self._payload

    def _build(self) -> dict[str, Any]:
        urls = {f"attachment://{file.name}": file.url for file in self.files}
        shown = {url for embed in self.embeds for url in _urls(embed) if url in urls}
        built: dict[str, Any] = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": 20 if self.interaction_metadata else 0,
            "author": self.author.user(),
            "content": self.content,
            "embeds": [_shown(embed, urls) for embed in self.embeds],
            "components": self.components,
            "attachments": [file.payload() for file in self.files if f"attachment://{file.name}" not in shown],
            "flags": self.flags,
            "timestamp": self.created,
            "edited_timestamp": self.edited,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
        }
        if self.interaction_metadata:
            built["interaction_metadata"] = self.interaction_metadata
        if self.webhook_id:
            built |= {"webhook_id": str(self.webhook_id), "application_id": str(self.webhook_id)}
        return built


def walk(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List components, those inside of others included."""
    found: list[dict[str, Any]] = []
    for part in parts:
        inner = [*part.get("components", ()), *(part[key] for key in ("accessory", "component") if part.get(key))]
        found += [dict(part), *walk(inner)]
    return found


def _urls(embed: Mapping[str, Any]) -> list[str]:
    parts = [embed.get(key) or {} for key in ("image", "thumbnail", "video", "author", "footer")]
    return [part[key] for part in parts for key in ("url", "icon_url") if part.get(key)]


def _shown(embed: Mapping[str, Any], urls: Mapping[str, str]) -> dict[str, Any]:
    built = {"type": "rich", **embed}
    for key in ("image", "thumbnail", "video", "author", "footer"):
        if embed.get(key):
            part = {name: urls.get(value, value) for name, value in embed[key].items()}
            if part.get("url") and key in {"image", "thumbnail"}:
                part["proxy_url"] = part["url"]
            built[key] = part
    return built


def filename(name: str) -> str:
    """Rename an upload as Discord does: no blanks, no signs that a URL would mind."""
    return re.sub(r"[^\w.()\[\]-]", "_", name) or "file"
