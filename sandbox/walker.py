"""Run commands and press buttons against one relay under SimCord, and read the outcome that a person sees."""

import asyncio
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import discord
import simcord
from simcord import ChannelHandle, Env, InteractionResult, MemberActor
from simcord.results import ResponseMessage

from bot.app import open_app, run_background_work
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION, derive_claim_id
from cogs.text.guidance import ASKING_FOR_SEED
from sandbox.command_permissions import add_permissions_route
from sandbox.environment import GUILD_ID, build_settings
from sandbox.fast_clock import FastClock
from sandbox.relay import Relay, RelaySettings
from sandbox.relay.tasks.sample_tasks import SampleKind

_ANSWER_SECONDS = 3.0
"""Seconds that Discord waits for the first answer to an interaction."""
_WALK_SECONDS = 60.0
"""Seconds that one walk may take on a busy machine."""
_PRESS_PATHS = frozenset({"/mj/submit/action", "/mj/submit/modal"})
_SUCCESS_SIGNS = ("✅", "🌱", "✂️")
_FINAL_SIGNS = (*_SUCCESS_SIGNS, "❌", "❔")
_MAX_CELL = 70


Shown = discord.Message | ResponseMessage
_T = TypeVar("_T")


class NotOffered(Exception):
    """The walk cannot reach its button; the message is the text of the cell."""


@dataclass
class Walker:
    """A member of a server with the bot; each action returns the interaction that it created."""

    relay: Relay
    env: Env
    channel: ChannelHandle
    member: MemberActor
    commands: tuple[str, ...]
    _last_interaction: Any = None
    _action_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def slash(self, name: str, **options: object) -> InteractionResult:
        """Run a slash command."""
        return await self._perform(lambda: self.member.slash(self.channel, name, **options))

    async def click(self, message: discord.Message, label: str) -> InteractionResult:
        """Press a button, named by its label, or by its emoji if it has no label.

        Raises:
            NotOffered: The message has no such button.
        """
        pressed = next((one for one in _buttons(message) if label in {one.label, str(one.emoji)}), None)
        if pressed is None:
            raise NotOffered("no such button")
        return await self._perform(lambda: self.member.click(message, custom_id=pressed.custom_id))

    async def submit(self, shown: InteractionResult, **values: object) -> InteractionResult:
        """Fill in and submit the form that an action has opened."""
        return await self._perform(lambda: self.member.submit_modal(shown, values))

    async def follow_task(
        self, kind: SampleKind, prompt: str, extra_buttons: dict[str, str] | None = None
    ) -> discord.Message:
        """Create a finished task, follow it, and return its message once it is complete.

        Raises:
            NotOffered: This software creates no such task, or the bot cannot follow it; the message says why.
        """
        if not self.relay.settings.can_create(kind):
            raise NotOffered("no such button")
        task_id = self.relay.add_task(kind, prompt=prompt, extra_buttons=extra_buttons)
        shown = await self.slash("mjstatus", id=task_id)

        def find_message() -> discord.Message | None:
            if refusal := _ephemeral_text(shown):
                raise NotOffered(_first_sentence(refusal))
            message_now = self.find_current(shown.response) if shown.response else None
            if message_now is None or not _title(message_now).startswith(_FINAL_SIGNS):
                return None
            if not _title(message_now).startswith("✅"):
                raise NotOffered(_plain_title(message_now))
            return message_now if message_now.attachments or kind == "shorten" else None

        return await self._wait_until(find_message)

    async def answer_question(self, result: InteractionResult) -> str:
        """Wait for the question that an expensive press asks, confirm it, and return the outcome."""
        question, *_ = await self._wait_until(lambda: [one for one in result.followups if one.components])
        confirmed = await self._perform(lambda: self.member.click(question, label="Draw"))
        return await self.wait_for_outcome(confirmed, question, claim_id=question.id)

    async def wait_for_outcome(
        self, result: InteractionResult, pressed: Shown | None = None, *, claim_id: int = 0
    ) -> str:
        """Wait for the outcome of an action and return it in a few words, with the path of a fallback's submit.

        `pressed` is the message with the button that was pressed: Discord reports it as the answer to the press. The
        claim has the interaction's id unless `claim_id` names another one.
        """

        def read_outcome() -> str | None:
            if refusal := _ephemeral_text(result, pressed):
                return _first_sentence(refusal)
            messages = (one for one in (*result.followups, result.response) if one is not None)
            others = (one for one in messages if pressed is None or one.id != pressed.id)
            shown = next((one for one in others if _title(one).startswith(_FINAL_SIGNS)), None)
            if shown is None:
                return None
            return "" if _title(shown).startswith(_SUCCESS_SIGNS) else _plain_title(shown)

        (outcome,) = await self._wait_until(lambda: None if (found := read_outcome()) is None else (found,))
        if outcome:
            return outcome
        states = {
            f"mjbot:{derive_claim_id(claim_id or self._interaction_id(result), line)}"
            for line in range(MAX_SUBMITS_PER_INTERACTION)
        }
        paths = {one.path for one in self.relay.submits if one.body.get("state") in states}
        others = sorted(paths - _PRESS_PATHS) if pressed else []
        return "✔" if not others else f"✔ by `{others[0].removeprefix('/mj')}`"

    async def wait_for_answer(self, result: InteractionResult) -> None:
        """Wait until an interaction has an answer with text or an embed."""
        await self._wait_until(lambda: (one := result.response) and (one.embeds or one.content))

    def find_current(self, message: Shown) -> discord.Message | None:
        """Return the present state of a message, None if it was deleted."""
        stored = self.env.backend.messages.get(self.channel.id, {}).get(message.id)
        return None if stored is None else simcord.results.to_discord_message(self.env, stored)

    async def wait_for_button(self, result: InteractionResult, label: str) -> discord.Message:
        """Wait until the answer to an action has a button with this label, and return that message.

        Raises:
            NotOffered: The bot refused; the message is the reason that it showed.
        """

        def find_message() -> discord.Message | None:
            if refusal := _ephemeral_text(result):
                raise NotOffered(_first_sentence(refusal))
            if result.response is None:
                return None
            message_now = self.find_current(result.response)
            return message_now if message_now and label in [one.label for one in _buttons(message_now)] else None

        return await self._wait_until(find_message)

    async def _perform(self, action: Callable[[], Awaitable[Any]]) -> InteractionResult:
        async with self._action_lock:
            with suppress(TimeoutError):
                await action()
            result = InteractionResult(self.env, self._last_interaction)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                while not result.acknowledged:  # noqa: ASYNC110 - SimCord has no event for it
                    await asyncio.sleep(0.02)
        return result

    async def _wait_until(self, find: Callable[[], _T | None]) -> _T:
        """Call `find` until it returns a true value, and return that."""
        async with asyncio.timeout(_WALK_SECONDS):
            while not (value := find()):  # noqa: ASYNC110 - SimCord has no event for what a message shows
                await asyncio.sleep(0.02)
        return value

    @staticmethod
    def _interaction_id(result: InteractionResult) -> int:
        return int(result._interaction.id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def record_interactions(self) -> None:
        """Record each interaction as it is created: SimCord returns none for an action that does not settle in time."""
        backend: Any = self.env.backend
        emit = backend.emit

        def record_and_emit(event: str, payload: dict[str, Any]) -> None:
            if event == "INTERACTION_CREATE":
                self._last_interaction = backend.interactions[int(payload["id"])]
            emit(event, payload)

        backend.emit = record_and_emit


@asynccontextmanager
async def open_walker(relay_settings: RelaySettings) -> AsyncGenerator[Walker]:
    """Start a relay, the bot with a fast clock and a simulated Discord with one member, until the block ends."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mjbot-"))
        relay = await stack.enter_async_context(Relay(relay_settings).serve())
        clock = await stack.enter_async_context(FastClock().run())
        bot_settings = build_settings(relay.url, Path(folder)).model_copy(update={"notify_after_seconds": 100_000})
        app = await stack.enter_async_context(open_app(bot_settings, clock=clock, shard_count=1))
        add_permissions_route()
        env = await stack.enter_async_context(simcord.run(app.bot, settle_timeout=0.1, check_errors=False))
        await app.start_records()
        # Messages are not older than the database, which the bot has opened by its own clock.
        await env.advance_time((clock.now() - env.now()).total_seconds())
        lien = env.create_user("lien")
        guild = env.create_guild("Midjourney at home", id=GUILD_ID, owner=lien)
        channel = guild.create_text_channel("art")
        member = guild.add_member(lien)
        stack.enter_context(env.time_context())
        await stack.enter_async_context(run_background_work(app))
        await app.bot.wait_until_ready()
        commands = tuple(
            one.name for one in app.bot.tree.get_commands() if isinstance(one, discord.app_commands.Command)
        )
        walker = Walker(relay, env, channel, member, commands)
        walker.record_interactions()
        yield walker


def _buttons(message: discord.Message) -> Iterator[discord.Button]:
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            yield from (child for child in row.children if isinstance(child, discord.Button))


def _title(message: Shown) -> str:
    return (message.embeds[0].title or "") if message.embeds else ""


def _plain_title(message: Shown) -> str:
    """Return the title of a message without its leading emoji, shortened."""
    return _first_sentence(_title(message).lstrip("❌❔ "))


def _ephemeral_text(result: InteractionResult, pressed: Shown | None = None) -> str:
    """Return the first ephemeral text without an embed, "" if there is none; the pressed message is no answer."""
    shown = [*result.followups, *([result.response] if result.response else [])]
    answers = (one for one in shown if pressed is None or one.id != pressed.id)
    texts = (one.content for one in answers if one.ephemeral and one.content and not one.embeds)
    return next((text for text in texts if text != ASKING_FOR_SEED), "")


def _first_sentence(text: str) -> str:
    """Return the first sentence of a text, without Markdown, mentions and ids, which differ from run to run."""
    plain = re.sub(r"[*_|]|<[^>]*>|\d{10,}", "", text.strip())
    sentence = " ".join(re.split(r"(?<=[.!?])\s|\n", plain, maxsplit=1)[0].rstrip(".").split())
    return sentence if len(sentence) <= _MAX_CELL else f"{sentence[:_MAX_CELL].rsplit(' ', 1)[0]} ..."
