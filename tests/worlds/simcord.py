"""The middle one of three worlds (see tests.worlds.processes): the whole App in the test's process.

The relay is the sandbox's, on a socket; the database is a file; Discord is played by SimCord.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import discord
import simcord
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor, UserHandle

from bot.app import App, open_app, run_background_work
from bot.clock import Clock
from bot.settings import Settings
from sandbox.command_permissions import add_permissions_route
from sandbox.fast_clock import FastClock
from sandbox.relay import Relay, RelaySettings
from tests.fakes.image_worker import ThreadImageWorker
from tests.migrated_database import create_migrated_file

_T = TypeVar("_T")

GUILD_ID = 1_187_000_000_000_000_001
QUICK = RelaySettings(seconds_per_task=0.2, picture_side=64)

_PATIENCE_SECONDS = 30.0
"""How long something that is sure to happen may take on a busy machine."""

Actor = MemberActor | UserHandle


def settings(relay_url: str, folder: Path, changes: dict[str, Any]) -> Settings:
    """Return settings that allow everything in GUILD_ID, as `changes` say otherwise; no `.env` is read."""
    given: dict[str, Any] = {
        "discord_token": "simulated",
        "mj_api_key": RelaySettings().key,
        "mj_api_url": relay_url,
        "database_url": f"sqlite:///{folder / 'mjbot.db'}",
        "poll_seconds": 1,
        "notify_after_seconds": 0,
        "allowed_guilds": frozenset({GUILD_ID}),
        "allowed_users": frozenset(),
        "press_cooldown_seconds": 0,
        "press_policy": "anyone",
    }
    return Settings.read(_env_file=None, **(given | changes))


@dataclass
class SimcordWorld:
    """Everything that a test plays with.

    `owner` owns the application, and neither owns nor manages the server. `payloads` may change what Discord sends of
    an interaction before the bot sees it. A test in which the bot answers no interaction sets `is_answered` to False;
    one in which Discord does not tell who owns the application sets `tells_owner` to False.
    """

    folder: Path
    relay: Relay
    env: Env
    app: App
    clock: Clock
    guild: GuildHandle
    channel: ChannelHandle
    owner: MemberActor
    member: MemberActor
    stranger: MemberActor
    payloads: Callable[[dict[str, Any]], None]
    _process: AsyncExitStack
    _serving: AsyncExitStack
    is_answered: bool = True
    tells_owner: bool = True
    _last: Any = None

    async def act(self, action: Awaitable[Any]) -> InteractionResult:
        """Wait until a person's action is answered; what the bot does afterwards need not have settled."""
        answers = self.requests("POST", "/callback")
        with suppress(TimeoutError):
            await action
        result = InteractionResult(self.env, self._last)
        if not self.is_answered:
            await self.until(lambda: self.requests("POST", "/callback") > answers)
            await self.app.bot.open_interactions.wait_until_closed()
            return result
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not result.acknowledged:  # noqa: ASYNC110 - there is no event for it
                    await asyncio.sleep(0.01)
        return result

    async def slash(self, actor: Actor, name: str, **options: Any) -> InteractionResult:  # noqa: ANN401
        """Run a slash command: a member in the channel, a user in the DM."""
        if isinstance(actor, UserHandle):
            return await self.act(actor.slash(name, **options))
        return await self.act(actor.slash(self.channel, name, **options))

    async def click(self, actor: Actor, message: Any, label: str = "", *, custom_id: str = "") -> InteractionResult:  # noqa: ANN401
        """Press a button, by its label, by its emoji where it has none, or by its custom_id."""
        bare = (one.custom_id for one in buttons(message) if not one.label and str(one.emoji) == label)
        custom_id = custom_id or next(bare, None) or ""
        by_label = None if custom_id else label or None
        return await self.act(actor.click(message, label=by_label, custom_id=custom_id or None))

    async def menu(self, actor: MemberActor, message: Any, name: str = "Midjourney status") -> InteractionResult:  # noqa: ANN401
        """Choose something in a message's menu."""
        return await self.act(actor.context_menu(self.channel, name, message))

    async def submit(self, actor: Actor, shown: InteractionResult, prompt: str) -> InteractionResult:
        """Fill in a form and send it."""
        return await self.act(actor.submit_modal(shown, {"prompt": prompt}))

    async def until(self, found: Callable[[], _T | None], *, seconds: float = _PATIENCE_SECONDS) -> _T:
        """Wait until there is something true to return."""
        try:
            async with asyncio.timeout(seconds):
                while not (something := found()):  # noqa: ASYNC110 - there is no event for what a message shows
                    await asyncio.sleep(0.01)
        except TimeoutError:
            seen = "\n".join(f"{shown.id} {show(shown)}" for shown in self.channel.history())
            raise AssertionError(f"it did not come; the channel shows:\n{seen}") from None
        return something

    async def titled(self, message_id: int, title: str, *, channel: ChannelHandle | None = None) -> discord.Message:
        """Wait until a message's title begins so, and return the message."""

        def found() -> discord.Message | None:
            return self.message(message_id, title, channel=channel)

        return await self.until(found)

    def message(self, message_id: int, title: str = "", channel: ChannelHandle | None = None) -> discord.Message | None:
        """Return a message as it is now, if its title begins so."""
        stored = self.env.backend.messages.get((channel or self.channel).id, {}).get(message_id)
        if stored is None:
            return None
        if not _stored_title(stored).startswith(title):
            return None
        return simcord.results.to_discord_message(self.env, stored)

    async def finished(self, task_id: str, actor: MemberActor | None = None) -> discord.Message:
        """Follow a task to its end and return its message, with its picture."""
        shown = await self.followed(task_id, actor)
        return await self.pictured(shown.id)

    async def followed(self, task_id: str, actor: MemberActor | None = None) -> discord.Message:
        """Follow a task to its end and return its message, whether it has a picture or none."""
        result = await self.slash(actor or self.member, "mjstatus", id=task_id)
        assert result.response is not None, "the command has an answer"
        return await self.titled(result.response.id, "✅")

    async def pictured(self, message_id: int, *, channel: ChannelHandle | None = None) -> discord.Message:
        """Wait until a message is finished and has its picture, and return the message."""

        def found() -> discord.Message | None:
            shown = self.message(message_id, "✅", channel=channel)
            files = [file.filename for file in shown.attachments] if shown else []
            return shown if files and not files[0].startswith("preview") else None

        return await self.until(found)

    async def child(self, pressed: InteractionResult, title: str) -> discord.Message:
        """Wait until the message that a press led to has that title."""
        await self.until(lambda: pressed.followups)
        return await self.titled(pressed.followups[0].id, title)

    async def confirm(self, actor: Actor, pressed: InteractionResult, label: str = "Draw again") -> InteractionResult:
        """Answer the private question that a press brought: press the button again."""
        return await self.click(actor, await self.question(pressed, label), label)

    async def question(self, pressed: InteractionResult, label: str) -> discord.Message:
        """Wait for the private question that a press brought, with one button, and return its message."""
        await self.until(lambda: pressed.followups)
        question = self.message(pressed.followups[0].id)
        assert question is not None
        assert [one.label for one in buttons(question)] == [label], question.content
        assert question.flags.ephemeral
        return question

    async def learnt(self) -> None:
        """Wait until the store knows something that the relay refuses."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await self.app.store.find_missing_capabilities(self.clock.now()):  # noqa: ASYNC110 - there is no event for a row
                await asyncio.sleep(0.01)

    @property
    def public(self) -> list[discord.Message]:
        """The messages that everyone in the channel sees, oldest first."""
        return self.channel.history()

    def said(self, result: InteractionResult) -> str:
        """Return what the bot told one person privately, empty where it told nothing."""
        shown = [result.response, *result.followups]
        return "\n".join(one.content for one in shown if one is not None and one.ephemeral and one.content)

    async def told(self, result: InteractionResult) -> str:
        """Wait until the bot has told this person something privately."""
        return await self.until(lambda: self.said(result))

    @property
    def relay_requests(self) -> int:
        """Count the bot's requests to the relay, without those that check the key or read prices."""
        return self.relay.requests.total() - self.relay.key_reads - self.relay.account_reads

    def requests(self, method: str, part: str) -> int:
        """Count the bot's requests to Discord whose path contains that part."""
        return sum(one.method == method and part in one.path for one in self.env.http_requests)

    async def restart(self, *, lose_database: bool = False, **changes: Any) -> None:  # noqa: ANN401
        """End the process in the middle of its work, and start another on the same database."""
        await self.stop()
        with suppress(TimeoutError):
            await self.env.settle(timeout=1)
        if lose_database:
            self.folder = self.folder / "anew"
            self.folder.mkdir()
            await self.clock.sleep(10.0)  # so that the messages are clearly older than the new one
        process = AsyncExitStack()
        given = settings(self.relay.url, self.folder, changes)
        self.app = await process.enter_async_context(open_app(given, clock=self.clock, shard_count=1))
        await self.app.start_records()
        if lose_database:  # later messages are not older than the new one
            await self.env.advance_time((self.clock.now() - self.env.now()) / timedelta(seconds=1))
        await self.env.restart_bot(self.app.bot)
        await self._process.aclose()
        self._process = process
        await self.serve()

    async def serve(self) -> None:
        """Begin the work that is not an answer, and wait until the bot is as ready as it gets."""
        self._say_who_owns_it()
        self._serving = AsyncExitStack()
        self._serving.enter_context(self.env.time_context())
        await self._serving.enter_async_context(run_background_work(self.app))
        await self.until(
            lambda: self.env.backend.commands.get(None) and (self.app.trust.owners or not self.tells_owner)
        )

    async def stop(self) -> None:
        """End the process's work wherever it stands; SimCord's Discord goes on without it."""
        await self._serving.aclose()

    async def close(self) -> None:
        """Let go of what the process held open."""
        await self._process.aclose()

    def _say_who_owns_it(self) -> None:
        """Let Discord name the application's owner: SimCord says that the bot owns itself."""
        http: Any = self.app.bot.http
        asked = http.application_info

        async def told() -> dict[str, Any]:
            info = await asked()
            return {**info, "owner": {**info["owner"], "id": str(self.owner.id)}}

        http.application_info = told

    def _watch_interactions(self) -> None:
        """Keep the last interaction: an action that has not settled in time returns none."""
        backend: Any = self.env.backend
        emit = backend.emit

        def emitted(event: str, payload: dict[str, Any]) -> None:
            if event == "INTERACTION_CREATE":
                self.payloads(payload)
                self._last = backend.interactions[int(payload["id"])]
            emit(event, payload)

        backend.emit = emitted


@asynccontextmanager
async def open_simcord_world(
    folder: Path,
    relay: RelaySettings | Relay = QUICK,
    **changes: Any,  # noqa: ANN401
) -> AsyncGenerator[SimcordWorld]:
    """Build it all, and end it all; `relay` is one, or what it is like, and `changes` are settings of the bot."""
    playing = relay if isinstance(relay, Relay) else Relay(relay)
    async with playing.serve() as served, AsyncExitStack() as ending:
        process = AsyncExitStack()
        given = settings(served.url, folder, changes)
        if not (file := folder / "mjbot.db").exists():
            create_migrated_file(file)
        clock = await ending.enter_async_context(FastClock().run())
        ending.enter_context(patch("bot.app.resources.ImageWorker", ThreadImageWorker))
        built = await process.enter_async_context(open_app(given, clock=clock, shard_count=1))
        await built.start_records()
        ending.push_async_callback(lambda: lived.close())  # noqa: PLW0108 - bound below
        env = await ending.enter_async_context(_discord(built.bot, clock))
        guild = env.create_guild("Art", id=GUILD_ID)
        channel = guild.create_text_channel("art")
        owner, member, stranger = (guild.add_member(env.create_user(name)) for name in ("owner", "lien", "eve"))
        lived = SimcordWorld(
            folder, served, env, built, clock, guild, channel, owner, member, stranger,
            lambda _: None, process, AsyncExitStack(),
        )  # fmt: skip
        ending.push_async_callback(lived.stop)
        lived._watch_interactions()
        await lived.serve()
        yield lived


@asynccontextmanager
async def _discord(bot: discord.Client, clock: Clock) -> AsyncGenerator[Env]:
    add_permissions_route()
    async with simcord.run(bot, settle_timeout=_PATIENCE_SECONDS, check_errors=False) as env:
        # SimCord's clock starts in the past, where every token would have expired. Its messages are not older than the
        # database, which the bot has opened before.
        await env.advance_time((clock.now() - env.now()) / timedelta(seconds=1))
        # What the bot does beside its answers, SimCord would wait for in vain: SimcordWorld.act waits for the answer.
        env.settle_timeout = 0.02
        yield env


def title_of(message: discord.Message) -> str:
    """Return the title of a message's embed, empty where it has none."""
    return (message.embeds[0].title or "") if message.embeds else ""


def _stored_title(stored: Any) -> str:  # noqa: ANN401 - SimCord's own message
    """Return the title that a message has at SimCord, without the time that building a discord.Message takes."""
    embeds = stored.embeds
    return (embeds[0].get("title") or "") if embeds else ""


def buttons(message: discord.Message) -> Iterator[discord.Button]:
    """Return the buttons of a message, row by row."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            yield from (child for child in row.children if isinstance(child, discord.Button))


def rows(message: discord.Message) -> list[list[str]]:
    """Return the labels of a message's buttons, or their emoji, row by row."""
    found = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [[one.label or str(one.emoji) for one in row.children if isinstance(one, discord.Button)] for row in found]


def button(message: discord.Message, label: str) -> discord.Button:
    """Return the button with that label, or with that emoji."""
    return next(one for one in buttons(message) if label in {one.label, str(one.emoji)})


def show(message: discord.Message) -> str:
    """Describe a message in one line, for the output of a failed test."""
    labels = " ".join(f"[{one.label or one.emoji}]" for one in buttons(message))
    text = message.embeds[0].description if message.embeds else message.content
    return f"{title_of(message)} | {text} | {labels} | {[file.filename for file in message.attachments]}"
