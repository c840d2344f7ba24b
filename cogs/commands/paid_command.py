"""The road of every creating command: wrong input is refused at once, then the answer is deferred and the wish made."""

from collections.abc import Awaitable, Callable

from bot.clock import Clock
from bot.errors import MjbotError
from bot.imaging.upload_validation import Upload
from bot.submissions.command_requests import Defaults, Given, Wish
from bot.submissions.commands import Creation, Creations
from cogs.gateway.guild_trust import Trust
from cogs.messaging.context import Interaction, person
from cogs.messaging.followups import CommandAnswerer
from cogs.messaging.rate_limits import Budgets
from cogs.messaging.responses import acknowledged, promptly, sentence, taking_back, tell

DefaultsOf = Callable[[int], Awaitable[Defaults]]
"""Finds what a person, by id, wants wherever they say nothing."""


async def _nothing(_: int) -> Defaults:
    return Defaults()


class Creating:
    """Turns a command into a creation; `defaults_of` is asked after the first answer, as a store may be slow."""

    def __init__(
        self, creations: Creations, trust: Trust, turns: Budgets, clock: Clock, *, defaults_of: DefaultsOf = _nothing
    ) -> None:
        self._creations = creations
        self._trust = trust
        self._turns = turns
        self._sleep = clock.sleep
        self._defaults_of = defaults_of

    async def create(self, interaction: Interaction, wish_of: Callable[[Defaults], Wish], *, private: bool) -> None:
        """Make a wish; `wish_of` raises what is wrong with the command's options, and is called once without defaults.

        Defaults only ever add what was left unsaid, so what is right without them is right with them.
        """
        try:
            wish_of(Defaults())
        except MjbotError as error:
            await tell(interaction, sentence(error, interaction))
            return
        answer = await acknowledged(interaction.response.defer(ephemeral=private, thinking=True))
        if answer is None:
            return
        # Discord makes some answers of a person's own install private, whatever was asked for.
        private = private or answer.is_ephemeral()
        async with taking_back(interaction, private=private):
            message_id = answer.message_id or (await promptly(interaction.original_response())).id
            answerer = CommandAnswerer(interaction, self._turns, self._sleep, message_id=message_id, ephemeral=private)
            creation = Creation(
                interaction_id=interaction.id,
                person=person(interaction.user),
                asker=await self._trust.asker(interaction),
            )
            defaults = await self._defaults_of(interaction.user.id)
            await self._creations.create(creation, wish_of(defaults), answerer)

    async def prepared(self, interaction: Interaction, pictures: tuple[Given, ...]) -> tuple[Upload, ...]:
        """Check pictures that somebody may create from, without creating; raises what Creations.prepared does."""
        return await self._creations.prepared(await self._trust.asker(interaction), pictures)
