"""The steps of every paid command: refuse invalid options, defer the response, submit the request."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.clock import Clock
from bot.errors import MjbotError, StoreUnavailable
from bot.imaging.upload_validation import Upload
from bot.submissions.command_requests import CommandRequest, PersonDefaults, PictureInput
from bot.submissions.commands import CommandInvocation, CommandService
from cogs.context import Interaction, to_person
from cogs.gateway.guild_trust import GuildTrust
from cogs.messaging.followups import CommandFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    log_and_describe_error,
    replace_response_on_error,
    send_ephemeral,
    with_timeout,
)

_PRIVACY_SECONDS = 1.0
"""How long the database may take to tell whether a picture is private: Discord waits three seconds for a response."""

LoadDefaults = Callable[[int], Awaitable[PersonDefaults]]
"""Loads the default parameters and speed of a person, by id."""


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
    ) -> None:
        self._commands = commands
        self._trust = trust
        self._rate_limiter = rate_limiter
        self._sleep = clock.sleep
        self._load_defaults = load_defaults

    async def run(
        self, interaction: Interaction, build_request: Callable[[PersonDefaults], CommandRequest], *, private: bool
    ) -> None:
        """Submit what `build_request` returns; the MjbotError that it raises is shown to the person.

        It is called once without defaults, before the response is deferred: defaults only add options that were left
        out, so that options which are valid without them are valid with them.
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
        private = private or answer.is_ephemeral()
        async with replace_response_on_error(interaction, private=private):
            message_id = answer.message_id or (await with_timeout(interaction.original_response())).id
            followups = CommandFollowups(
                interaction, self._rate_limiter, self._sleep, message_id=message_id, ephemeral=private
            )
            invocation = CommandInvocation(
                interaction_id=interaction.id,
                person=to_person(interaction.user),
                spender=await self._trust.identify_spender(interaction, is_private=private),
            )
            defaults = await self._load_defaults(interaction.user.id)
            await self._commands.submit_command(invocation, build_request(defaults), followups)

    async def prepare_pictures(
        self, interaction: Interaction, pictures: tuple[PictureInput, ...]
    ) -> tuple[Upload, ...]:
        """Read and check pictures for a later request, if this person may spend; raises like prepare_uploads."""
        return await self._commands.prepare_uploads(await self._trust.identify_spender(interaction), pictures)
