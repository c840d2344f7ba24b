"""Render the question whether to send an expensive command. Pure.

The question's message holds all that the command asked for, so that any process can send it: its button names the
action and the options, its embed or a file holds the prompt, and the pictures are attached in their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import discord
from discord import ui

from bot.submissions.kept_commands import KeptCommand
from cogs.components.event_item import EventItem, build_view
from cogs.languages import _
from cogs.text import limits
from cogs.views.colors import WAITING_COLOR

COMMAND_ANSWER_EVENT: Final = "command_answer"
"""The event of a click on the button: `on_command_answer(interaction, choice)`."""
PROMPT_FILE: Final = "prompt.txt"
PICTURE_PREFIX: Final = "picture-"
_TEMPLATE: Final = r"mj:ask:(?P<action>[A-Z_]{1,20}):(?P<private>[01])(?P<pictures>[0-9]):(?P<options>[A-Za-z+]{0,40})"
_FENCE, _END = "```\n", "\n```"


@dataclass(frozen=True, kw_only=True)
class CommandChoice:
    """What the button holds: the command without its prompt, how many pictures, and whether only the person sees it."""

    kept: KeptCommand
    pictures: int
    is_private: bool

    @property
    def custom_id(self) -> str:
        """The custom_id, which the button's template reads."""
        return f"mj:ask:{self.kept.action}:{int(self.is_private)}{self.pictures}:{self.kept.options}"


class CommandQuestionButton(EventItem[ui.Button[Any]], template=_TEMPLATE):
    """Sends the command that the message is about."""

    @classmethod
    def build(cls, choice: CommandChoice) -> Self:
        """Build the button of a question."""
        return cls(ui.Button[Any](label=_("Draw"), style=discord.ButtonStyle.primary, custom_id=choice.custom_id))

    def get_event(self) -> tuple[str, CommandChoice]:
        """Dispatch what the button holds; the message has the rest."""
        found = self.match
        kept = KeptCommand(action=found["action"], options=found["options"])
        choice = CommandChoice(kept=kept, pictures=int(found["pictures"]), is_private=found["private"] == "1")
        return COMMAND_ANSWER_EVENT, choice


def needs_prompt_file(prompt: str) -> bool:
    """Whether an embed would not hold a prompt exactly as it is: it is too long, or would end the code block."""
    return "```" in prompt or limits.length(prompt) > limits.EMBED_DESCRIPTION - len(_FENCE) - len(_END)


def render_command_question(choice: CommandChoice) -> tuple[Sequence[discord.Embed], ui.View]:
    """Render the embed that holds the prompt, if there is one, and the button."""
    prompt, view = choice.kept.prompt, build_view([CommandQuestionButton.build(choice)])
    if not prompt:
        return [], view
    room = limits.EMBED_DESCRIPTION - len(_FENCE) - len(_END)
    text = _FENCE + limits.cut(prompt.replace("```", "'''"), room) + _END
    return [discord.Embed(color=WAITING_COLOR, description=text)], view


def read_prompt_block(message: discord.Message) -> str:
    """Read the prompt from the embed of a question; "" where it has none."""
    text = (message.embeds[0].description or "") if message.embeds else ""
    return text[len(_FENCE) : -len(_END)] if text.startswith(_FENCE) and text.endswith(_END) else ""
