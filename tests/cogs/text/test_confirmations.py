"""What the questions about expensive requests say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import ConfirmationNeeded, PressUnrecorded, RepeatUnconfirmed
from cogs.languages import Language, use_language
from cogs.languages.catalogs import CATALOGS
from cogs.text.confirmations import describe_price, describe_question, read_price
from tests.fakes.catalog import PseudoCatalog, find_untranslated

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOLLARS: dict[str, Any] = {"price": Decimal("0.8"), "currency": "USD"}


@pytest.mark.parametrize(
    ("needed", "text"),
    [
        (ConfirmationNeeded(**DOLLARS), "This costs about $0.80. You pay only if you press **Draw**."),
        (
            ConfirmationNeeded(kind="video", **DOLLARS),
            "This video costs about $0.80. You pay only if you press **Draw**.",
        ),
        (
            ConfirmationNeeded(**DOLLARS, tasks_left=1, amount_left=Decimal("3.2")),
            "This costs about $0.80. You have 1 job and $3.20 left. You pay only if you press **Draw**.",
        ),
        (
            ConfirmationNeeded(4, **DOLLARS, tasks_left=26),
            (
                "This starts up to 4 jobs, for about $0.80 together. You have 26 jobs left. You pay only if you press "
                "**Draw**."
            ),
        ),
        (
            ConfirmationNeeded(4, **DOLLARS, has_risen=True),
            "The price rose. Up to 4 jobs cost about $0.80 together now. You pay only if you press **Draw**.",
        ),
        (
            ConfirmationNeeded(**DOLLARS, has_risen=True),
            "The price rose. This costs about $0.80 now. You pay only if you press **Draw**.",
        ),
        (ConfirmationNeeded(4, kind="hd"), "This starts up to 4 jobs. You pay only if you press **Draw**."),
        (
            ConfirmationNeeded(**DOLLARS, tasks_left=2, earlier=RepeatUnconfirmed("", own=True)),
            "This costs about $0.80. You have 2 jobs left. The earlier press may have been charged. Draw again?",
        ),
        (
            ConfirmationNeeded(**DOLLARS, earlier=PressUnrecorded(is_marked=True)),
            "This costs about $0.80. This was already done, and I have no record of it. Draw again?",
        ),
    ],
)
def test_a_question_tells_price_and_what_is_left(needed: ConfirmationNeeded, text: str) -> None:
    """Where it is about an earlier press too, one answer is enough."""
    drop = "" if needed.earlier else " Dismiss this message to drop it."
    assert describe_question(needed, NOW) == text + drop


@pytest.mark.parametrize(
    ("needed", "text"),
    [
        (ConfirmationNeeded(tasks_left=3), ""),
        (ConfirmationNeeded(**DOLLARS, tasks_left=3), "About $0.80. You have 3 jobs left."),
        (ConfirmationNeeded(price=Decimal("0.73"), currency="credits"), "About 0.73 credits."),
    ],
)
def test_a_price_is_shown_where_it_is_known(needed: ConfirmationNeeded, text: str) -> None:
    assert describe_price(needed) == text


@pytest.mark.parametrize("currency", ["USD", "VND", "credits", ""])
@pytest.mark.parametrize("price", ["0.8", "0.0123", "1234.5", "1234567.25", "7"])
@pytest.mark.parametrize("more", [{"kind": "hd"}, {"tasks": 4}, {"has_risen": True}, {"tasks": 4, "has_risen": True}])
def test_the_shown_price_is_read_again(currency: str, price: str, more: dict[str, Any]) -> None:
    given: dict[str, Any] = {"price": Decimal(price), "currency": currency, "amount_left": Decimal(9), **more}
    needed = ConfirmationNeeded(**given)
    assert read_price(describe_question(needed, NOW)) == Decimal(price)
    assert read_price(describe_price(needed)) == Decimal(price)


@pytest.mark.parametrize(
    "text", ["", "This was already done. Draw again?", "This starts up to 4 jobs.", "costs about x"]
)
def test_no_price_is_read_where_none_was_shown(text: str) -> None:
    assert read_price(text) is None


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("currency", ["USD", "VND", "credits", ""])
@pytest.mark.parametrize("more", [{"kind": "hd"}, {"tasks": 4}, {"has_risen": True}, {"tasks": 4, "has_risen": True}])
def test_the_shown_price_is_read_in_each_language(language: Language, currency: str, more: dict[str, Any]) -> None:
    given: dict[str, Any] = {"price": Decimal("1234.5"), "currency": currency, "tasks_left": 3, **more}
    needed = ConfirmationNeeded(**given)
    with use_language(language):
        assert read_price(describe_question(needed, NOW)) == Decimal("1234.5")
        assert read_price(describe_price(needed)) == Decimal("1234.5")


def test_a_price_is_read_after_the_person_changed_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Vietnamese, a point separates thousands."""
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, PseudoCatalog())
    needed = ConfirmationNeeded(price=Decimal("1234.5"), currency="VND")
    english = describe_question(needed, NOW)
    with use_language(Language.VIETNAMESE):
        vietnamese = describe_question(needed, NOW)
        assert read_price(english) == Decimal("1234.5")

    assert "1.234,50" in vietnamese
    assert read_price(vietnamese) == Decimal("1234.5")


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("kind", ["", "video", "turbo", "hd"])
@pytest.mark.parametrize("tasks", [1, 4])
@pytest.mark.parametrize("left", [(None, None), (1, None), (None, Decimal(3)), (2, Decimal(3))])
def test_every_question_is_translated(kind: str, tasks: int, left: tuple[int | None, Decimal | None]) -> None:
    for has_risen in (False, True):
        given: dict[str, Any] = {**DOLLARS, "kind": kind, "has_risen": has_risen}
        needed = ConfirmationNeeded(tasks, **given, tasks_left=left[0], amount_left=left[1])
        assert find_untranslated(describe_question(needed, NOW)) == []
        assert find_untranslated(describe_price(needed)) == []
        assert read_price(describe_question(needed, NOW)) == DOLLARS["price"]
