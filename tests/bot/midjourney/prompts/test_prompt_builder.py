"""Prompts are built from options and defaults, and validated."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PromptRefused
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
from bot.midjourney.prompts.prompt_builder import (
    MAX_PROMPT_LENGTH,
    UPLOAD_LINK_LENGTH,
    ImagineOptions,
    apply_defaults,
    build_prompt,
    parse_defaults,
)
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from tests.bot.midjourney.prompt_lines import LINES, PNG


def problems(options: ImagineOptions) -> list[PromptProblem]:
    """Return the problems of these options."""
    with pytest.raises(PromptRefused) as refused:
        build_prompt(options)
    return list(refused.value.problems)


def test_every_option_has_its_place_in_the_line() -> None:
    """Links come first, then the words, then the parameters in the order of Midjourney's list."""
    options = ImagineOptions(
        prompt="a lighthouse at dawn",
        aspect="3:2",
        version="7",
        stylize=250,
        chaos=20,
        weird=5,
        seed=0,
        no="people, text",
        tile=True,
        raw=True,
        speed=Speed.FAST,
        images=(PNG, "<https://cdn.example/b.jpg>"),
    )
    expected = (
        f"{PNG} https://cdn.example/b.jpg a lighthouse at dawn --ar 3:2 --v 7 --stylize 250 --chaos 20 --weird 5 "
        "--seed 0 --no people, text --tile --raw --fast"
    )
    assert expected == build_prompt(options).line


def test_a_plain_prompt_is_unchanged() -> None:
    """Nothing is added without defaults; Markdown and mentions are words like others."""
    for line in ("a cat", "@everyone **bold** `code` ```fence``` ||spoiler|| <@1>", "space::2 ship::1", "🦊 5"):
        assert line == build_prompt(ImagineOptions(prompt=line)).line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("a cat \u2014ar 3:2", "a cat --ar 3:2"),
        ("a cat \u2013v 7", "a cat --v 7"),
        ("a cat -\u2014tile", "a cat --tile"),
        ("a cat\u2014ar 16:9", "a cat --ar 16:9"),
        ("a cat--ar 16:9", "a cat --ar 16:9"),
        ("a cat--s 50", "a cat --stylize 50"),
        ("a cat--tile", "a cat --tile"),
        ("a cat - - ar 2:3", "a cat --ar 2:3"),
        ("a cat -- ar 2:3", "a cat --ar 2:3"),
        ("a cat --ar 3 : 2", "a cat --ar 3:2"),
        ("a cat --ar 16x9", "a cat --ar 16:9"),
        ("a cat --ar 16/9", "a cat --ar 16:9"),
        ("a cat --ar=16:9", "a cat --ar 16:9"),
        ("a cat --ar 1.5:1", "a cat --ar 3:2"),
        ("a cat --ar 1.39:1", "a cat --ar 139:100"),
        ("a cat --aspect 2:3, --stylize 50.", "a cat --ar 2:3 --stylize 50"),
        ("a cat --AR 2:3 --TILE", "a cat --ar 2:3 --tile"),
        ("a cat --s 0250", "a cat --stylize 250"),
        ("a cat --style raw", "a cat --raw"),
        ("a cat --style raw --v 6.1", "a cat --style raw --v 6.1"),
        ("a cat --raw --niji 6", "a cat --style raw --niji 6"),
        ("a cat --raw --v 8.1", "a cat --raw --v 8.1"),
        ("a cat \u2014 asleep", "a cat - asleep"),
        ("a cat\u2014asleep, 1990\u20131999", "a cat - asleep, 1990-1999"),
        ("a cat \u2014asleep", "a cat - asleep"),
        ("a cat -- asleep", "a cat - asleep"),
        ("well--known \u2010 state\u2011of\u2011the\u2011art", "well--known - state-of-the-art"),
        ("\u201cOPEN\u201d \u2018late\u2019", "\"OPEN\" 'late'"),
        ("a\u00a0cat\u2003at\u200b\u2060 night\ufeff", "a cat at night"),
        ("a \u202ecat\u202c\u2066 \u200fhere\u0000\x1b", "a cat here"),
        ("a\r\ncat\n\n\tasleep", "a cat asleep"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\U000e0067\U000e0062\U000e007f", ""),
        ("a cat --tile on a roof", "a cat on a roof --tile"),
        ("vibrant California --ar 2:3 poppies", "vibrant California poppies --ar 2:3"),
        ("--v 7 a cat", "a cat --v 7"),
        ("a --niji cat", "a cat --niji"),
        ("a cat --niji 6", "a cat --niji 6"),
        ("a cat --no red dog, blue --no Blue, , green", "a cat --no red dog, blue, green"),
        ("a cat --v 7 --v 7.0 --s 5 --s 5", "a cat --v 7 --stylize 5"),
        (f"a cat {PNG} on a roof", f"{PNG} a cat on a roof"),
        (f"<{PNG}>, a cat", f"{PNG} a cat"),
        (f"a cat --sref {PNG} 123::2 random --sw 50", f"a cat --sref {PNG} 123::2 random --sw 50"),
        (f"a cat --oref <{PNG}> here", f"a cat here --oref {PNG}"),
        ("a cat --p --ar 3:2", "a cat --p --ar 3:2"),
        ("a cat --p abc12 jumps", "a cat jumps --p abc12"),
        ("a cat --v 9", "a cat --v 9"),
        ("a cat --v 8.3 --zoom 1.5", "a cat --v 8.3 --zoom 1.5"),
        ("a \\{b, c\\} cat {d}", "a \\{b, c\\} cat {d}"),
        ("https://a.example/x\u2014y.png a cat", "https://a.example/x\u2014y.png a cat"),
    ],
)
def test_typed_text_is_corrected(typed: str, line: str) -> None:
    """Dashes, quotes, blanks, spellings and positions are corrected where only one meaning is possible."""
    assert (line or typed) == build_prompt(ImagineOptions(prompt=typed)).line


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ImagineOptions(prompt=" \u200b\n"), PromptTextMissing()),
        (ImagineOptions(prompt="--ar 3:2"), PromptTextMissing(has_parameters=True)),
        (ImagineOptions(prompt="", tile=True), PromptTextMissing(has_parameters=True)),
        (ImagineOptions(prompt=PNG), PromptTextMissing(image_count=1)),
        (ImagineOptions(prompt="--tile", uploads=1), PromptTextMissing(image_count=1, has_parameters=True)),
        (ImagineOptions(prompt="a cat --stilize 50"), UnknownParameter("stilize", ("stylize", "tile"))),
        (ImagineOptions(prompt="a cat --qwertyuiop"), UnknownParameter("qwertyuiop")),
        (ImagineOptions(prompt="a cat --ar --tile"), ValueMissing("ar", "3:2")),
        (ImagineOptions(prompt="a cat --no"), ValueMissing("no", "text, people")),
        (ImagineOptions(prompt="a cat --ar wide"), MalformedValue("ar", "wide", "3:2")),
        (ImagineOptions(prompt="a cat", aspect="0:5"), MalformedValue("ar", "0:5", "3:2", "option")),
        (ImagineOptions(prompt="a cat --s high"), MalformedValue("stylize", "high", "250")),
        (ImagineOptions(prompt="a cat --s 1.5"), MalformedValue("stylize", "1.5", "250")),
        (ImagineOptions(prompt="a cat --seed \u0661"), MalformedValue("seed", "\u0661", "1234")),
        (ImagineOptions(prompt="a cat --video --motion wild"), MalformedValue("motion", "wild", "low")),
        (ImagineOptions(prompt="a cat --s -1"), ValueOutOfRange("stylize", "-1", "0", "1000")),
        (ImagineOptions(prompt="a cat", stylize=1001), ValueOutOfRange("stylize", "1001", "0", "1000", "option")),
        (ImagineOptions(prompt="a cat", chaos=101), ValueOutOfRange("chaos", "101", "0", "100", "option")),
        (ImagineOptions(prompt="a cat", weird=3001), ValueOutOfRange("weird", "3001", "0", "3000", "option")),
        (
            ImagineOptions(prompt="a cat", seed=2**32),
            ValueOutOfRange("seed", "4294967296", "0", "4294967295", "option"),
        ),
        (ImagineOptions(prompt="a cat --zoom 2.5"), ValueOutOfRange("zoom", "2.5", "1", "2")),
        (ImagineOptions(prompt="a cat --ar 15:1"), ValueOutOfRange("ar", "15:1", "1:14", "14:1")),
        (ImagineOptions(prompt="a cat --ar 3:1 --v 4"), ValueOutOfRange("ar", "3:1", "1:2", "2:1", model="v 4")),
        (ImagineOptions(prompt="a cat --s 100 --v 3"), ValueOutOfRange("stylize", "100", "625", "60000", model="v 3")),
        (
            ImagineOptions(prompt="a cat", stylize=1, raw=True, version="5"),
            ParameterNotInVersion("raw", "v 5", "option"),
        ),
        (ImagineOptions(prompt="a cat", tile=True, version="4"), ParameterNotInVersion("tile", "v 4", "option")),
        (ImagineOptions(prompt="a cat --tile --niji 4"), ParameterNotInVersion("tile", "niji 4")),
        (ImagineOptions(prompt="a cat --cref https://a.example/b.png --v 7"), ParameterNotInVersion("cref", "v 7")),
        (
            ImagineOptions(prompt="a cat", speed=Speed.TURBO, version="8.1"),
            ParameterNotInVersion("turbo", "v 8.1", "option"),
        ),
        (ImagineOptions(prompt="a cat", niji="6", version="7"), ExclusiveParameters("v", "niji")),
        (ImagineOptions(prompt="a cat --niji 6", version="7"), ExclusiveParameters("niji", "v")),
        (ImagineOptions(prompt="a cat --relax", speed=Speed.FAST), ExclusiveParameters("relax", "fast")),
        (ImagineOptions(prompt="a cat --s 5 --s 6"), ConflictingValues("stylize", "5", "6")),
        (ImagineOptions(prompt="a cat --ar 3:2", aspect="2:3"), ConflictingValues("ar", "3:2", "2:3", "option")),
        (ImagineOptions(prompt="a {red, blue} cat"), SeveralJobs("{red, blue}")),
        (ImagineOptions(prompt="a cat --r 4"), SeveralJobs("--repeat 4")),
        (ImagineOptions(prompt="c" * (MAX_PROMPT_LENGTH + 1)), PromptTooLong(MAX_PROMPT_LENGTH + 1, MAX_PROMPT_LENGTH)),
        (
            ImagineOptions(prompt="c" * MAX_PROMPT_LENGTH, uploads=2),
            PromptTooLong(MAX_PROMPT_LENGTH + 2 * UPLOAD_LINK_LENGTH, MAX_PROMPT_LENGTH),
        ),
    ],
)
def test_every_problem_is_reported(options: ImagineOptions, expected: PromptProblem) -> None:
    """Each problem says what is wrong, where, and what would be right."""
    assert [expected] == problems(options)


def test_an_unknown_version_is_reported_with_the_known_ones() -> None:
    """The newest come first."""
    (problem,) = problems(ImagineOptions(prompt="a cat", version="66"))
    assert isinstance(problem, UnknownVersion)
    assert ("v", "66", "option") == (problem.name, problem.given, problem.where)
    assert {"8.1", "7", "6.1"} <= set(problem.known_versions)
    (problem,) = problems(ImagineOptions(prompt="a cat --niji 3"))
    assert isinstance(problem, UnknownVersion)
    assert "6" in problem.known_versions


def test_several_problems_are_reported_together_with_the_prompt() -> None:
    """The person can correct all of them at once, in the text that they typed."""
    with pytest.raises(PromptRefused) as refused:
        build_prompt(ImagineOptions(prompt="a cat --s 5000 --foobar --ar x", chaos=200))
    kinds = [type(problem) for problem in refused.value.problems]
    assert [ValueOutOfRange, MalformedValue, ValueOutOfRange, UnknownParameter] == kinds
    assert refused.value.prompt.startswith("a cat --stylize 5000 --ar x --chaos 200")


def test_two_pictures_need_no_words() -> None:
    """Midjourney blends two or more pictures by themselves."""
    assert f"{PNG} {PNG}" == build_prompt(ImagineOptions(prompt="", images=(PNG, PNG))).line
    assert "--ar 3:2" == build_prompt(ImagineOptions(prompt="--ar 3:2", uploads=2)).line


def test_no_from_prompt_and_option_is_merged() -> None:
    """Each thing is listed once."""
    assert "a --no x, y, z" == build_prompt(ImagineOptions(prompt="a --no x, y", no="Y, z")).line


def test_defaults_do_not_override_given_parameters() -> None:
    """Missing parameters come from the person's defaults, and --no adds up."""
    defaults = parse_defaults("--ar 3:2 --s 250 --v 7 --turbo --no text --chaos 5")
    assert (
        "a --ar 3:2 --stylize 250 --v 7 --turbo --no text --chaos 5"
        == build_prompt(ImagineOptions(prompt="a"), defaults).line
    )
    given = ImagineOptions(prompt="a --ar 1:1 --no red", speed=Speed.RELAX, niji="6", chaos=0)
    assert "a --ar 1:1 --no red, text --niji 6 --chaos 0 --relax --stylize 250" == build_prompt(given, defaults).line


def test_defaults_that_the_version_lacks_are_left_out() -> None:
    """The prompt is not refused for a default; a switched-off default is left out as well."""
    defaults = parse_defaults("--tile --raw --weird 100")
    assert "a --v 4" == build_prompt(ImagineOptions(prompt="a", version="4"), defaults).line
    assert "a --weird 100" == build_prompt(ImagineOptions(prompt="a", tile=False, raw=False), defaults).line
    old = parse_defaults("--v 4 --ar 2:1")
    assert (
        "a --ar 3:1 --tile"
        == apply_defaults(parse_prompt("a --ar 3:1 --tile"), [each for each in old if each.name == "ar"]).line
    )


def test_a_default_version_gives_way_to_a_parameter_that_it_lacks() -> None:
    """With version 4 as default, --tile is kept and the version is left out."""
    assert "a --tile" == build_prompt(ImagineOptions(prompt="a", tile=True), parse_defaults("--v 4")).line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3:2", TextInDefaults("3:2")),
        (f"{PNG} --ar 3:2", TextInDefaults(PNG)),
        ("--ar 99:1", ValueOutOfRange("ar", "99:1", "1:14", "14:1")),
        ("--foobarbaz", UnknownParameter("foobarbaz")),
        ("--repeat 4", SeveralJobs("--repeat 4")),
        ("--v 7 --niji 6", ExclusiveParameters("v", "niji")),
    ],
)
def test_defaults_are_validated(text: str, expected: PromptProblem) -> None:
    """A wrong default would spoil every later prompt."""
    with pytest.raises(PromptRefused) as refused:
        parse_defaults(text)
    assert (expected,) == refused.value.problems
    assert () == parse_defaults(" ")


@given(LINES | st.text(), st.integers() | st.none(), st.integers(0, 3), st.text(max_size=8), st.text(max_size=5))
def test_any_prompt_is_built_or_refused_with_problems(
    line: str, number: int | None, uploads: int, aspect: str, version: str
) -> None:
    """A built prompt is one line within the limit."""
    options = ImagineOptions(
        prompt=line, stylize=number, seed=number, uploads=uploads, aspect=aspect, version=version, images=(PNG,)
    )
    try:
        prompt = build_prompt(options, parse_defaults("--ar 3:2 --s 5"))
    except PromptRefused as refused:
        reasons, prompt = refused.problems, None
    else:
        reasons = ()
    assert (prompt is None) is bool(reasons)
    if prompt is not None:
        assert len(prompt.line) <= MAX_PROMPT_LENGTH
        assert prompt.line == build_prompt(ImagineOptions(prompt=prompt.line, uploads=uploads)).line
        assert prompt.line == " ".join(prompt.line.split())


@given(LINES)
def test_applying_defaults_keeps_given_parameters(line: str) -> None:
    """Defaults come last, and change nothing else."""
    prompt = parse_prompt(line)
    merged = apply_defaults(prompt, parse_defaults("--ar 3:2 --s 5 --v 6 --tile --relax"))
    given = [each for each in prompt.parameters if each.name != "no"]
    assert given == [each for each in merged.parameters if each.name != "no"][: len(given)]
    assert (prompt.words, prompt.links, prompt.unknown_parameters) == (
        merged.words,
        merged.links,
        merged.unknown_parameters,
    )


@pytest.mark.parametrize("no", ["---repeat 40", "-----repeat 40", "text, \u2014-repeat 40", "a ---turbo"])
def test_the_no_option_cannot_contain_a_parameter(no: str) -> None:
    """Three dashes, halved, would be two, and would bypass the check for several jobs."""
    line = build_prompt(ImagineOptions(prompt="a fox", no=no)).line
    assert [each.name for each in parse_prompt(line).parameters] == ["no"]
    assert build_prompt(ImagineOptions(prompt=line)).line == line


@pytest.mark.parametrize("no", [",", " , ,", "\u2028"])
def test_an_empty_no_option_is_left_out(no: str) -> None:
    """Midjourney rejects a --no without a value."""
    assert build_prompt(ImagineOptions(prompt="a fox", no=no)).line == "a fox"


@pytest.mark.parametrize("text", ["x" + "\u200d" * 60_000 + "x", "{" + "," * 60_000, "a " + "-" * 60_000 + "b"])
def test_parsing_time_does_not_grow_with_the_square_of_the_length(text: str) -> None:
    """A slow prompt would delay every other answer of the bot."""
    begun = process_time()
    with suppress(PromptRefused):
        build_prompt(ImagineOptions(prompt=text))
    assert process_time() - begun < 3.0
