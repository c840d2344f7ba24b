"""Handle the button Report, and the form that it and the context menu open."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import discord
from discord.ext import commands

from bot.entities import Report, ReportReason
from bot.features.reports import ReportService
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from cogs.components.modals import read_choice, read_text_field
from cogs.context import MODAL_EVENT, Interaction, is_bot_in_guild
from cogs.languages import _
from cogs.messaging.channels.report_lines import ReportLines
from cogs.messaging.responses import (
    acknowledge,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.reports import NOT_A_MESSAGE_OF_THE_BOT, PRIVATE_MESSAGE, describe_outcome
from cogs.views.report_controls import COMMENT_FIELD, REASON_FIELD, ReportFormId, build_report_form

_NOT_YET: Final = datetime.min.replace(tzinfo=UTC)


class ReportFormHandler(commands.Cog):
    """Opens the form below the bot's own messages, and writes what was reported."""

    def __init__(self, reports: ReportService, lines: ReportLines) -> None:
        self._reports = reports
        self._lines = lines

    @commands.Cog.listener(f"on_{ClickEvent.REPORT}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Open the form for the clicked message."""
        async with send_ephemeral_on_error(interaction):
            if interaction.message is not None:
                await open_report_form(interaction, interaction.message, click.task_id)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Write the report from the form's raw data, whichever process opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        form = ReportFormId.parse(str(data.get("custom_id", "")))
        if form is None or not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            chosen = read_choice(data, REASON_FIELD)
            outcome, report_id = await self._reports.add_report(
                Report(
                    guild_id=interaction.guild_id or 0,
                    channel_id=interaction.channel_id or 0,
                    message_id=form.message_id,
                    task_id=form.task_id,
                    reporter_id=interaction.user.id,
                    reason=ReportReason(chosen) if chosen in set(ReportReason) else ReportReason.OTHER,
                    comment=read_text_field(data, COMMENT_FIELD),
                    made_at=_NOT_YET,
                )
            )
            if report_id:
                self._lines.show(report_id)
            text = describe_outcome(outcome, has_moderators=is_bot_in_guild(interaction))
            await with_timeout(interaction.edit_original_response(content=text))


async def open_report_form(interaction: Interaction, message: discord.Message, task_id: str = "") -> None:
    """Open the form for a message, or say why it can't be reported; the form is the first response."""
    if message.author.id != interaction.client.user.id:
        await send_ephemeral(interaction, _(NOT_A_MESSAGE_OF_THE_BOT))
    elif message.flags.ephemeral:
        await send_ephemeral(interaction, _(PRIVATE_MESSAGE))
    else:
        modal = build_report_form(ReportFormId(message.id, task_id or _find_task_id(message)))
        await acknowledge(interaction, interaction.response.send_modal(modal))


def _find_task_id(message: discord.Message) -> str:
    """Return the task of a message by its buttons; "" where they name none."""
    for row in message.components:
        for part in row.children if isinstance(row, discord.ActionRow) else ():
            click = TaskCustomId.parse(getattr(part, "custom_id", None) or "")
            if click is not None:
                return click.task_id
    return ""
