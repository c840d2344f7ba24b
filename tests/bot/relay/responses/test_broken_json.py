"""One broken or deeply nested part of an answer loses only itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.responses.broken_json import decode_parts
from tests.cpu_time import compare_cost

DEEP = '{"a":' * 3000 + "1" + "}" * 3000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"id":"1","prompt":"a "quoted" word","status":"SUCCESS"}', {"id": "1", "status": "SUCCESS"}),
        ('{"id":"1","odd":"\\x","status":"SUCCESS"}', {"id": "1", "status": "SUCCESS"}),
        ('{"id":"1","odd":undefined,"status":"SUCCESS",}', {"id": "1", "status": "SUCCESS"}),
        ('{"id":"1","prompt":"a\nb\x00"}', {"id": "1", "prompt": "a\nb\x00"}),
        ('{"id":"1",status:"SUCCESS"}', {"id": "1"}),
        (f'{{"id":"1","n":{"9" * 5000}}}', {"id": "1"}),
        ('{"id":"1"} {"error":"panic"}', {"id": "1"}),
        ('\ufeff [{"id":"1"}, {"id":"2",,"x":}, nonsense, {"id":"3"}]', [{"id": "1"}, {"id": "2"}, {"id": "3"}]),
        (
            '{"buttons":[{"customId":"a"},{"customId":"b","x":NULL}]}',
            {"buttons": [{"customId": "a"}, {"customId": "b"}]},
        ),
        ("[]", []),
        ("[,]", []),
        # Nothing can be believed of what ends in the middle.
        ('[{"id":"1"},{"id":"2"', None),
        ('{"id":"1","prompt":"a', None),
        ("", None),
        ("<html>", None),
        ("nonsense", None),
        ("]", None),
    ],
)
def test_parts_that_can_be_decoded_are_kept(text: str, expected: object) -> None:
    """Broken items and members are left out."""
    assert expected == decode_parts(text)


def test_a_field_that_is_nested_too_deeply_is_left_out() -> None:
    """Of a row, and of a row in a list."""
    row = f'{{"id":"1","odd":{DEEP},"status":"SUCCESS"}}'
    (found,) = decode_parts(f"[{row}]")
    assert ("1", "SUCCESS") == (found["id"], found["status"])
    assert decode_parts(row)["status"] == "SUCCESS"


@pytest.mark.parametrize(
    "text",
    ["[" * 4_000_000, '{"a":' * 800_000, '"' * 4_000_000, "[" + '{"a":x},' * 500_000 + "]", '["' + "\\" * 4_000_000],
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    """The number of tokens that are read is limited."""
    assert decode_parts(text) is None


_ORDINARY = '[{"id":"1","x":bad,"buttons":"' + "a" * 100_000


@pytest.mark.parametrize(
    "hostile",
    [
        '[{"id":"1","status":"SUCCESS","buttons":"' + '[{\\"customId\\":\\"a\\"}' * 4_300,
        '[{"id":"1","x":bad,"prompt":"' + '\\"' * 50_000 + "\\",
        '[{"id":"1","prompt":"a"b","x":"' + '\\"a' * 33_000 + '"},{"id":"2"}]',
        '{"' + '\\"' * 50_000 + '":bad,"id":"1"',
        "[" + '"\\' * 50_000,
        '{"a":bad,' + " " * 100_000 + "x",
        "{" + '"a" ' * 25_000,
    ],
    ids=["JSON text cut", "quotes", "odd quote", "key", "quotes at the begin", "blanks", "keys without values"],
)
def test_escaped_quotes_are_read_once(hostile: str) -> None:
    """However a text ends in the middle of a string, it costs no more than some ordinary texts of its size."""
    assert compare_cost(decode_parts, hostile, _ORDINARY[: len(hostile)]) < 1_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"id":"1","status":"SUCCESS","prompt":"5" pipe"}]', [{"id": "1", "status": "SUCCESS"}]),
        ('[{"id":"1","prompt":"5" pipe \\"red\\""}, {"id":"2"}]', [{"id": "1"}, {"id": "2"}]),
        ('{"id":"1","prompt":"a\\"}', {"id": "1"}),
    ],
)
def test_brackets_count_behind_a_string_without_an_end(text: str, expected: object) -> None:
    """One quote too many loses its member, and not the row."""
    assert expected == decode_parts(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_good_json_stays_as_it_is(value: object) -> None:
    """An object or array is read unchanged, and any other value as no parts."""
    text = json.dumps(value)
    assert decode_parts(text) == (value if isinstance(value, list | dict) else None)


@given(st.text(st.sampled_from('[]{}",:\\ a1')))
def test_any_text_is_decoded_or_not(text: str) -> None:
    """It never raises."""
    assert isinstance(decode_parts(text), list | dict | None)
