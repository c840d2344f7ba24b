"""Every refusal by a rule names the rule, the level that set it, when it ends and the next step."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import (
    AgeRestrictedOnly,
    ChannelNotAllowed,
    CommandDenied,
    ConfirmationNeeded,
    DrawingPaused,
    ModalNotSent,
    PersonBlocked,
    PersonNotAllowed,
    PolicyRefused,
    PrivateAnswersOff,
    RoleDenied,
    RoleMissing,
    ServerDenied,
    SpendingLimitReached,
    WordBlocked,
)
from cogs.text.error_messages import describe_error
from cogs.text.rule_errors import describe_rule_refusal

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECONDS = 1_795_435_200
MIDNIGHT = f"<t:{SECONDS + 43_200}:R>"


def limit(most: str, left: str = "0", **values: object) -> SpendingLimitReached:
    fields: dict[str, Any] = {"most": Decimal(most), "left": Decimal(left), "resets_at": NOW + timedelta(hours=12)}
    fields.update(values)
    return SpendingLimitReached(**fields)


OPERATOR: Mapping[str, Any] = {"level": "operator"}
DOLLARS: Mapping[str, Any] = {"currency": "USD", "is_amount": True, "period": "month"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            DrawingPaused("server"),
            (
                "Drawing is paused in this server, until its managers resume it with `/mjresume`. Try again later, or "
                "ask them."
            ),
        ),
        (
            DrawingPaused("operator"),
            "The operator of this bot has paused all drawing, until they resume it. Try again later.",
        ),
        (
            PersonBlocked("server", until=NOW + timedelta(hours=3, microseconds=1)),
            (
                f"In this server you're blocked from drawing until <t:{SECONDS + 10_801}:f>, <t:{SECONDS + 10_801}:R>. "
                "Ask the moderators of this server if you think that's wrong."
            ),
        ),
        (
            PersonBlocked("server"),
            (
                "In this server you're blocked from drawing until a moderator unblocks you. Ask the moderators of this "
                "server if you think that's wrong."
            ),
        ),
        (
            PersonBlocked("operator"),
            (
                "You're blocked from drawing everywhere, by the operator of this bot, until the operator of this bot "
                "unblocks you. Ask the operator if you think that's wrong."
            ),
        ),
        (
            ServerDenied("operator"),
            (
                "The operator of this bot has switched drawing off in this server, until they allow it again. Ask the "
                "operator."
            ),
        ),
        (
            RoleMissing("server", role_ids=[1, 2]),
            "This server's rules let only members with <@&1> or <@&2> draw. Ask its managers for such a role.",
        ),
        (
            RoleMissing("server", role_ids=range(1, 8)),
            (
                "This server's rules let only members with <@&1>, <@&2>, <@&3> or 4 other roles draw. Ask its managers "
                "for such a role."
            ),
        ),
        (
            RoleDenied("server", role_id=7),
            "This server's rules don't let members with <@&7> draw. Ask its managers if you should be able to.",
        ),
        (
            ChannelNotAllowed("server", channel_ids=[5]),
            "This server's rules allow drawing only in <#5>, and in their threads. Try again there.",
        ),
        (
            AgeRestrictedOnly("server"),
            "This server's rules allow drawing only in age-restricted channels. Try again in one of those.",
        ),
        (
            WordBlocked("server", words=["nud*", "`@everyone`"]),
            "This server's rules don't allow `nud*` and `'@\u200beveryone'` in a prompt. Reword it and try again.",
        ),
        (
            CommandDenied("server", command="imagine"),
            (
                "This server doesn't let you use `/imagine` here, nor the buttons that draw. Its managers can change "
                "that under **Server Settings**, **Integrations**."
            ),
        ),
        (
            CommandDenied("server", command="describe"),
            (
                "This server doesn't let you use `/describe` here. Its managers can change that under "
                "**Server Settings**, **Integrations**."
            ),
        ),
        (
            CommandDenied("server", command="Blend with ..."),
            (
                "This server doesn't let you use `Blend with ...` here. Its managers can change that under "
                "**Server Settings**, **Integrations**."
            ),
        ),
        (limit("3"), f"This server allows you 3 jobs a day, and none is left. It resets {MIDNIGHT}."),
        (
            limit("1", kind="video", period="month"),
            f"This server allows you 1 video a month, and none is left. It resets {MIDNIGHT}.",
        ),
        (
            limit("30", "2", wanted=Decimal(4), scope="server"),
            (
                "This server allows its members together 30 jobs a day; 2 are left, and this starts 4 at once. Start "
                f"them one by one, or wait: it resets {MIDNIGHT}."
            ),
        ),
        (
            limit("2", "1", wanted=Decimal(4), kind="turbo"),
            "This server allows you 2 turbo jobs a day, and this starts 4 at once. Start them one by one.",
        ),
        (
            limit("5", "0.03", wanted=Decimal("0.1"), scope="server", **OPERATOR, **DOLLARS),
            (
                "The operator of this bot allows the members of this server together $5.00 a month; $0.03 is left, and "
                f"this costs about $0.10. Start something cheaper, or wait: it resets {MIDNIGHT}."
            ),
        ),
        (
            limit("0.5", "0.5", wanted=Decimal("0.8"), kind="video", scope="person", **OPERATOR, **DOLLARS),
            (
                "The operator of this bot allows you $0.50 a month for videos, and this costs about $0.80. Start "
                "something cheaper."
            ),
        ),
        (
            limit("500", scope="everyone", **OPERATOR),
            (
                "The operator of this bot allows everyone together 500 jobs a day, and none is left. It resets "
                f"{MIDNIGHT}."
            ),
        ),
        (
            limit("5.00", wanted=Decimal(0), is_amount=True),
            f"This server allows you 5.00 a day, and nothing is left. It resets {MIDNIGHT}.",
        ),
        (
            limit("0"),
            (
                "Drawing is switched off for you in this server: this server has set the limit to 0. Ask its managers "
                "if you need it."
            ),
        ),
        (
            limit("0", scope="everyone", kind="video", **OPERATOR, **DOLLARS),
            "Video is switched off: the operator of this bot has set the limit to 0. Ask the operator if you need it.",
        ),
        (
            ConfirmationNeeded(4, price=Decimal("0.4"), currency="USD"),
            "This starts 4 jobs at once and costs about $0.40. I draw them only after you confirm it.",
        ),
        (ConfirmationNeeded(4), "This starts 4 jobs at once. I draw them only after you confirm it."),
        (
            ConfirmationNeeded(price=Decimal("0.8"), currency="USD"),
            "This costs about $0.80. I draw it only after you confirm it.",
        ),
    ],
)
def test_a_refusal_names_rule_level_end_and_next_step(error: PolicyRefused, text: str) -> None:
    assert describe_error(error, NOW) == f"{text} You weren't charged."
    assert describe_error(error, NOW, command=True) == f"{text} You weren't charged."


@pytest.mark.parametrize(
    "error", [RoleMissing(), RoleDenied(), ChannelNotAllowed(), WordBlocked(), CommandDenied(), PrivateAnswersOff()]
)
def test_a_refusal_without_details_is_still_a_sentence(error: PolicyRefused) -> None:
    text = describe_rule_refusal(error)
    assert re.fullmatch(r"This server.+[^,]\.", text)
    assert "  " not in text


def test_another_refusal_is_left_to_others() -> None:
    assert describe_rule_refusal(PersonNotAllowed(1)) == ""


def test_a_modal_that_a_rule_kept_back_says_why() -> None:
    """Opening the modal may have been charged, so nothing says that it was free."""
    text = describe_error(ModalNotSent(DrawingPaused("server")), NOW)
    assert text.startswith("Drawing is paused in this server, until its managers")
    assert "may have been charged, but I didn't send the prompt" in text
    assert "You weren't charged" not in text
