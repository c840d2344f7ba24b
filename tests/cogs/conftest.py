"""Fixtures for the tests of texts that are translated."""

import pytest

from cogs.languages import Language
from cogs.languages.catalogs import CATALOGS
from tests.fakes.catalog import PseudoCatalog


@pytest.fixture
def pseudo_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace English by a pseudo-language, in which every translated text stands in ⟦brackets⟧."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog())
