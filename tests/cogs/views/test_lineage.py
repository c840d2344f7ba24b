"""A family becomes a message that Discord accepts, even if its members' texts are hostile."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.features.lineage import MAX_MEMBERS, Lineage, LineageMember
from bot.midjourney.task import Button, Status, Task
from cogs.views.lineage import render_lineage
from tests.cogs.views.scenes import HOSTILE, TASKS, URLS
from tests.discord_payloads.message import refusals
from tests.fakes.catalog import find_untranslated
from tests.fakes.sample_entities import U2, place

LINK = place().link
MEMBERS = st.builds(
    LineageMember,
    TASKS,
    st.lists(st.booleans(), max_size=12).map(tuple),
    HOSTILE,
    HOSTILE,
    st.one_of(st.just(LINK), URLS),
)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.builds(Lineage, st.lists(MEMBERS, min_size=1, max_size=4).map(tuple), st.booleans()))
def test_every_text_result_fits_a_message(family: Lineage) -> None:
    """Long names and broken links make no body that Discord would refuse."""
    shown = render_lineage(family, family.members[0].task.id)
    assert refusals({"embeds": [shown.to_dict()]}) == []


def test_a_family_is_read_as_a_tree() -> None:
    """Each with what was pressed for it, linked where it may be; the one asked for is marked, the rest said."""
    grid = Task(id="1", prompt="a pig --v 7", status=Status.SUCCESS, buttons=(Button(custom_id=U2),))
    shown = render_lineage(
        Lineage(
            (
                LineageMember(grid, link=LINK),
                LineageMember(Task(id="2", status=Status.SUCCESS), (False,), "U2", "Picture 2", LINK),
                LineageMember(Task(id="3", status=Status.FAILURE), (False, True), "Zoom Out 2x", "Zoomed out"),
                LineageMember(Task(id="4", action="VARIATION"), (True,), "V1"),
            ),
            has_more=True,
        ),
        "2",
    )
    assert (shown.description or "").splitlines() == [
        "**a pig** `--v 7`",
        f"[Four pictures]({LINK})",
        f"├ U2 → [Picture 2]({LINK}) ◂ **this one**",
        "│\u2002└ Zoom Out 2x → Zoomed out ❌",
        "└ V1 → Variation ⏳",
    ]
    assert shown.footer.text == "There are more than these."


def test_a_family_of_one_says_so() -> None:
    """The footer says that the bot knows of no relatives."""
    shown = render_lineage(Lineage((LineageMember(Task(id="1", status=Status.SUCCESS)),)), "1")
    assert shown.description == "Picture ◂ **this one**"
    assert "anything made from it" in (shown.footer.text or "")


def test_the_largest_family_fits() -> None:
    """A line that has no room is left out whole."""
    large = Lineage(
        tuple(
            LineageMember(Task(id=str(n)), (True,) * 9, "x" * 99, "y" * 99, LINK + "?" + "z" * 99)
            for n in range(MAX_MEMBERS)
        )
    )
    assert refusals({"embeds": [render_lineage(large, "0").to_dict()]}) == []


@pytest.mark.usefixtures("pseudo_language")
def test_a_family_is_translated() -> None:
    """Only the prompt stays as it is."""
    child = LineageMember(Task(id="2", status=Status.SUCCESS), (False,), "More", "Picture 2", LINK)
    shown = render_lineage(Lineage((LineageMember(Task(id="1", prompt="fox")), child), has_more=True), "2")
    assert find_untranslated(f"{shown.title} {shown.description} {shown.footer.text}") == ["fox"]
    assert "⟦├ ⟦More⟧ → [⟦Picture 2⟧]" in (shown.description or "")
