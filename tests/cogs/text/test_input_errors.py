"""The text on a prompt, picture or mask names the problem, and no typed value can break it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    LimitUnreadable,
    MaskAspectRatioWrong,
    PlaceGone,
    PromptRefused,
    TimeZoneUnknown,
    UploadAnimated,
    UploadNotFound,
    UploadRefused,
    UploadTooLarge,
    UploadTooSlow,
    UploadTooSmall,
    UploadTypeUnsupported,
)
from bot.errors.prompt_errors import (
    ConflictingValues,
    ExclusiveParameters,
    MalformedValue,
    ParameterNotInVersion,
    PromptProblem,
    PromptTextMissing,
    PromptTooLong,
    SeveralJobs,
    TextInDefaults,
    UnknownParameter,
    UnknownVersion,
    ValueMissing,
    ValueOutOfRange,
)
from bot.midjourney.prompts.prompt_builder import ImagineOptions, build_prompt
from cogs.text.input_errors import describe_defaults_error, describe_input_error
from tests.fakes.catalog import find_untranslated

UNITS = {"USD"}
"""Words that no language changes."""
TEXTS: list[tuple[PromptProblem, str]] = [
    (PromptTextMissing(), "This prompt is empty. Describe the picture you want."),
    (
        PromptTextMissing(has_parameters=True),
        "This prompt has only parameters. Add a description before the parameters.",
    ),
    (PromptTextMissing(image_count=1), "A single picture needs a description too."),
    (PromptTooLong(6100, 6000), "has 6100 characters with its parameters and links. Shorten it to 6000."),
    (
        UnknownParameter("stilize", ("stylize", "style")),
        "`--stilize` isn't a Midjourney parameter. Use `--stylize` or `--style`, or",
    ),
    (UnknownParameter("foo"), "`--foo` isn't a Midjourney parameter. Remove it."),
    (ValueMissing("ar", "3:2"), "`--ar` needs a value, for example `--ar 3:2`."),
    (MalformedValue("ar", "wide", "3:2", "option"), "`wide` isn't a valid `--ar`. Use a ratio such as `3:2` in the"),
    (ValueOutOfRange("chaos", "101", "0", "100"), "`--chaos` must be between `0` and `100`, not `101`. Change it"),
    (
        ValueOutOfRange("ar", "3:1", "1:2", "2:1", "option", "v 4"),
        "`1:2` and `2:1` with `--v 4`, not `3:1`. Change it in the option `aspect`",
    ),
    (UnknownVersion("v", "66", ("8.2", "8.1")), "`--v` has no version `66`. Use one of `8.2`, `8.1` in the prompt."),
    (
        ConflictingValues("ar", "3:2", "2:3", "option"),
        "given in the prompt and as an option, as `3:2` and `2:3`. Keep one",
    ),
    (ConflictingValues("stylize", "5", ""), "`--stylize` is given twice in the prompt, as `5` and `on`. Keep one"),
    (ExclusiveParameters("v", "niji"), "`--v` and `--niji` can't be used together. Keep one of them."),
    (
        ParameterNotInVersion("tile", "v 4"),
        "`--tile` isn't available with `--v 4`. Remove it, or choose another version.",
    ),
    (SeveralJobs("{red, blue}"), "`{red, blue}` starts several jobs at once"),
    (TextInDefaults("a cat"), "Defaults are parameters only, such as `--ar 3:2 --stylize 250`. Remove `a cat`."),
]


@pytest.mark.parametrize(("problem", "expected"), TEXTS, ids=[type(problem).__name__ for problem, _ in TEXTS])
def test_every_problem_has_its_text(problem: PromptProblem, expected: str) -> None:
    """The text says what is wrong, where, the allowed range, and what to do."""
    text = describe_input_error(PromptRefused([problem]))
    assert expected in text
    assert text.endswith(". You weren't charged.")


def test_several_problems_are_listed() -> None:
    """Each problem has its line, and the problems beyond the sixth are counted."""
    with pytest.raises(PromptRefused) as refused:
        build_prompt(ImagineOptions(prompt="a cat --s 5000 --foobar --ar x", chaos=200))
    lines = describe_input_error(refused.value).splitlines()
    assert ("Please fix these:", "You weren't charged.") == (lines[0], lines[-1])
    assert [True] * 4 == [line.startswith("- ") and line.endswith(".") for line in lines[1:-1]]
    many = describe_input_error(PromptRefused([ExclusiveParameters(f"a{n}", "b") for n in range(9)])).splitlines()
    assert (9, "- And 3 more.") == (len(many), many[-2])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UploadAnimated("fox.gif"), "The file `fox.gif` is animated, and Midjourney needs a still picture."),
        (
            UploadTypeUnsupported("plan.pdf", "PDF"),
            "`plan.pdf` (`PDF`) isn't a supported image. Save it as PNG",
        ),
        (UploadTypeUnsupported("a.bin"), "`a.bin` isn't a supported image."),
        (
            UploadTooLarge("a.png", 60 * 2**20, 32 * 2**20),
            "has 60 MiB, and the limit is 32. Upload a smaller one. You weren't charged.",
        ),
        (UploadTooLarge("a.png", 10**8, 33_554_432, pixels=True), "has 100 million pixels, and the limit is 34."),
        (UploadTooLarge("a.png", 3 * 2**20, 2**20), "has 3.0 MiB, and the limit is 1.0."),
        (UploadTooSmall("a.png", 2, 2, 64), "is too small: 2 x 2 pixels."),
        (UploadRefused(), "That picture can't be used."),
        (MaskAspectRatioWrong((512, 512), (1456, 816)), "has 512 x 512 pixels and its picture 1456 x 816"),
        (PromptRefused(), "Part of this prompt"),
    ],
)
def test_the_text_on_a_file_has_its_name_and_size(error: PromptRefused | UploadRefused, expected: str) -> None:
    """The text has the file's name, what it is, and the limit."""
    assert expected in describe_input_error(error)


def test_other_errors_have_no_text_here() -> None:
    """error_messages describes them."""
    assert "" == describe_input_error(PlaceGone())


@given(st.text(max_size=300) | st.sampled_from(["@everyone", "```", "](https://a.b)", "<@1>", "**", "\n# "]))
def test_typed_text_cannot_break_a_sentence(said: str) -> None:
    """Typed text is shown as short code on one line, and mentions no one."""
    errors = [
        PromptRefused(
            [
                UnknownParameter(said),
                MalformedValue("ar", said, "3:2"),
                ConflictingValues("s", said, said),
                TextInDefaults(said),
            ]
        ),
        PromptRefused([SeveralJobs(said), ValueOutOfRange("s", said, "0", "9"), UnknownVersion("v", said, ("7",))]),
        UploadTypeUnsupported(said, said),
    ]
    for text in map(describe_input_error, errors):
        outside = re.sub(r"`[^`\n]+`", "", text)
        assert len(text) < 1500
        assert re.fullmatch(r"[\w ',.;:()\n-]*", outside, re.ASCII), outside
        assert not re.search(r"@(?!\u200b)|<(?!\u200b)", text)


@pytest.mark.usefixtures("pseudo_language")
def test_every_text_is_translated() -> None:
    """One problem, several, and each kind of file, limit and time zone."""
    problems = [PromptRefused([problem], "") for problem, _ in TEXTS]
    listed = [PromptRefused([problem for problem, _ in TEXTS], ""), PromptRefused([], "")]
    files = [
        *(UploadRefused(""), UploadNotFound(""), UploadTooSlow(""), UploadTypeUnsupported("a.txt")),
        *(UploadTooLarge("a", 9 * 10**7, 4 * 10**7, pixels=pixels) for pixels in (False, True)),
    ]
    limits = [
        LimitUnreadable("x", problem, period, is_amount=is_amount, currency="USD")
        for problem in ("text", "negative", "fraction", "huge", "ambiguous", "currency", "precise")
        for period in ("day", "month")
        for is_amount in (False, True)
    ]
    zones = [TimeZoneUnknown(""), TimeZoneUnknown("x", similar=["Asia/Tokyo", "Asia/Seoul", "UTC"])]

    texts = [describe_input_error(error) for error in (*problems, *listed, *files, *limits, *zones)]
    texts += [describe_defaults_error(error) for error in listed]

    assert {text: words for text in texts if (words := set(find_untranslated(text)) - UNITS)} == {}
