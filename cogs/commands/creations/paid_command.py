"""The steps of every paid command: refuse invalid options, defer the response, submit the request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from decimal import Decimal
from io import BytesIO
from typing import Any

import discord

from bot.clock import Clock
from bot.errors import MjbotError, StoreUnavailable
from bot.imaging.upload_validation import Upload
from bot.midjourney.prompts.prompt_language import is_mostly_english
from bot.policy.server_rules import find_needed_command
from bot.submissions.command_requests import CommandRequest, PersonDefaults, PictureInput
from bot.submissions.commands import CommandInvocation, CommandService, UnconfirmedCommand
from cogs.components.modals import get_typed_prompt
from cogs.context import Interaction, get_viewer, to_person, to_place
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import _
from cogs.messaging.followups import ClickFollowups, CommandFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    REQUEST_ERRORS,
    acknowledge,
    log_and_describe_error,
    replace_response_on_error,
    send_ephemeral,
    summarize_error,
    with_timeout,
)
from cogs.text.confirmations import describe_question
from cogs.text.guidance import ENGLISH_PROMPTS
from cogs.views.command_question import (
    PICTURE_PREFIX,
    PROMPT_FILE,
    CommandChoice,
    needs_prompt_file,
    render_command_question,
)

log = logging.getLogger(__name__)

_PRIVACY_SECONDS = 1.0
"""How long the database may take to tell whether a picture is private: Discord waits three seconds for a response."""

_PROMPT_HINT = "prompt"
"""The name under which is stored that a person has seen the hint about English prompts."""

LoadDefaults = Callable[[int], Awaitable[PersonDefaults]]
"""Loads the default parameters and speed of a person, by id."""
NoteHint = Callable[[int, str], Awaitable[bool]]
"""Notes that a person, by id, sees a hint; returns whether it is new to them."""


async def choose_privacy(chosen: bool | None, is_private: Awaitable[bool]) -> bool:  # noqa: FBT001
    """Return whether a response is private: as the person chose, or else as the picture is that it is made from.

    Where the database does not tell that in time, the response is private.
    """
    try:
        async with asyncio.timeout(_PRIVACY_SECONDS):
            is_source_private = await is_private
    except (StoreUnavailable, TimeoutError):
        is_source_private = True
    return is_source_private if chosen is None else chosen


class PaidCommandRunner:
    """Runs paid commands; `load_defaults` is called after the first response, because a database may be slow."""

    def __init__(
        self,
        commands: CommandService,
        trust: GuildTrust,
        rate_limiter: RateLimiter,
        clock: Clock,
        *,
        load_defaults: LoadDefaults,
        note_hint: NoteHint,
    ) -> None:
        self._commands = commands
        self._trust = trust
        self._rate_limiter = rate_limiter
        self._sleep = clock.sleep
        self._load_defaults = load_defaults
        self._note_hint = note_hint

    async def run(
        self,
        interaction: Interaction,
        build_request: Callable[[PersonDefaults], CommandRequest],
        *,
        private: bool,
        needed_commands: Collection[str] = (),
    ) -> None:
        """Submit what `build_request` returns; the MjbotError that it raises is shown to the person.

        It is called once without defaults, before the response is deferred: defaults only add options that were left
        out, so that options which are valid without them are valid with them. `needed_commands` are those that the
        person must be allowed to use although Discord has not checked them: it checks the slash command or the menu
        that is used, but no form.
        """
        try:
            build_request(PersonDefaults())
        except MjbotError as error:
            await send_ephemeral(interaction, log_and_describe_error(error, interaction))
            return
        answer = await acknowledge(interaction, interaction.response.defer(ephemeral=private, thinking=True))
        if answer is None:
            return
        # In a person's own install Discord may make a response private that was meant to be public.
        private, is_sent = private or answer.is_ephemeral(), False
        async with replace_response_on_error(interaction, private=private):
            message_id = answer.message_id or (await with_timeout(interaction.original_response())).id
            followups = CommandFollowups(
                interaction, self._rate_limiter, self._sleep, message_id=message_id, ephemeral=private
            )
            invocation = CommandInvocation(
                interaction_id=interaction.id,
                person=to_person(interaction.user),
                spender=await self._trust.identify_spender(
                    interaction, is_private=private, needed_commands=needed_commands
                ),
            )
            defaults = await self._load_defaults(interaction.user.id)
            unconfirmed = await self._commands.submit_command(invocation, build_request(defaults), followups)
            if unconfirmed is not None:
                await self._ask(interaction, unconfirmed, private=private)
            is_sent = unconfirmed is None
        if is_sent:
            await self._give_hint(interaction)

    async def _give_hint(self, interaction: Interaction) -> None:
        """Tell a person once that English prompts are better, after a command with another one was submitted."""
        if is_mostly_english(get_typed_prompt(interaction)):
            return
        if await self._note_hint(interaction.user.id, _PROMPT_HINT):
            await self._rate_limiter.acquire_token(interaction.token)
            await send_ephemeral(interaction, _(ENGLISH_PROMPTS))

    async def _ask(
        self, interaction: Interaction, unconfirmed: UnconfirmedCommand, *, private: bool, again: bool = False
    ) -> None:
        """Ask this person privately whether to send a command; nothing is claimed before the answer.

        `again`: the interaction's message is an earlier question.
        """
        kept, pictures = unconfirmed.kept, unconfirmed.pictures
        files = [
            discord.File(BytesIO(one.data), f"{PICTURE_PREFIX}{number}.{one.kind}")
            for number, one in enumerate(pictures, 1)
        ]
        if needs_prompt_file(kept.prompt):
            files.append(discord.File(BytesIO(kept.prompt.encode()), PROMPT_FILE))
        choice = CommandChoice(kept=kept, pictures=len(pictures), is_private=private)
        embeds, view = render_command_question(choice)
        shown: dict[str, Any] = {
            "content": describe_question(unconfirmed.needed, interaction.client.clock.now()),
            "embeds": embeds,
            "view": view,
            "allowed_mentions": discord.AllowedMentions.none(),
        }
        await self._rate_limiter.acquire_token(interaction.token)
        if private or again:
            await with_timeout(interaction.edit_original_response(attachments=files, **shown))
            return
        # Discord can't make the public "thinking ..." private, so it is deleted.
        await with_timeout(interaction.edit_original_response(content="…"))
        await with_timeout(interaction.followup.send(files=files, ephemeral=True, wait=True, **shown))
        try:
            await with_timeout(interaction.delete_original_response())
        except REQUEST_ERRORS as error:
            log.info("A public answer could not be deleted: %s.", summarize_error(error))

    async def confirm(
        self,
        interaction: Interaction,
        question: discord.Message,
        wanted: CommandRequest,
        *,
        price: Decimal | None,
        private: bool,
    ) -> None:
        """Submit the command that a question is about; its message is a new one, as private as it was to be.

        The server's managers may have denied the command since, which Discord does not check for a button.
        If the price rose since the question, which told `price`, the question is asked again.
        """
        place = to_place(interaction, question.id, ephemeral=private)
        followups = ClickFollowups(interaction, self._rate_limiter, self._sleep, parent=place)
        invocation = CommandInvocation(
            interaction_id=interaction.id,
            person=to_person(interaction.user),
            spender=await self._trust.identify_spender(
                interaction, is_private=private, needed_commands=(find_needed_command(wanted.action),)
            ),
            confirmed_price=price,
        )
        viewer = get_viewer(interaction)
        unconfirmed = await self._commands.confirm_command(invocation, question.id, wanted, viewer, followups)
        if unconfirmed is not None:
            await self._ask(interaction, unconfirmed, private=private, again=True)

    async def prepare_pictures(
        self, interaction: Interaction, pictures: tuple[PictureInput, ...], *, needed_commands: Collection[str]
    ) -> tuple[Upload, ...]:
        """Read and check pictures for a later request, if this person may spend; raises like prepare_uploads."""
        spender = await self._trust.identify_spender(interaction, needed_commands=needed_commands)
        return await self._commands.prepare_uploads(spender, pictures)
