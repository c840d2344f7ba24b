"""Walk commands and buttons against one relay under SimCord: what a person does, and how it ends for them."""

import asyncio
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import discord
import simcord
from simcord import ChannelHandle, Env, InteractionResult, MemberActor
from simcord.results import ResponseMessage

from bot.app import open_app
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION, derive_claim_id
from cogs.text.guidance import asking_for_seed
from sandbox.environment import GUILD_ID, build_settings
from sandbox.fast_clock import FastClock
from sandbox.relay import Relay, RelaySettings
from sandbox.relay.tasks.sample_tasks import SampleKind

_ANSWERED_SECONDS = 3.0
"""How long Discord waits for the first answer to an interaction."""
_PATIENCE_SECONDS = 60.0
"""How long one walk may take, on a busy machine."""
_PRESSED = frozenset({"/mj/submit/action", "/mj/submit/modal"})
_DONE = ("✅", "🌱", "✂️")
_OVER = (*_DONE, "❌", "❔")
_TOO_LONG = 70


Shown = discord.Message | ResponseMessage
_T = TypeVar("_T")


class NotOffered(Exception):
    """The walk ends before its button; the message is what to say of it."""


@dataclass
class Walker:
    """A member of a server with the bot in it, whose acts are told apart by what they lead to."""

    relay: Relay
    env: Env
    channel: ChannelHandle
    member: MemberActor
    commands: tuple[str, ...]
    _last: Any = None
    _acting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def slash(self, name: str, **options: object) -> InteractionResult:
        """Type a command."""
        return await self._act(lambda: self.member.slash(self.channel, name, **options))

    async def click(self, message: discord.Message, label: str) -> InteractionResult:
        """Press a button, by its label, or by its emoji where it has none."""
        pressed = next((one for one in _buttons(message) if label in {one.label, str(one.emoji)}), None)
        if pressed is None:
            raise NotOffered("no such button")
        return await self._act(lambda: self.member.click(message, custom_id=pressed.custom_id))

    async def submit(self, shown: InteractionResult, **values: object) -> InteractionResult:
        """Fill in the form that an act has opened, and send it."""
        return await self._act(lambda: self.member.submit_modal(shown, values))

    async def follow_task(
        self, kind: SampleKind, prompt: str, extra_buttons: dict[str, str] | None = None
    ) -> discord.Message:
        """Have a task that is over, follow it, and return its message once everything is there that comes.

        Raises:
            NotOffered: This software makes no such task, or it cannot be followed; the message says why.
        """
        if not self.relay.settings.can_create(kind):
            raise NotOffered("no such button")
        task_id = self.relay.add_task(kind, prompt=prompt, extra_buttons=extra_buttons)
        shown = await self.slash("mjstatus", id=task_id)

        def found() -> discord.Message | None:
            if said := _told(shown):
                raise NotOffered(_short(said))
            now = self.find_current(shown.response) if shown.response else None
            if now is None or not _title(now).startswith(_OVER):
                return None
            if not _title(now).startswith("✅"):
                raise NotOffered(_bare(now))
            return now if now.attachments or kind == "shorten" else None

        return await self._until(found)

    async def wait_for_outcome(self, result: InteractionResult, pressed: discord.Message | None = None) -> str:
        """Wait for how an act ends; say it in a few words, with the path of the submit where it is another's.

        `pressed` is the message whose button it was, which is the answer to a press as far as Discord is concerned.
        """

        def over() -> str | None:
            if told := _told(result):
                return _short(told)
            messages = (one for one in (*result.followups, result.response) if one is not None)
            others = (one for one in messages if pressed is None or one.id != pressed.id)
            shown = next((one for one in others if _title(one).startswith(_OVER)), None)
            if shown is None:
                return None
            return "" if _title(shown).startswith(_DONE) else _bare(shown)

        (said,) = await self._until(lambda: None if (found := over()) is None else (found,))
        if said:
            return said
        tags = {f"mjbot:{derive_claim_id(self._number(result), line)}" for line in range(MAX_SUBMITS_PER_INTERACTION)}
        paths = {one.path for one in self.relay.submits if one.body.get("state") in tags}
        others = sorted(paths - _PRESSED) if pressed else []
        return "✔" if not others else f"✔ by `{others[0].removeprefix('/mj')}`"

    async def wait_for_answer(self, result: InteractionResult) -> None:
        """Wait for an answer that only informs."""
        await self._until(lambda: (one := result.response) and (one.embeds or one.content))

    def find_current(self, message: Shown) -> discord.Message | None:
        """Return a message as it is now, None where it was deleted."""
        stored = self.env.backend.messages.get(self.channel.id, {}).get(message.id)
        return None if stored is None else simcord.results.to_discord_message(self.env, stored)

    async def wait_for_button(self, result: InteractionResult, label: str) -> discord.Message:
        """Wait until the answer to an act has that button, and return it as it is then.

        Raises:
            NotOffered: The person was told why not.
        """

        def found() -> discord.Message | None:
            if said := _told(result):
                raise NotOffered(_short(said))
            if result.response is None:
                return None
            now = self.find_current(result.response)
            return now if now and label in [one.label for one in _buttons(now)] else None

        return await self._until(found)

    async def _act(self, action: Callable[[], Awaitable[Any]]) -> InteractionResult:
        async with self._acting:
            with suppress(TimeoutError):
                await action()
            result = InteractionResult(self.env, self._last)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ANSWERED_SECONDS):
                while not result.acknowledged:  # noqa: ASYNC110 - SimCord has no event for it
                    await asyncio.sleep(0.02)
        return result

    async def _until(self, found: Callable[[], _T | None]) -> _T:
        """Wait until there is something true to return."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not (something := found()):  # noqa: ASYNC110 - SimCord has no event for what a message shows
                await asyncio.sleep(0.02)
        return something

    @staticmethod
    def _number(result: InteractionResult) -> int:
        return int(result._interaction.id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def record_interactions(self) -> None:
        """Keep the last interaction: an act that has not settled in time returns none."""
        backend: Any = self.env.backend
        emit = backend.emit

        def emitted(event: str, payload: dict[str, Any]) -> None:
            if event == "INTERACTION_CREATE":
                self._last = backend.interactions[int(payload["id"])]
            emit(event, payload)

        backend.emit = emitted


@asynccontextmanager
async def open_walker(relay_settings: RelaySettings) -> AsyncGenerator[Walker]:
    """Open a relay, the bot and a Discord around one member; the bot's clock runs fast."""
    async with AsyncExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="mjbot-"))
        relay = await ending.enter_async_context(Relay(relay_settings).serve())
        clock = await ending.enter_async_context(FastClock().run())
        given = build_settings(relay.url, Path(folder)).model_copy(update={"notify_after_seconds": 100_000})
        built = await ending.enter_async_context(open_app(given, clock=clock, shard_count=1))
        env = await ending.enter_async_context(simcord.run(built.bot, settle_timeout=0.1, check_errors=False))
        await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
        lien = env.create_user("lien")
        guild = env.create_guild("Midjourney at home", id=GUILD_ID, owner=lien)
        channel = guild.create_text_channel("art")
        member = guild.add_member(lien)
        ending.enter_context(env.time_context())
        await ending.enter_async_context(built.run_background_work())
        await built.bot.wait_until_ready()
        commands = tuple(
            one.name for one in built.bot.tree.get_commands() if isinstance(one, discord.app_commands.Command)
        )
        made = Walker(relay, env, channel, member, commands)
        made.record_interactions()
        yield made


def _buttons(message: discord.Message) -> Iterator[discord.Button]:
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            yield from (child for child in row.children if isinstance(child, discord.Button))


def _title(message: Shown) -> str:
    return (message.embeds[0].title or "") if message.embeds else ""


def _bare(message: Shown) -> str:
    """Return a title without the sign before it."""
    return _short(_title(message).lstrip("❌❔ "))


def _told(result: InteractionResult) -> str:
    """Return what only this person was told in words."""
    shown = [*result.followups, *([result.response] if result.response else [])]
    told = (one.content for one in shown if one.ephemeral and one.content and not one.embeds)
    return next((text for text in told if text != asking_for_seed()), "")


def _short(text: str) -> str:
    """Return the first sentence of what was said, without what differs from run to run."""
    plain = re.sub(r"[*_|]|<[^>]*>|\d{10,}", "", text.strip())
    sentence = " ".join(re.split(r"(?<=[.!?])\s|\n", plain, maxsplit=1)[0].rstrip(".").split())
    return sentence if len(sentence) <= _TOO_LONG else f"{sentence[:_TOO_LONG].rsplit(' ', 1)[0]} ..."
