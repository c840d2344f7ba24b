"""What is wrong with a prompt, a picture or a mask is said in sentences that nothing in it can break."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    MaskAspectRatioWrong,
    PlaceGone,
    PromptRefused,
    UploadAnimated,
    UploadRefused,
    UploadTooLarge,
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
from bot.midjourney.prompt_builder import ImagineOptions, build_prompt
from cogs.text.input_errors import describe_input_error

SAID: list[tuple[PromptProblem, str]] = [
    (PromptTextMissing(), "There is nothing to draw in this prompt: write what the picture shall show."),
    (PromptTextMissing(has_parameters=True), "There are only parameters in this prompt: write before them"),
    (PromptTextMissing(image_count=1), "A single picture needs words beside it: write what"),
    (PromptTooLong(6100, 6000), "has 6100 characters with all that belongs to it: shorten it to 6000."),
    (UnknownParameter("stilize", ("stylize", "style")), "knows no `--stilize`: write `--stylize` or `--style`, or"),
    (UnknownParameter("foo"), "Midjourney knows no `--foo`: leave it out."),
    (ValueMissing("ar", "3:2"), "`--ar` lacks its value: write it behind, like `--ar 3:2`."),
    (MalformedValue("ar", "wide", "3:2", "option"), "cannot be `wide`: write it like `3:2` in the option `aspect`."),
    (ValueOutOfRange("chaos", "101", "0", "100"), "`--chaos` takes `0` to `100`, not `101`: change it in the prompt."),
    (
        ValueOutOfRange("ar", "3:1", "1:2", "2:1", "option", "v 4"),
        "`1:2` to `2:1` with `--v 4`, not `3:1`: change it in the",
    ),
    (UnknownVersion("v", "66", ("8.2", "8.1")), "`--v` has no version `66`: take one of `8.2`, `8.1` in the prompt."),
    (
        ConflictingValues("ar", "3:2", "2:3", "option"),
        "given in the prompt and as an option, as `3:2` and `2:3`: keep one",
    ),
    (ConflictingValues("stylize", "5", ""), "`--stylize` is given twice in the prompt, as `5` and `on`: keep one"),
    (ExclusiveParameters("v", "niji"), "`--v` and `--niji` exclude each other: keep one of them."),
    (
        ParameterNotInVersion("tile", "v 4"),
        "`--tile` does not exist with `--v 4`: leave it out, or choose another version.",
    ),
    (SeveralJobs("{red, blue}"), "`{red, blue}` makes Midjourney ask back before it starts several jobs"),
    (TextInDefaults("a cat"), "Defaults are parameters only, like `--ar 3:2 --stylize 250`: take out `a cat`."),
]


@pytest.mark.parametrize(("problem", "expected"), SAID, ids=[type(problem).__name__ for problem, _ in SAID])
def test_every_problem_has_its_sentence(problem: PromptProblem, expected: str) -> None:
    """One sentence: what, where, the allowed range, and what to do."""
    text = describe_input_error(PromptRefused([problem]))
    assert expected in text
    assert text.startswith("Nothing was paid. ")
    assert text.endswith(".")


def test_several_problems_are_a_list() -> None:
    """All that is wrong, each on its line, and a count of what is too much to list."""
    with pytest.raises(PromptRefused) as refused:
        build_prompt(ImagineOptions(prompt="a cat --s 5000 --foobar --ar x", chaos=200))
    lines = describe_input_error(refused.value).splitlines()
    assert "Nothing was paid. These stand in the way:" == lines[0]
    assert [True] * 4 == [line.startswith("- ") and line.endswith(".") for line in lines[1:]]
    many = describe_input_error(PromptRefused([ExclusiveParameters(f"a{n}", "b") for n in range(9)])).splitlines()
    assert (8, "- And 3 more.") == (len(many), many[-1])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UploadAnimated("fox.gif"), "The file `fox.gif` moves, and Midjourney takes one still picture."),
        (
            UploadTypeUnsupported("plan.pdf", "PDF"),
            "`plan.pdf` is a file of the kind `PDF`. Nothing was paid: save it as PNG",
        ),
        (UploadTypeUnsupported("a.bin"), "`a.bin` is no picture that I know."),
        (
            UploadTooLarge("a.png", 60 * 2**20, 32 * 2**20),
            "has 60 MiB, and I take 32. Nothing was paid: send a smaller",
        ),
        (UploadTooLarge("a.png", 10**8, 33_554_432, pixels=True), "has 100 million pixels, and I take 34."),
        (UploadTooLarge("a.png", 3 * 2**20, 2**20), "has 3.0 MiB, and I take 1.0."),
        (UploadTooSmall("a.png", 2, 2, 64), "has 2 x 2 pixels, too few to draw from."),
        (UploadRefused(), "That picture cannot be used."),
        (MaskAspectRatioWrong((512, 512), (1456, 816)), "has 512 x 512 pixels and its picture 1456 x 816"),
        (PromptRefused(), "Something in this prompt"),
    ],
)
def test_pictures_and_masks_are_told_with_their_figures(error: PromptRefused | UploadRefused, expected: str) -> None:
    """The file's name, what it is, and what would be taken."""
    assert expected in describe_input_error(error)


def test_other_errors_are_none_of_its_business() -> None:
    """An error of another kind gets no text here."""
    assert "" == describe_input_error(PlaceGone())


@given(st.text(max_size=300) | st.sampled_from(["@everyone", "```", "](https://a.b)", "<@1>", "**", "\n# "]))
def test_nothing_that_was_typed_breaks_a_sentence(said: str) -> None:
    """What a person typed is shown as code, short, on its own line, and mentions nobody."""
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
