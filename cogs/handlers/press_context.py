"""Build a Press from a click: who clicked, on which message, and who requested that message."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import discord

from bot.entities import Place
from bot.errors import MjbotError
from bot.policy.task_privacy import Viewer
from bot.submissions.claims import Press
from bot.submissions.presses import PressService
from bot.timeouts import wait_at_most
from cogs.components.custom_ids import TaskCustomId
from cogs.context import Interaction, get_clicked_place, get_requester, get_viewer, to_person
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import Language, _, use_language
from cogs.text.guidance import COPIED_BUTTONS

_PREFILL_SECONDS = 1.5
_FIRST_BUTTONS = datetime(2021, 5, 26, tzinfo=UTC)
"""When Discord introduced buttons: an id from before is that of no message with one."""
_MESSAGE_LINK = r"https://discord\.com/channels/(?:@me|\d{1,20})/\d{1,20}/(\d{1,20})"


async def build_press(
    interaction: Interaction, click: TaskCustomId, trust: GuildTrust, *, parent: Place | None = None
) -> Press:
    """Build a press from a click or a modal; `parent` is the task's message if another one was clicked."""
    requester = get_requester(interaction.message)
    place = parent or get_clicked_place(interaction)
    spender = await trust.identify_spender(interaction, requester.id if requester else 0, is_private=place.ephemeral)
    return Press(
        interaction_id=interaction.id,
        person=to_person(interaction.user),
        viewer=get_viewer(interaction),
        spender=spender,
        place=place,
        task_id=click.task_id,
        button_key=click.key,
        is_marked=interaction.message is not None and is_marked(interaction.message, click),
        shown_at=get_shown_time(find_copied_message(interaction.message) or place.message_id),
    )


def is_marked(message: discord.Message, click: TaskCustomId) -> bool:
    """Return whether a message shows a button as pressed before: green, or described so in a menu."""
    for row in message.components:
        for part in row.children if isinstance(row, discord.ActionRow) else ():
            if isinstance(part, discord.Button) and _is_same(part.custom_id, click):
                return part.style is discord.ButtonStyle.success
            for option in part.options if isinstance(part, discord.SelectMenu) else ():
                if _is_same(option.value, click):
                    return bool(option.description)
    return False


def _is_same(custom_id: str | None, click: TaskCustomId) -> bool:
    found = TaskCustomId.parse(custom_id or "")
    return found is not None and (found.task_id, found.key) == (click.task_id, click.key)


def get_shown_time(message_id: int) -> datetime | None:
    """Return when Discord got a message with buttons, by its id; None for an id that tells no such time."""
    time = discord.utils.snowflake_time(message_id) if 0 < message_id < 1 << 63 else _FIRST_BUTTONS
    return time if time > _FIRST_BUTTONS else None


def find_copied_message(message: discord.Message | None) -> int:
    """Return the id of the message whose buttons this one copies; 0 where it copies none."""
    text = message.embeds[0].description if message and message.embeds else None
    found = (re.fullmatch(pattern, text) for pattern in _list_copy_patterns()) if text else ()
    return next((int(one[1]) for one in found if one), 0)


def _list_copy_patterns() -> Iterator[str]:
    """Yield what stands above copied buttons, in each language: the person may have changed theirs since."""
    for language in Language:
        with use_language(language):
            pattern = re.escape(_(COPIED_BUTTONS)).replace(r"\{link\}", _MESSAGE_LINK)
        yield pattern


async def fetch_prefill(presses: PressService, click: TaskCustomId, viewer: Viewer) -> str:
    """Fetch the text that a modal starts with, within the time of a first response; "" after that."""
    try:
        return await wait_at_most(presses.get_modal_prefill(click.task_id, viewer, click.key), _PREFILL_SECONDS)
    except (TimeoutError, MjbotError):
        return ""
