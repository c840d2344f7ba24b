"""Render the question whether to press a button that is expensive, or whose earlier press may have been charged. Pure.

The question's message holds what that needs, so that any process can continue: its button names the API's button, and
its embed holds the link of the task's message, and the prompt where one was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import discord
from discord import ui

from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import TaskButton, TaskCustomId
from cogs.components.event_item import build_view
from cogs.languages import N_, _
from cogs.text import limits
from cogs.views.colors import WAITING_COLOR

_FENCE, _END = "```\n", "\n```"
_TITLE: Final = N_("The message with the button")
_LABELS: Final[Mapping[ButtonKind, str]] = {
    ButtonKind.DRAW_AGAIN: N_("Draw again"),
    ButtonKind.CONFIRM_PRICE: N_("Draw"),
}


@dataclass(frozen=True, kw_only=True)
class PressQuestion:
    """What the question is about: `parent_link` is empty where only the person sees the task's message."""

    parent_link: str
    prompt: str | None = None

    @classmethod
    def from_message(cls, message: discord.Message | None) -> Self:
        """Read a question from its message; without an embed it is about a private message, and has no prompt."""
        embed = message.embeds[0] if message and message.embeds else discord.Embed()
        text = embed.description or ""
        has_prompt = text.startswith(_FENCE) and text.endswith(_END)
        return cls(parent_link=embed.url or "", prompt=text[len(_FENCE) : -len(_END)] if has_prompt else None)

    def render_embed(self) -> discord.Embed | None:
        """Render the embed that from_message reads; None if it has nothing to hold.

        Discord does not change a code block; a fence inside would end it.
        """
        if self.prompt is None and not self.parent_link:
            return None
        embed = discord.Embed(title=_(_TITLE), url=self.parent_link or None, color=WAITING_COLOR)
        if self.prompt is not None:
            room = limits.EMBED_DESCRIPTION - len(_FENCE) - len(_END)
            embed.description = _FENCE + limits.cut(self.prompt.replace("```", "'''"), room) + _END
        return embed


def render_question_button(kind: ButtonKind, click: TaskCustomId) -> ui.View:
    """Render the button that presses the API's button, for the click that was not sent."""
    custom_id = TaskCustomId(kind, click.task_id, click.key).custom_id
    button = ui.Button[Any](label=_(_LABELS[kind]), style=discord.ButtonStyle.primary, custom_id=custom_id)
    return build_view([TaskButton(button)])
