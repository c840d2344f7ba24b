"""The base of every component that outlives the process that sent it: a click becomes an event that a cog listens to.

Everything a click needs travels in its custom_id. discord.py drops the registration of a DynamicItem's class with any
view that mixes it with ordinary items and is stopped or times out: hence only these classes and link buttons,
`timeout=None`, and a fresh view for every edit.
"""

import re
from collections.abc import Iterable
from typing import Any, Self, TypeVar, cast

import discord
from discord import ui

from cogs.languages import use_language

_ItemT_co = TypeVar("_ItemT_co", bound=ui.Item[Any], covariant=True)


_TEMPLATES: set[re.Pattern[str]] = set()
"""Of every class of this process."""


class EventItem(ui.DynamicItem[_ItemT_co], template=r"(?!)"):
    """A button or menu that dispatches `get_event()`; discord.py calls each class whose template matches."""

    def __init_subclass__(cls, *, template: str | re.Pattern[str]) -> None:
        """Remember the template of a class."""
        super().__init_subclass__(template=template)
        _TEMPLATES.add(re.compile(template))

    def __init__(self, item: _ItemT_co) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        if match is None:
            raise ValueError(f"the template does not match all of {self.custom_id!r}")
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Wrap the component of any message, however old."""
        del interaction, match
        return cls(cast(_ItemT_co, item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Dispatch the event; its listener handles errors, because discord.py would only log them here."""
        name, *arguments = self.get_event()
        with use_language(interaction.client.languages.choose_for_person(interaction)):
            interaction.client.dispatch(name, interaction, *arguments)

    def get_event(self) -> tuple[str, *tuple[object, ...]]:
        """Return the name of the event, and what its listeners get after the interaction."""
        raise NotImplementedError


def is_known_custom_id(custom_id: str) -> bool:
    """Return whether a class of this process takes a component, or the modal that it opens under the same id."""
    return any(template.fullmatch(custom_id) for template in _TEMPLATES)


def build_view(items: Iterable[ui.Item[Any]]) -> ui.View:
    """Build a view that discord.py never times out."""
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
