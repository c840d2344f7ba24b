"""What each of Discord's codes means for a message; what is not known closes no row."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.scene import FileRefusal
from cogs.messaging.discord_refusals import (
    DELETED_CODES,
    RefusalKind,
    classify_refusal,
    is_token_dead,
    may_be_due_to_token,
)


def refused(status: int, code: int = 0, errors: dict[str, Any] | None = None) -> discord.HTTPException:
    """Make the error that discord.py raises."""
    response: Any = SimpleNamespace(status=status, reason="scripted")
    return discord.HTTPException(response, {"code": code, "message": "scripted", "errors": errors or {}})


_UNLISTED = (777123, 50007, 60003, 50020, 40002)
_INVALID = {"_errors": [{"code": "BASE_TYPE_INVALID", "message": "bad"}]}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(404, 10008), RefusalKind.GONE),
        (refused(400, 50083), RefusalKind.LATER),
        (refused(403, 160005), RefusalKind.LATER),
        (refused(403, 50001), RefusalKind.LATER),
        (refused(429, 30046), RefusalKind.LATER),
        (refused(403, 50013), RefusalKind.PERMISSION),
        (refused(400, 50006), RefusalKind.EMPTY),
        (refused(400, 200000), RefusalKind.BODY),
        (refused(400, 50035, {"embeds": {"0": {"title": _INVALID}}}), RefusalKind.BODY),
        (refused(400, 50035, {"attachments": {"0": {"filename": _INVALID}}}), RefusalKind.FILE),
        (refused(400, 50035, {"files": _INVALID}), RefusalKind.FILE),
        (refused(403, 0), RefusalKind.BODY),
        (refused(403, 40333), RefusalKind.BODY),
        (refused(429, 0), RefusalKind.PAUSE),
        (refused(401, 0), RefusalKind.LATER),
        (refused(404, 0), RefusalKind.LATER),
        (refused(410, 0), RefusalKind.UNKNOWN),
        (refused(400, 0), RefusalKind.UNKNOWN),
        (refused(403, 90001), RefusalKind.UNKNOWN),
    ],
)
def test_kinds(error: discord.HTTPException, kind: RefusalKind) -> None:
    assert classify_refusal(error).kind is kind
    assert classify_refusal(error).reason


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 415, 418, 422, 423, 429, 451])
def test_no_code_that_is_not_in_the_table_means_that_a_message_is_gone(status: int) -> None:
    for code in (0, 10001, 10009, 10014, 50020, 50100, 160099, 200001, 999_999):
        assert classify_refusal(refused(status, code)).kind is not RefusalKind.GONE


@pytest.mark.parametrize("code", [20009, 40005, 50045, 400001, 50046, 50110, 50123, 50146])
def test_codes_of_files_name_what_is_wrong(code: int) -> None:
    refusal = classify_refusal(refused(400, code))
    assert refusal.kind is RefusalKind.FILE
    assert isinstance(refusal.file, FileRefusal)


@pytest.mark.parametrize(
    ("status", "code", "is_closed"),
    [
        (401, 50027, True),
        (404, 10015, True),
        (404, 0, True),
        (403, 50009, True),
        (404, 10008, False),
        (403, 50001, False),
        (403, 0, False),
        (403, 40333, False),
        (400, 50035, False),
        (400, 20009, False),
    ],
)
def test_what_may_close_only_the_route_of_the_token(status: int, code: int, *, is_closed: bool) -> None:
    assert may_be_due_to_token(refused(status, code)) is is_closed


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015), (404, 10062)])
def test_three_codes_say_that_a_token_is_dead(status: int, code: int) -> None:
    assert is_token_dead(refused(status, code))


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, 0), (401, 0), (401, 40001), (403, 50001), (404, 10001), (401, 50014), *((403, n) for n in _UNLISTED)],
)
def test_anything_else_may_be_due_to_a_file_on_the_route_of_the_token(status: int, code: int) -> None:
    assert not is_token_dead(refused(status, code))
    assert classify_refusal(refused(status, code), by_token=True).kind is RefusalKind.UNKNOWN


def test_deleted_codes_are_gone() -> None:
    assert all(classify_refusal(refused(404, code)).kind is RefusalKind.GONE for code in DELETED_CODES)
