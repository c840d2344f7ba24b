"""Any answer to a submit can be parsed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.midjourney.submit_response import SubmitResponse

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("fields", "accepted", "modal", "ahead"),
    [
        ({"code": 1, "result": "5"}, True, False, 0),
        ({"code": 1, "result": 5, "description": "Waiting for WINDOW confirm"}, True, True, 0),
        ({"code": 21, "result": "5", "description": "窗口等待"}, True, True, 0),
        ({"code": 21, "result": "5", "description": "任务已存在"}, True, False, 0),
        ({"code": 22, "result": "5", "properties": {"numberOfQueues": 3}}, True, False, 3),
        ({"code": 22, "result": "5", "properties": {"numberOfQueues": -3}}, True, False, 0),
        ({"code": 1, "result": "5", "description": "排队中，前面还有 12 个任务"}, True, False, 12),  # noqa: RUF001
        ({"code": 1, "result": "5", "description": "前面还有" + "9" * 9000}, True, False, 999_999_999),
        ({"code": 1}, False, False, 0),
        ({"code": 1, "result": ["5"]}, True, False, 0),
        ({"code": 1, "result": [["5"]]}, False, False, 0),
        ({"code": 1, "msg": "Waiting for window confirm", "data": {"taskId": "5"}}, True, True, 0),
        ({"code": 1, "result": " , "}, False, False, 0),
        ({"code": True, "result": "5"}, False, False, 0),
        ({"code": 24, "result": "5", "description": "confirm"}, False, False, 0),
        ({}, False, False, 0),
    ],
)
def test_acceptance_modal_and_queue(fields: dict[str, Any], *, accepted: bool, modal: bool, ahead: int) -> None:
    """Code and id together say whether a submit was accepted; the description whether a modal or a queue follows."""
    response = SubmitResponse.model_validate(fields)
    assert (accepted, modal, ahead) == (response.is_accepted, response.needs_modal, response.tasks_ahead)


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({"result": 1320098173412546}, ["1320098173412546"]),
        ({"result": "17,18 , 19"}, ["17", "18", "19"]),
        ({"result": ["17", 18]}, ["17", "18"]),
        ({"result": {"task_id": "17"}}, ["17"]),
        ({"data": "17"}, ["17"]),
        ({"data": {"taskId": "0f8f-ab", "id": 3}}, ["0f8f-ab"]),
        ({"data": [{"taskId": "17"}, {"taskId": "18"}, "19"]}, ["17", "18"]),
        ({"data": {"result": {"mjId": "17"}}}, ["17"]),
        ({"task": {"id": "17", "status": "SUBMITTED"}}, ["17"]),
        ({"taskIds": ["17", "18"]}, ["17", "18"]),
        ({"error": None, "job_id": "17"}, ["17"]),
        # None that can be one.
        ({"result": "ok"}, []),
        ({"result": "0"}, []),
        ({"result": -1}, []),
        ({"result": 1.5}, []),
        ({"result": True}, []),
        ({"result": "17543\x000001"}, []),
        ({"result": "1754300000\ud800"}, []),
        ({"result": "17\n18"}, []),
        ({"result": "9" * 9000}, []),
        ({"result": "17, and 5 more"}, []),
        ({"result": "https://cdn.discordapp.com/17.png"}, []),
        ({"result": "1.754300000999002e15"}, []),
        ({"result": "１７５４３"}, []),  # noqa: RUF001 - digits, but of another script
        ({"data": {"data": {"data": {"taskId": "17"}}}}, []),
        ({"error": {"message": "x"}, "id": "req_17"}, []),
        ({"properties": {"discordInstanceId": "17"}}, []),
    ],
)
def test_ids_are_found_where_relays_put_them(fields: dict[str, Any], ids: list[str]) -> None:
    """Each id can be stored by every database, and be part of a custom_id."""
    response = SubmitResponse.model_validate(fields)
    assert ids == [one for one in (response.result, *response.extra_task_ids) if one]


def test_further_ids_of_the_relay_are_checked_too() -> None:
    response = SubmitResponse.model_validate({"result": "5", "extraTaskIds": ["6", "7\x00", "x" * 99, "eight"]})
    assert set(response.extra_task_ids) <= {"6"}


def test_only_an_object_is_an_answer() -> None:
    response = SubmitResponse(code=1, result="5", description="ok")
    assert ("5", response) == (response.result, SubmitResponse.model_validate(response))
    with pytest.raises(ValidationError):
        SubmitResponse.model_validate([1])


@given(st.dictionaries(st.sampled_from(["code", "result", "description", "properties", "extraTaskIds"]), JSON))
def test_any_object_is_an_answer(row: dict[str, Any]) -> None:
    """It survives being stored and read again."""
    response = SubmitResponse.model_validate(row)
    assert response == SubmitResponse.model_validate_json(response.model_dump_json())
    assert response.tasks_ahead >= 0
    assert response.is_accepted or not response.needs_modal
