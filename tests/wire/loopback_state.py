"""What a loopback Discord knows: its world, what it was asked, what it refused, and the waiting for either."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from cogs.text.limits import FILE_BYTES
from tests.wire.loopback_faults import Fault
from tests.wire.loopback_world import (
    ADMIN_ROLE,
    EPHEMERAL,
    LOADING,
    MANAGE_GUILD,
    SEND_IN_THREADS,
    USUAL,
    Channel,
    Edit,
    Message,
    Person,
    StoredFile,
    filename,
    snowflake,
    timestamp,
)

T = TypeVar("T")


class Refused(NamedTuple):
    """A body that Discord would have answered with 400, or a route that this Discord lacks."""

    route: str
    body: Any
    reasons: list[str]


class Request(NamedTuple):
    """One request as it was answered; `at` is monotonic, `code` Discord's own where it refused."""

    at: float
    method: str
    path: str
    body: Any
    files: tuple[str, ...]
    status: int
    code: int = 0


class Upload(NamedTuple):
    """A file on its way, from a bot or from a person."""

    name: str
    content: bytes
    content_type: str = "image/png"
    slot: int = 0  # n of files[n]


@dataclass
class Interaction:
    """One act of a person, and what came of it."""

    id: int
    token: str
    type: int
    user: Person
    channel: Channel
    user_installed: bool
    message: Message | None
    born: float  # monotonic
    expires: float
    wait: "Callable[[Callable[[], bool], float], Any]" = field(repr=False)
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    response: dict[str, Any] | None = None
    acknowledged_after: float | None = None
    attempts: int = 0  # callbacks sent, the refused ones too
    original: Message | None = None
    followups: list[Message] = field(default_factory=list[Message])

    @property
    def modal(self) -> dict[str, Any]:
        """Give the modal that answered; a LookupError where something else did."""
        if self.response is None or self.response["type"] != 9:
            raise LookupError(f"answered with {self.response}, not with a modal")
        return dict(self.response["data"])

    @property
    def choices(self) -> list[dict[str, Any]]:
        """Give the choices that an autocomplete was answered with."""
        return list(((self.response or {}).get("data") or {}).get("choices") or ())

    @property
    def messages(self) -> list[Message]:
        """List what can be seen of the answer: the original where it is new, and the followups."""
        own = [self.original] if self.original is not None and self.original is not self.message else []
        return [one for one in [*own, *self.followups] if not one.deleted]

    async def acknowledged(self, timeout: float = 60.0) -> "Interaction":  # noqa: ASYNC109
        """Wait for the callback that Discord accepts."""
        await self.wait(lambda: self.response is not None, timeout)
        return self

    async def answered(self, timeout: float = 60.0) -> "Interaction":  # noqa: ASYNC109
        """Wait for an answer other than "thinking": a message, a modal or an edit."""
        await self.wait(self._is_answered, timeout)
        return self

    def _is_answered(self) -> bool:
        if self.response is None:
            return False
        if self.response["type"] == 6:
            return bool(self.followups) or (self.original is not None and self.original.edits > self._edits_before)
        return self.original is None or not self.original.loading

    _edits_before: int = 0


class State:
    """The world and the books of a loopback Discord; `changed()` wakes all that wait in `until`."""

    def __init__(self, *, channels: int, token: str, ack_seconds: float, token_seconds: float, keep: bool) -> None:
        self.token, self.ack_seconds, self.token_seconds = token, ack_seconds, token_seconds
        self.keep = keep
        self.api_url = self.cdn_url = self.gateway_url = ""
        self.file_bytes = FILE_BYTES
        self.application_id = snowflake(86_400)
        self.bot = Person(self.application_id, "mjbot", permissions=USUAL | SEND_IN_THREADS, bot=True)
        self.owner = Person(snowflake(86_400), "lien", permissions=USUAL | MANAGE_GUILD)
        self.member = Person(snowflake(86_400), "minh")
        self.people = [self.bot, self.owner, self.member]
        self.team: list[Person] = []
        self.public = True
        self.guild_id, self.foreign_guild_id = snowflake(86_400), snowflake(86_400)
        self.guilds = {self.guild_id: "Atelier"}  # those that the bot has joined
        self.guild_owner = self.owner
        self.roles: dict[int, str] = {}  # of every guild, beside @everyone and the admins
        self.channels = [Channel(snowflake(3600), f"art-{n}", "guild", self.guild_id) for n in range(channels)]
        self.foreign = Channel(snowflake(3600), "elsewhere", "foreign", self.foreign_guild_id)
        self.private = Channel(snowflake(3600), "", "private", recipient=self.member)
        self.dms: dict[int, Channel] = {}
        self.all_channels = {one.id: one for one in (*self.channels, self.foreign, self.private)}
        self.messages: dict[int, Message] = {}
        self.files: dict[int, StoredFile] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[dict[str, Any]] = []
        self.guild_commands: dict[int, list[dict[str, Any]]] = {}
        self.command_permissions: dict[int, dict[int, list[dict[str, Any]]]] = {}
        """What the Integrations page of a guild sets, by the id of a command or of the application."""
        self.shards = 1
        self.session_start_limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
        self.faults: list[Fault] = []
        self.refused: list[Refused] = []
        self.rate_limited: list[Request] = []
        self.requests: deque[Request] = deque(maxlen=None if keep else 1000)
        self._waiting: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Wake all waiting calls."""
        for event in self._waiting:
            event.set()

    async def until(self, condition: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109
        """Wait until the condition holds, asked again at each request and edit; give its value, or a TimeoutError."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(timeout):
                while not (found := condition()):
                    await event.wait()
                    event.clear()
        finally:
            self._waiting.discard(event)
        return found

    def dm(self, user: Person) -> Channel:
        """Give the channel between this person and the bot."""
        if user.id not in self.dms:
            self.dms[user.id] = Channel(snowflake(), "", "dm", recipient=user)
            self.all_channels[self.dms[user.id].id] = self.dms[user.id]
        return self.dms[user.id]

    def store(self, upload: Upload, channel: Channel, description: str | None = None) -> StoredFile:
        """Keep an uploaded file and give it an address."""
        number, name = snowflake(), filename(upload.name)
        url = f"{self.cdn_url}/attachments/{channel.id}/{number}/{name}?ex=6f000000&is=6e000000&hm=0"
        self.files[number] = StoredFile(number, name, upload.content, upload.content_type, url, description)
        return self.files[number]

    def _stored(self, body: Mapping[str, Any], uploads: Sequence[Upload], channel: Channel) -> list[StoredFile]:
        texts = {str(given.get("id")): given.get("description") for given in body.get("attachments") or ()}
        return [self.store(one, channel, texts.get(str(one.slot))) for one in uploads]

    def create(
        self,
        channel: Channel,
        author: Person,
        body: Mapping[str, Any],
        uploads: Sequence[Upload] = (),
        interaction: Interaction | None = None,
    ) -> Message:
        """Put a message of any author into a channel."""
        message = Message(snowflake(), channel, author)
        if interaction is not None:
            message.webhook_id = self.application_id
            message.interaction_metadata = self._metadata(interaction)
        message.apply(body, self._stored(body, uploads, channel))
        message.flags |= int(body.get("flags") or 0) & (EPHEMERAL | LOADING)
        self.messages[message.id] = message
        self._note(message, "create", body, uploads)
        return message

    def edit(self, message: Message, route: str, body: Mapping[str, Any], uploads: Sequence[Upload] = ()) -> Message:
        """Change a message."""
        message.apply(body, self._stored(body, uploads, message.channel))
        message.edited = timestamp()
        message.edits += 1
        self._note(message, route, body, uploads)
        return message

    def _note(self, message: Message, route: str, body: Mapping[str, Any], uploads: Sequence[Upload]) -> None:
        if self.keep:
            message.history.append(Edit(time.monotonic(), route, body, tuple(upload.name for upload in uploads)))
        self.changed()

    def _metadata(self, interaction: Interaction) -> dict[str, Any]:
        built: dict[str, Any] = {
            "id": str(interaction.id),
            "type": interaction.type,
            "user": interaction.user.user(),
            "authorizing_integration_owners": self.owners(interaction),
        }
        if interaction.message is not None and interaction.type == 3:
            built["interacted_message_id"] = str(interaction.message.id)
        if interaction.original is not None:
            built["original_response_message_id"] = str(interaction.original.id)
        return built

    @staticmethod
    def owners(interaction: Interaction) -> dict[str, str]:
        """Give the authorizing integration owners: of the person, or of the guild (0 in a DM with the bot)."""
        if interaction.user_installed:
            return {"1": str(interaction.user.id)}
        return {"0": str(interaction.channel.guild_id or 0)}

    def mint(
        self,
        kind: int,
        user: Person,
        channel: Channel,
        *,
        message: Message | None = None,
        user_installed: bool = False,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """Make an interaction, `age_seconds` old, that no bot has received yet."""
        born = time.monotonic() - age_seconds
        made = Interaction(
            snowflake(age_seconds),
            f"aW50ZXJhY3Rpb24{secrets.token_urlsafe(48)}",
            kind,
            user,
            channel,
            user_installed,
            message,
            born,
            born + self.token_seconds,
            self.until,
        )
        made._edits_before = message.edits if message else 0
        self.interactions[made.token] = made
        if user not in self.people:
            self.people.append(user)
        return made

    def application(self) -> dict[str, Any]:
        """Give the application object."""
        members = [
            {"user": one.user(), "team_id": "1", "membership_state": 2, "role": "admin", "permissions": ["*"]}
            for one in self.team
        ]
        team = {"id": "1", "name": "team", "icon": None, "owner_user_id": str(self.owner.id), "members": members}
        return {
            "id": str(self.application_id),
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "bot_public": self.public,
            "bot_require_code_grant": False,
            "owner": self.owner.user(),
            "verify_key": "0" * 64,
            "team": team if self.team else None,
            "flags": 0,
            "bot": self.bot.user(),
            "integration_types_config": {"0": {}, "1": {}},
        }

    def guild(self, guild_id: int) -> dict[str, Any]:
        """Give the guild object as GUILD_CREATE has it."""
        role = {
            "id": str(guild_id),
            "name": "@everyone",
            "permissions": str(USUAL),
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        admins = {
            **role,
            "id": str(ADMIN_ROLE),
            "name": "admins",
            "permissions": str(USUAL | MANAGE_GUILD),
            "position": 1,
        }
        others = [{**role, "id": str(role_id), "name": name, "position": 2} for role_id, name in self.roles.items()]
        return {
            "id": str(guild_id),
            "name": self.guilds[guild_id],
            "icon": None,
            "owner_id": str(self.guild_owner.id),
            "member_count": len(self.people),
            "members": [self.bot.member()],
            "channels": [one.payload() for one in self.channels if one.guild_id == guild_id],
            "roles": [role, admins, *others],
            "threads": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "preferred_locale": "en-US",
            "premium_tier": 0,
            "unavailable": False,
            "large": False,
            "joined_at": "2026-01-01T00:00:00+00:00",
        }
