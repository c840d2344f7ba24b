"""Build a Press from a click: who clicked, on which message, and who requested that message."""

from bot.entities import Place
from bot.errors import MjbotError
from bot.policy.task_privacy import Viewer
from bot.submissions.claims import Press
from bot.submissions.presses import PressService
from bot.timeouts import wait_at_most
from cogs.components.custom_ids import TaskCustomId
from cogs.context import Interaction, get_clicked_place, get_requester, get_viewer, to_person
from cogs.gateway.guild_trust import GuildTrust

_PREFILL_SECONDS = 1.5


async def build_press(
    interaction: Interaction, click: TaskCustomId, trust: GuildTrust, *, parent: Place | None = None
) -> Press:
    """Build a press from a click or a modal; `parent` is the task's message if another one was clicked."""
    requester = get_requester(interaction.message)
    return Press(
        interaction_id=interaction.id,
        person=to_person(interaction.user),
        viewer=get_viewer(interaction),
        spender=await trust.identify_spender(interaction, requester.id if requester else 0),
        place=parent or get_clicked_place(interaction),
        task_id=click.task_id,
        button_key=click.key,
    )


async def fetch_prefill(presses: PressService, click: TaskCustomId, viewer: Viewer) -> str:
    """Fetch the text that a modal starts with, within the time of a first response; "" after that."""
    try:
        return await wait_at_most(presses.get_modal_prefill(click.task_id, viewer, click.key), _PREFILL_SECONDS)
    except (TimeoutError, MjbotError):
        return ""
