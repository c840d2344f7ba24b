"""The preview of Vary (Region) is read back from its message, whatever its language is."""

from types import SimpleNamespace
from typing import cast

import discord
import pytest

from bot.imaging.masks import Region
from bot.languages import Language
from cogs.languages import use_language
from cogs.languages.catalogs import CATALOGS
from cogs.views.region_preview import RegionPreview, render_region_preview
from tests.fakes.catalog import PseudoCatalog, find_untranslated

LINK = "https://discord.com/channels/6/5/600"


def post(preview: RegionPreview) -> discord.Message:
    """Return the message with a preview."""
    return cast("discord.Message", SimpleNamespace(embeds=[render_region_preview(preview, "picture.png")]))


@pytest.mark.parametrize("region", [*Region, None])
@pytest.mark.parametrize("language", Language)
def test_a_preview_is_read_in_each_language(language: Language, region: Region | None) -> None:
    shown = RegionPreview(prompt="a fox --ar 1:1", region=region, share=0.25, parent_link=LINK, price="about $0.10")
    with use_language(language):
        message = post(shown)
    read = RegionPreview.from_message(message)
    assert read is not None
    assert (read.prompt, read.region, read.parent_link, read.price) == (shown.prompt, region, LINK, shown.price)


def test_a_preview_outlives_a_change_of_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader may choose another language before pressing Change."""
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, PseudoCatalog())
    shown = RegionPreview(prompt="a fox", region=Region.TOP_LEFT, share=0.1, parent_link="")
    with use_language(Language.VIETNAMESE):
        message = post(shown)
    embed = message.embeds[0].to_dict()
    assert find_untranslated(f"{embed['title']} {embed['footer']['text']} {embed['fields'][0]['value']}") == []
    read = RegionPreview.from_message(message)
    assert read is not None
    assert read.region is Region.TOP_LEFT
