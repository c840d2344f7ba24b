"""Every error has its own text, which no value that it carries can break."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.errors import (
    ActionUnsupported,
    AlreadyPressed,
    AnswerLost,
    BalanceExhausted,
    CooldownActive,
    DailyLimitReached,
    KeyRefused,
    MaskAspectRatioWrong,
    MjbotError,
    ModalNotSent,
    NoAccountAvailable,
    ParentGone,
    PersonNotAllowed,
    PictureGone,
    PictureUnavailable,
    PressUnrecorded,
    PromptBanned,
    PromptRefused,
    RelayBusy,
    RelayUnreachable,
    RepeatUnconfirmed,
    SeedUnavailable,
    ServerNotAllowed,
    SettingsError,
    SpendingLimitReached,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
)
from bot.errors.prompt_errors import ValueOutOfRange
from cogs.languages import Language, _, use_language
from cogs.text.error_messages import describe_error, describe_internal_error
from cogs.text.guidance import malformed_task_id
from cogs.text.input_errors import NOT_CHARGED
from tests.fakes.catalog import find_untranslated

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW_SECONDS = 1_795_435_200
RESETS = f"<t:{NOW_SECONDS + 43_200}:R>"
LINK = "https://discord.com/channels/1/2/3"

CARRYING: list[MjbotError] = [
    SettingsError([("MJ_API_KEY", "is missing")]),
    TaskUnknown(task_id="1754399999999999"),
    PromptBanned(word="nude"),
    ActionUnsupported(lasting=True),
    SubmitRefused("参数错误", code=4),
    ServerNotAllowed(1187000000000000001, "not listed"),
    PersonNotAllowed(1187000000000000002),
    CooldownActive(3),
    DailyLimitReached(30, "person", datetime(2026, 11, 24, tzinfo=UTC)),
    AlreadyPressed(LINK, finished=True),
    AnswerLost(LINK, NOW + timedelta(minutes=3), own=True),
    RepeatUnconfirmed(LINK, own=False),
    PressUnrecorded(is_marked=False),
    PromptRefused([ValueOutOfRange("stylize", "5000", "0", "1000")], "a fox --stylize 5000"),
    UploadTypeUnsupported("plan.pdf", "PDF"),
    UploadTooLarge("fox.png", 60 * 2**20, 32 * 2**20),
    UploadTooSmall("dot.png", 2, 2, 64),
    MaskAspectRatioWrong((512, 512), (1456, 816)),
    SpendingLimitReached(most=Decimal(3), left=Decimal(0), resets_at=datetime(2026, 11, 24, tzinfo=UTC)),
]


MORE: list[MjbotError] = [
    *(SettingsError([]), TaskUnknown(task_id=""), PromptBanned(word=""), PressUnrecorded(is_marked=True)),
    *(AlreadyPressed(link, finished=finished) for link in ("", LINK) for finished in (False, True)),
    *(AnswerLost(link, own=own) for link in ("", LINK) for own in (False, True)),
    *(
        DailyLimitReached(limit, whose, NOW, tasks=4, left=left)
        for limit, left in ((0, 0), (1, 0), (3, 2), (30, 2))
        for whose in ("person", "everyone")
    ),
    *(
        errors.ModalNotSent(refused)
        for refused in (None, errors.StoreUnavailable(), DailyLimitReached(3, "person", NOW))
    ),
    *(errors.NoAccountAvailable(retry_after=wait, speed=speed) for wait in (None, 5.0) for speed in ("", "fast")),
    errors.SubmitRedirected(processed=True),
    errors.ParentGone(unknown_to_key=True),
    errors.SeedUnavailable(lasting=True),
    errors.KeyRefused("unknown words"),
]


def tree(root: type[MjbotError] = MjbotError) -> Iterator[type[MjbotError]]:
    """Every class of the error tree that the code base itself defines."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def example(kind: type[MjbotError]) -> MjbotError:
    """One error of exactly that class."""
    for error in CARRYING:
        if type(error) is kind:
            return error
    return kind("https://example.com/a.png") if issubclass(kind, errors.PictureError) else kind()


def test_every_error_has_its_own_text() -> None:
    """No two classes have the same text, and each text stays within its length."""
    kinds = [kind for kind in tree() if kind.__module__.startswith("bot.errors.")]
    texts = {kind.__name__: describe_error(example(kind), NOW) for kind in kinds}

    assert len(kinds) == len(set(texts.values())), texts
    for name, text in texts.items():
        assert 40 < len(text) <= 250, name
        assert re.fullmatch(r"[A-Z`].*[.?]", text), name
        assert "!" not in text, name
        assert "refund" not in text, name


def test_a_new_error_class_has_the_text_of_its_base() -> None:
    """An error class without a text of its own is described as its base class."""
    newcomer = type("Newcomer", (errors.PressRefused,), {"__module__": __name__})

    assert describe_error(errors.PressRefused(), NOW) == describe_error(newcomer(), NOW)


def test_a_cooldown_counts_down() -> None:
    """The wait is a Discord timestamp, rounded up to whole seconds."""
    assert f"Try again <t:{NOW_SECONDS + 3}:R>." in describe_error(CooldownActive(2.1), NOW)


def test_the_daily_limit_says_how_many_jobs_whose_and_when_it_resets() -> None:
    """A person's limit and the bot's own read differently; a limit of 0 means that drawing is off."""
    tomorrow = datetime(2026, 11, 24, tzinfo=UTC)

    mine = describe_error(DailyLimitReached(30, "person", tomorrow), NOW)
    ours = describe_error(DailyLimitReached(500, "everyone", tomorrow), NOW)

    resets = f"It resets <t:{NOW_SECONDS + 43_200}:R>."
    assert f"You've used your 30 jobs for today. {resets} You weren't charged." == mine
    assert describe_error(DailyLimitReached(1, "person", tomorrow), NOW).startswith("You've used your 1 job for today.")
    off = "Drawing is switched off on this bot. You weren't charged."
    assert off == describe_error(DailyLimitReached(0, "person", tomorrow), NOW)
    assert off == describe_error(DailyLimitReached(0, "everyone", tomorrow), NOW)
    assert ours.startswith("This bot has used its 500 jobs for today.")


@pytest.mark.parametrize(
    ("limit", "whose", "left", "text"),
    [
        (2, "person", 2, "This starts 4 jobs at once, and you have 2 a day. Start them one by one."),
        (3, "everyone", 1, "This starts 4 jobs at once, and this bot has 3 a day. Start them one by one."),
        (30, "person", 3, f"This starts 4 jobs at once, and you have 3 left for today. It resets {RESETS}."),
        (500, "everyone", 1, f"This starts 4 jobs at once, and this bot has 1 left for today. It resets {RESETS}."),
        (2, "person", 0, f"You've used your 2 jobs for today. It resets {RESETS}."),
    ],
)
def test_a_limit_that_allows_some_jobs_but_not_all(
    limit: int, whose: Literal["person", "everyone"], left: int, text: str
) -> None:
    error = DailyLimitReached(limit, whose, datetime(2026, 11, 24, tzinfo=UTC), tasks=4, left=left)
    assert describe_error(error, NOW) == f"{text} You weren't charged."


def test_a_press_that_may_be_charged_twice_is_a_question() -> None:
    text = describe_error(RepeatUnconfirmed("", own=True), NOW)
    assert text == "The earlier press may have been charged. Draw again?"


@pytest.mark.parametrize(
    ("is_marked", "text"),
    [
        (True, "This was already done, and I have no record of it. Draw again?"),
        (False, "This message is older than my records, so this may have been done already. Draw again?"),
    ],
)
def test_a_press_without_a_record_is_a_question(is_marked: bool, text: str) -> None:  # noqa: FBT001
    assert describe_error(PressUnrecorded(is_marked=is_marked), NOW) == text


def test_a_modal_that_was_not_sent_says_why_and_where_it_waits() -> None:
    """Opening it may have been charged, so nothing says that it was free."""
    limit = DailyLimitReached(1, "person", datetime(2026, 11, 24, tzinfo=UTC))
    text = describe_error(ModalNotSent(limit), NOW)
    assert text.startswith(f"You've used your 1 job for today. It resets <t:{NOW_SECONDS + 43_200}:R>. The service")
    assert describe_error(ModalNotSent(StoreUnavailable()), NOW).startswith(
        "I can't reach my database. The service opened"
    )
    for each in (text, describe_error(ModalNotSent(), NOW)):
        assert "may have been charged, but I didn't send the prompt" in each
        assert "**Drop it**" in each


def test_retry_after_becomes_a_timestamp() -> None:
    """Without Retry-After, or with one that is no number, the wait is a minute."""
    assert f"Try again <t:{NOW_SECONDS + 30}:R>." in describe_error(RelayUnreachable(retry_after=30), NOW)
    assert "Try again in a minute." in describe_error(RelayUnreachable(), NOW)
    assert "Try again in a minute." in describe_error(RelayBusy(retry_after=math.nan), NOW)
    assert f"<t:{NOW_SECONDS + 604_800}:R>" in describe_error(RelayBusy(retry_after=1e300), NOW)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RelayBusy("队列已满"), "It says: `the queue is full`."),
        (NoAccountAvailable("无可用的账号实例"), "is free`. Try again in a minute. You weren't charged."),
        (
            NoAccountAvailable(speed="turbo"),
            "or use another speed than `turbo`, which your prompt or `/mjsettings` sets",
        ),
        (
            KeyRefused("该令牌已过期"),
            "service: `MJ_API_KEY` has expired. The operator of this bot has to renew the key",
        ),
        (KeyRefused("该令牌状态不可用"), "`MJ_API_KEY` is switched off at the relay. The operator of this bot has to"),
        (
            BalanceExhausted("该令牌额度已用尽"),
            "the quota of `MJ_API_KEY` is used up. The operator of this bot has to raise",
        ),
        (
            ParentGone(unknown_to_key=True),
            "no such picture for this bot's key. If the operator of this bot has replaced",
        ),
        (ParentGone(), "The service no longer has the picture behind this button."),
        (KeyRefused("go away"), "the relay refuses `MJ_API_KEY`. It says: `go away`. The operator"),
        (KeyRefused(), "`MJ_API_KEY`"),
        (
            BalanceExhausted("quota_not_enough"),
            "the balance of `MJ_API_KEY` is used up. The operator of this bot has to top it up",
        ),
        (
            ActionUnsupported("模型 mj_pan 无可用渠道", lasting=False),
            "has no channel for mj_pan`. Try again in a minute.",
        ),
        (ActionUnsupported(lasting=False), "right now. Try again in a minute. If it doesn't help, tell the operator"),
        (ActionUnsupported(lasting=True), "doesn't support that button. Try another button. You weren't charged."),
        (ActionUnsupported("unknown_action", lasting=True), "that button. It says: `it doesn't know this action`."),
        (ActionUnsupported("HTTP 200", lasting=True), "doesn't offer that button. Try another button."),
        (ActionUnsupported("Not Found", lasting=True), "doesn't offer that button. Try another button."),
        (
            SeedUnavailable("empty_response_body", lasting=True),
            "give seeds. It says: `the relay's upstream sent an empty answer`.",
        ),
        (SeedUnavailable("HTTP 404", lasting=True), "This service doesn't give seeds. You can add a seed"),
        (SubmitRefused("HTTP 418", code=0), "The service refused this request. Change it"),
        (KeyRefused("HTTP 401"), "the relay refuses `MJ_API_KEY`. The"),
        (SubmitRefused("参数错误", code=4), "(code 4). It says: `a parameter is not valid`."),
        (SubmitRefused(code=0), "The service refused this request. Change it"),
        (SubmitOutcomeUnknown("no answer"), "I won't send it again"),
        (PromptBanned(word="nude"), "the word `nude`."),
        (PromptBanned(word=""), "a word in this prompt."),
        (TaskUnknown(task_id="17543"), "no task `17543`."),
        (TaskUnknown(task_id=""), "no task with that id."),
        (AlreadyPressed(LINK, finished=True), f"Already done: [see the result]({LINK}). No extra charge."),
        (AlreadyPressed(LINK, finished=False), f"Already on its way: [see the message]({LINK})."),
        (AlreadyPressed("", finished=True), "Already done: look below the message you pressed"),
        (AlreadyPressed("", finished=False), "Already on its way: look below"),
        (SettingsError([("MJ_API_KEY", "is missing"), ("PORT", "is no number")]), "invalid: `MJ_API_KEY`, `PORT`."),
        (SettingsError([]), "missing or invalid. Its operator"),
        (PictureGone("https://example.com/a.png"), "fresh one."),
        (PictureUnavailable("", status=403), "host refused to send it to me (HTTP 403). Try again in a minute, or"),
        (PictureUnavailable("", status=451), "host refused to send it to me (HTTP 451)."),
        (PictureUnavailable("", status=429), "too many requests (HTTP 429)."),
        (PictureUnavailable("", status=503), "can't send it right now (HTTP 503)."),
        (PictureUnavailable("", status=200), "sent me a page instead of the picture."),
        (PictureUnavailable(""), "didn't answer me."),
    ],
)
def test_the_text_contains_the_values_of_the_error(error: MjbotError, expected: str) -> None:
    """Words, ids, codes and links of the error are in the text; an unknown value leaves no gap."""
    assert expected in describe_error(error, NOW)


def test_an_internal_error_has_the_number_of_its_log_line() -> None:
    """Without a number the sentence is still complete."""
    assert describe_internal_error("7f3a").endswith("this number: `7f3a`.")
    assert describe_internal_error(1187).endswith("this number: `1187`.")
    assert describe_internal_error("").endswith("this number: `0`.")


MENTIONS = ["@everyone", "@here", "<@1>", "<@!123456789012345678>", "<@&1>", "<#1>", "</a:1>", "<:a:1>", "<t:1:R>"]
MARKDOWN = ["`", "``", "```", "\\", "**", "](https://example.com)", "[a", "\n# ", "é" * 50, "🎨" * 50]
UNSEEN = ["\u202e", "\u200b", "\ud800"]
HOSTILE = st.text() | st.lists(st.sampled_from([*MENTIONS, *MARKDOWN, *UNSEEN]), max_size=60).map("".join)


@given(HOSTILE, st.floats() | st.none(), st.integers(), st.booleans())
def test_hostile_values_cannot_break_a_text(said: str, wait: float | None, number: int, flag: bool) -> None:  # noqa: FBT001
    """Each value of an error is in one code span, or left out, and mentions no one."""
    texts = [
        *(kind(said, retry_after=wait) for kind in (RelayUnreachable, RelayBusy)),
        *(kind(said) for kind in (KeyRefused, BalanceExhausted, SubmitOutcomeUnknown)),
        TaskUnknown(said, task_id=said),
        PromptBanned(said, word=said),
        ActionUnsupported(said, lasting=flag),
        SubmitRefused(said, code=number),
        AlreadyPressed(said, finished=flag),
        SettingsError([(said, said)] * 9),
        PictureGone(said, said),
    ]
    for text in [
        *(describe_error(error, NOW) for error in texts),
        malformed_task_id(said),
        describe_internal_error(said),
    ]:
        outside = re.sub(r"`[^`\n]+`", "", text)
        times = re.sub(r"<t:179\d{7}:R>", "", text)

        assert len(text.encode("utf-16-le")) // 2 <= 700
        assert "`" not in outside
        assert re.fullmatch(r"[\w ',.;:()<>-]+", outside, re.ASCII), outside
        assert not re.search(r"@(?!\u200b)|<(?!\u200b)", times), text


COMMANDS = [errors.ClaimLost(), errors.AlreadyClaimed(), errors.ParentBusy(), ActionUnsupported(lasting=True)]


@pytest.mark.parametrize("error", COMMANDS, ids=[type(error).__name__ for error in COMMANDS])
def test_the_text_for_a_command_mentions_no_button(error: MjbotError) -> None:
    """A click and a command get different texts."""
    pressed, ran = describe_error(error, NOW), describe_error(error, NOW, command=True)
    assert re.search(r"(?i)button|press|click", pressed)
    assert not re.search(r"(?i)button|press|click", ran)
    assert describe_error(TaskUnknown(task_id="5"), NOW) == describe_error(TaskUnknown(task_id="5"), NOW, command=True)


@pytest.mark.usefixtures("pseudo_language")
def test_every_error_is_translated() -> None:
    """For a button and for a command, and where it has nothing to name."""
    kinds = [kind for kind in tree() if kind.__module__.startswith("bot.errors.")]
    texts = [describe_error(example(kind), NOW, command=command) for kind in kinds for command in (False, True)]
    texts += [describe_error(error, NOW) for error in MORE]

    assert {text: words for text in texts if (words := find_untranslated(text))} == {}


@pytest.mark.parametrize("language", Language)
def test_what_cost_nothing_says_so_at_the_end_in_every_language(language: Language) -> None:
    """Where nothing was asked for, that sentence is left out, so each translation has to end with it."""
    for kind in (kind for kind in tree() if kind.__module__.startswith("bot.errors.")):
        free = describe_error(example(kind), NOW).endswith(NOT_CHARGED)
        with use_language(language):
            assert describe_error(example(kind), NOW).endswith(_(NOT_CHARGED)) == free, kind
