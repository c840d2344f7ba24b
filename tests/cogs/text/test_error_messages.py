"""Every error has its own sentence, which nothing that it carries can break."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
    PictureGone,
    PromptBanned,
    PromptRefused,
    RelayBusy,
    RelayUnreachable,
    SeedUnavailable,
    SettingsError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
)
from bot.errors.prompt_errors import ValueOutOfRange
from cogs.text.error_messages import describe_error, describe_internal_error
from cogs.text.guidance import malformed_task_id

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW_SECONDS = 1_795_435_200
LINK = "https://discord.com/channels/1/2/3"

CARRYING: list[MjbotError] = [
    SettingsError([("MJ_API_KEY", "is missing")]),
    TaskUnknown("1754399999999999"),
    PromptBanned("nude"),
    ActionUnsupported(lasting=True),
    SubmitRefused(4, "参数错误"),
    CooldownActive(3),
    DailyLimitReached(30, "person", datetime(2026, 11, 24, tzinfo=UTC)),
    AlreadyPressed(LINK, finished=True),
    AnswerLost(LINK, NOW + timedelta(minutes=3), own=True),
    PromptRefused([ValueOutOfRange("stylize", "5000", "0", "1000")], "a fox --stylize 5000"),
    UploadTypeUnsupported("plan.pdf", "PDF"),
    UploadTooLarge("fox.png", 60 * 2**20, 32 * 2**20),
    UploadTooSmall("dot.png", 2, 2, 64),
    MaskAspectRatioWrong((512, 512), (1456, 816)),
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


def test_every_error_has_its_own_sentence() -> None:
    """No two classes of the tree read alike, and each names a next step within Discord's and our own limits."""
    kinds = [kind for kind in tree() if kind.__module__.startswith("bot.errors.")]
    texts = {kind.__name__: describe_error(example(kind), NOW) for kind in kinds}

    assert len(kinds) == len(set(texts.values())), texts
    for name, text in texts.items():
        assert 40 < len(text) <= 250, name
        assert re.fullmatch(r"[A-Z].*\.", text), name
        assert "!" not in text, name
        assert "refund" not in text, name


def test_a_leaf_without_a_sentence_answers_as_its_base() -> None:
    """An error that somebody adds, and gives no sentence, still says something true."""
    newcomer = type("Newcomer", (errors.PressRefused,), {"__module__": __name__})

    assert describe_error(errors.PressRefused(), NOW) == describe_error(newcomer(), NOW)


def test_cooling_down_counts_down() -> None:
    """The wait is one of Discord's times, rounded up to what it can show."""
    assert f"Try again <t:{NOW_SECONDS + 3}:R>." in describe_error(CooldownActive(2.1), NOW)


def test_the_daily_limit_tells_how_much_whose_and_until_when() -> None:
    """A person's limit and everybody's read differently; both say when the day begins anew."""
    tomorrow = datetime(2026, 11, 24, tzinfo=UTC)

    mine = describe_error(DailyLimitReached(30, "person", tomorrow), NOW)
    ours = describe_error(DailyLimitReached(500, "everyone", tomorrow), NOW)

    assert f"Your limit of 30 jobs a day is used up. It starts anew <t:{NOW_SECONDS + 43_200}:R>." == mine
    assert ours.startswith("This bot's limit of 500 jobs")


def test_a_form_that_was_not_sent_says_why_and_where_it_waits() -> None:
    """Opening it may have been charged; nothing else is said to be free."""
    limit = DailyLimitReached(1, "person", datetime(2026, 11, 24, tzinfo=UTC))
    told = describe_error(ModalNotSent(limit), NOW)
    assert told.startswith(f"Your limit of 1 jobs a day is used up. It starts anew <t:{NOW_SECONDS + 43_200}:R>. The ")
    assert describe_error(ModalNotSent(StoreUnavailable()), NOW).startswith(
        "I cannot reach my database. The relay opened"
    )
    for said in (told, describe_error(ModalNotSent(), NOW)):
        assert "may have been charged, and I did not send the prompt" in said
        assert "**Drop it**" in said


def test_a_relay_that_says_when_is_quoted() -> None:
    """Retry-After becomes a time; without one, or with a mad one, it is a minute."""
    assert f"try again <t:{NOW_SECONDS + 30}:R>." in describe_error(RelayUnreachable(retry_after=30), NOW)
    assert "try again in a minute." in describe_error(RelayUnreachable(), NOW)
    assert "try again in a minute." in describe_error(RelayBusy(retry_after=math.nan), NOW)
    assert f"<t:{NOW_SECONDS + 604_800}:R>" in describe_error(RelayBusy(retry_after=1e300), NOW)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RelayBusy("队列已满"), "It says: `the queue is full`."),
        (NoAccountAvailable("无可用的账号实例"), "Nothing was paid: try again in a minute."),
        (NoAccountAvailable(speed="turbo"), "or at another speed than `turbo`, which `/mjsettings` or"),
        (KeyRefused("该令牌已过期"), "It says: `the key has expired`."),
        (KeyRefused(), "`MJ_API_KEY`"),
        (BalanceExhausted("quota_not_enough"), "It says: `the account's balance is used up`."),
        (ActionUnsupported("模型 mj_pan 无可用渠道", lasting=False), "has no channel for mj_pan`. Nothing was paid"),
        (ActionUnsupported(lasting=False), "just now. Nothing was paid: try again in a minute, and tell the operator"),
        (ActionUnsupported(lasting=True), "at all. Nothing was paid"),
        (ActionUnsupported("unknown_action", lasting=True), "at all. It says: `it doesn't know this action`."),
        (ActionUnsupported("HTTP 200", lasting=True), "cannot do that at all: it does not offer it. Nothing was paid"),
        (ActionUnsupported("Not Found", lasting=True), "cannot do that at all: it does not offer it. Nothing was paid"),
        (
            SeedUnavailable("empty_response_body", lasting=True),
            "seeds. It says: `the relay's upstream sent an empty answer`.",
        ),
        (SeedUnavailable("HTTP 404", lasting=True), "This relay does not tell seeds. Nothing was paid"),
        (SubmitRefused(0, "HTTP 418"), "The relay did not take this. Nothing was paid"),
        (KeyRefused("HTTP 401"), "refuses this bot's API key. Only"),
        (SubmitRefused(4, "参数错误"), "(code 4). It says: `a parameter is not valid`."),
        (SubmitRefused(0), "The relay did not take this. Nothing was paid"),
        (SubmitOutcomeUnknown("no answer"), "I do not send it again"),
        (PromptBanned("nude"), "the word `nude`."),
        (PromptBanned(""), "a word of this prompt."),
        (TaskUnknown("17543"), "no task `17543`."),
        (TaskUnknown(""), "no task with that id."),
        (AlreadyPressed(LINK, finished=True), f"That is done already: [look here]({LINK})."),
        (AlreadyPressed(LINK, finished=False), f"That is on its way already: [look here]({LINK})."),
        (AlreadyPressed("", finished=True), "That is done already, where I cannot link to it: look below"),
        (AlreadyPressed("", finished=False), "That is on its way already, where"),
        (SettingsError([("MJ_API_KEY", "is missing"), ("PORT", "is no number")]), "malformed: `MJ_API_KEY`, `PORT`."),
        (SettingsError([]), "missing or malformed. Its operator"),
        (PictureGone("https://example.com/a.png"), "fresh one."),
    ],
)
def test_an_apology_carries_what_the_error_knows(error: MjbotError, expected: str) -> None:
    """Words, ids, codes and links of the error stand in the sentence; what is not known leaves no gap."""
    assert expected in describe_error(error, NOW)


def test_a_fault_of_ours_has_a_number_that_the_log_knows() -> None:
    """And where there is none, the sentence is whole all the same."""
    assert describe_internal_error("7f3a").endswith("this number: `7f3a`.")
    assert describe_internal_error(1187).endswith("this number: `1187`.")
    assert describe_internal_error("").endswith("this number: `0`.")


MENTIONS = ["@everyone", "@here", "<@1>", "<@!123456789012345678>", "<@&1>", "<#1>", "</a:1>", "<:a:1>", "<t:1:R>"]
MARKDOWN = ["`", "``", "```", "\\", "**", "](https://example.com)", "[a", "\n# ", "é" * 50, "🎨" * 50]
UNSEEN = ["\u202e", "\u200b", "\ud800"]
HOSTILE = st.text() | st.lists(st.sampled_from([*MENTIONS, *MARKDOWN, *UNSEEN]), max_size=60).map("".join)


@given(HOSTILE, st.floats() | st.none(), st.integers(), st.booleans())
def test_nothing_hostile_breaks_a_text(said: str, wait: float | None, number: int, flag: bool) -> None:  # noqa: FBT001
    """Whatever an error carries is shown in one code span, or not at all, and mentions nobody."""
    texts = [
        *(kind(said, retry_after=wait) for kind in (RelayUnreachable, RelayBusy)),
        *(kind(said) for kind in (KeyRefused, BalanceExhausted, SubmitOutcomeUnknown)),
        TaskUnknown(said, said),
        PromptBanned(said, said),
        ActionUnsupported(said, lasting=flag),
        SubmitRefused(number, said),
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
def test_who_ran_a_command_is_told_of_no_button(error: MjbotError) -> None:
    """What was pressed is spoken of as that, and a command as one."""
    pressed, ran = describe_error(error, NOW), describe_error(error, NOW, command=True)
    assert re.search(r"button|press|click", pressed)
    assert not re.search(r"button|press|click", ran)
    assert describe_error(TaskUnknown("5"), NOW) == describe_error(TaskUnknown("5"), NOW, command=True)
