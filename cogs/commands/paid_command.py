"""The road of every creating command: wrong input is refused at once, then the answer is deferred and the wish made."""

from collections.abc import Awaitable, Callable

from bot.clock import Clock
from bot.errors import MjbotError
from bot.imaging.upload_validation import Upload
from bot.submissions.command_requests import CommandRequest, PersonDefaults, PictureInput
from bot.submissions.commands import CommandInvocation, CommandService
from cogs.gateway.guild_trust import GuildTrust
from cogs.messaging.context import Interaction, to_person
from cogs.messaging.followups import CommandFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    log_and_describe_error,
    replace_response_on_error,
    send_ephemeral,
    with_timeout,
)

LoadDefaults = Callable[[int], Awaitable[PersonDefaults]]
"""Finds what a person, by id, wants wherever they say nothing."""


async def _nothing(_: int) -> PersonDefaults:
    return PersonDefaults()


class PaidCommandRunner:
    """Turns a command into a creation; `defaults_of` is asked after the first answer, as a store may be slow."""

    def __init__(
        self,
        creations: CommandService,
        trust: GuildTrust,
        turns: RateLimiter,
        clock: Clock,
        *,
        defaults_of: LoadDefaults = _nothing,
    ) -> None:
        self._creations = creations
        self._trust = trust
        self._turns = turns
        self._sleep = clock.sleep
        self._defaults_of = defaults_of

    async def run(
        self, interaction: Interaction, wish_of: Callable[[PersonDefaults], CommandRequest], *, private: bool
    ) -> None:
        """Make a wish; `wish_of` raises what is wrong with the command's options, and is called once without defaults.

        Defaults only ever add what was left unsaid, so what is right without them is right with them.
        """
        try:
            wish_of(PersonDefaults())
        except MjbotError as error:
            await send_ephemeral(interaction, log_and_describe_error(error, interaction))
            return
        answer = await acknowledge(interaction, interaction.response.defer(ephemeral=private, thinking=True))
        if answer is None:
            return
        # Discord makes some answers of a person's own install private, whatever was asked for.
        private = private or answer.is_ephemeral()
        async with replace_response_on_error(interaction, private=private):
            message_id = answer.message_id or (await with_timeout(interaction.original_response())).id
            answerer = CommandFollowups(interaction, self._turns, self._sleep, message_id=message_id, ephemeral=private)
            creation = CommandInvocation(
                interaction_id=interaction.id,
                person=to_person(interaction.user),
                asker=await self._trust.identify_asker(interaction),
            )
            defaults = await self._defaults_of(interaction.user.id)
            await self._creations.submit_command(creation, wish_of(defaults), answerer)

    async def prepare_pictures(
        self, interaction: Interaction, pictures: tuple[PictureInput, ...]
    ) -> tuple[Upload, ...]:
        """Check pictures that somebody may create from, without creating; raises what Creations.prepared does."""
        return await self._creations.prepare_uploads(await self._trust.identify_asker(interaction), pictures)
