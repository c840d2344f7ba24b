"""The billing log in the formats of two new-api versions, and midjourney-proxy's list of tasks."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ActionUnsupported, KeyRefused, RelayBusy, RelayError, RelayUnreachable
from bot.relay.billing_log import MAX_ROWS, BillingRow, get_billing_model, parse_billing_log, parse_task_by_state
from bot.relay.responses.relay_response import RelayResponse

AT = 1_795_857_879


def make_row(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the wire
    """Make a row as new-api of 2025 writes it (recorded)."""
    return {
        "id": 7,
        "user_id": 1,
        "created_at": AT,
        "type": 2,
        "content": "模型固定价格 0.10\uff0c分组倍率 1.00\uff0c操作 IMAGINE\uff0cID 1795857879593001",
        "username": "root",
        "token_name": "bot",
        "model_name": "mj_imagine",
        "quota": 50000,
        "channel": 1,
        "token_id": 1,
        "other": '{"group_ratio":1,"model_price":0.1}',
        **fields,
    }


def make_response(*rows: object, **body: object) -> RelayResponse:
    return RelayResponse(
        200, json.dumps({"success": True, "message": "", "data": list(rows), **body}, ensure_ascii=False)
    )


BILLED = BillingRow(
    billed_at=datetime.fromtimestamp(AT, UTC), model="mj_imagine", quota=50000, task_id="1795857879593001"
)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="2025"),
        pytest.param(
            {"id": 1, "request_id": "2026112", "other": '{"model_price":0.1,"request_path":"/mj/submit/imagine"}'},
            id="2026",
        ),
        pytest.param({"content": "Model price 0.10, group ratio 1.00, action IMAGINE, ID 1795857879593001"}, id="en"),
        pytest.param({"created_at": AT * 1000}, id="milliseconds"),
        pytest.param({"created_at": str(AT), "type": "2"}, id="as text"),
    ],
)
def test_row_has_time_model_quota_and_task(fields: dict[str, Any]) -> None:
    assert parse_billing_log(make_response(make_row(**fields))).rows == (
        replace(BILLED, request_id=fields.get("request_id", "")),
    )


@pytest.mark.parametrize(
    ("fields", "is_midjourney"),
    [
        ({"model_name": "swap_face", "content": "模型固定价格 0.05\uff0c分组倍率 1.00\uff0c操作 SWAP_FACE"}, True),
        (
            {
                "model_name": "mj_upload",
                "content": "模型固定价格 0.01\uff0c分组倍率 1.00\uff0c操作 UPLOAD\uff0cID ",
            },
            True,
        ),
        ({"model_name": "gpt-4o", "content": "模型倍率 1.25\uff0c补全倍率 4.00\uff0c分组倍率 1.00"}, False),
        ({"model_name": "gpt-4o", "content": "request PAID 12345"}, False),
        ({"model_name": None, "content": None}, False),
    ],
)
def test_row_without_a_task(fields: dict[str, Any], is_midjourney: bool) -> None:  # noqa: FBT001
    (read,) = parse_billing_log(make_response(make_row(**fields))).rows
    assert (read.task_id, read.is_midjourney) == ("", is_midjourney)


@pytest.mark.parametrize(
    ("value", "request_id"),
    [("2026112a", "2026112a"), (" a ", "a"), ("x" * 99, "x" * 80), (7, "7"), (None, ""), ([], "")],
)
def test_request_id_of_a_row(value: object, request_id: str) -> None:
    """Older relays write none."""
    (row,) = parse_billing_log(make_response(make_row(request_id=value))).rows
    assert row.request_id == request_id
    (row,) = parse_billing_log(make_response(make_row())).rows
    assert row.request_id == ""


def test_only_billed_rows_are_read_newest_first() -> None:
    rows = [make_row(created_at=AT + n, quota=n) for n in (1, 3, 2)]
    others = [make_row(type=kind) for kind in (1, 3, 4, 5, 6, None)]
    page = parse_billing_log(make_response(*rows, *others, None, "row", 7))
    assert [one.quota for one in page.rows] == [3, 2, 1]
    assert (page.sent_rows, page.is_newest_first) == (12, False)


@pytest.mark.parametrize(
    ("times", "newest_first", "is_whole", "reaches_now"),
    [
        ((3, 3, 2), True, True, True),
        ((1, 2, 3), False, True, True),
        (range(20), False, False, False),
        (range(20, 0, -1), True, False, True),
        (range(1000, 0, -1), True, False, True),
        ((), True, False, True),
    ],
)
def test_page_with_a_round_number_of_rows_may_be_cut(
    times: Iterable[int],
    newest_first: bool,  # noqa: FBT001
    is_whole: bool,  # noqa: FBT001
    reaches_now: bool,  # noqa: FBT001
) -> None:
    page = parse_billing_log(make_response(*(make_row(created_at=AT + n) for n in times)))
    assert (page.is_newest_first, page.is_complete, page.has_newest_rows) == (newest_first, is_whole, reaches_now)


def test_newest_rows_are_kept() -> None:
    read = parse_billing_log(make_response(*(make_row(created_at=AT + n) for n in range(MAX_ROWS + 5)))).rows
    assert (len(read), read[0].billed_at.timestamp()) == (MAX_ROWS, AT + MAX_ROWS + 4)


@pytest.mark.parametrize("body", ['{"data":[],"success":true}', '{"data":null,"message":"","success":true}'])
def test_empty_log(body: str) -> None:
    """new-api of 2025 sends it for every key in the header."""
    assert parse_billing_log(RelayResponse(200, body)).rows == ()


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (RelayResponse(404, '{"error":{"message":"Invalid URL (GET /api/log/token)"}}'), ActionUnsupported),
        (
            RelayResponse(404, '{"timestamp":1,"status":404,"error":"Not Found","path":"/api/log/token"}'),
            ActionUnsupported,
        ),
        (RelayResponse(200, "<!doctype html><html></html>"), ActionUnsupported),
        (RelayResponse(301, ""), RelayUnreachable),
        (RelayResponse(404, "<html>nginx</html>"), RelayUnreachable),
        (RelayResponse(401, '{"success":false,"message":"Invalid token"}'), KeyRefused),
        (RelayResponse(401, ""), KeyRefused),
        (RelayResponse(429, "", retry_after=1179.0), RelayBusy),
        (RelayResponse(200, '{"success":false,"message":"no","data":null}'), RelayUnreachable),
        (RelayResponse(200, '{"success":true}'), RelayUnreachable),
        (RelayResponse(200, '[{"id":"1"}]'), RelayUnreachable),
        (RelayResponse(200, '{"data":[{"type":2'), RelayUnreachable),
        (RelayResponse(502, "<html>502</html>"), RelayUnreachable),
        (make_response(make_row(created_at=0)), RelayUnreachable),
        (make_response(make_row(created_at="yesterday")), RelayUnreachable),
        (make_response(make_row(created_at=1 << 62)), RelayUnreachable),
    ],
)
def test_other_responses_raise_errors(response: RelayResponse, error: type[RelayError]) -> None:
    with pytest.raises(error) as raised:
        parse_billing_log(response)
    if isinstance(raised.value, RelayBusy):
        assert raised.value.retry_after == 1179.0


@pytest.mark.parametrize("time", [None, 0, "yesterday", 1 << 62])
def test_rows_without_a_time_are_left_out(time: object) -> None:
    """And counted, if they are billed; the others are read."""
    undated = [make_row(created_at=time), make_row(created_at=time, type=3)]
    page = parse_billing_log(make_response(make_row(), *undated))
    assert (page.rows, page.undated_rows, page.sent_rows, page.is_newest_first) == ((BILLED,), 1, 3, True)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3))
def test_any_values_in_a_row_are_tolerated(value: object) -> None:
    for field in ("created_at", "type", "content", "model_name", "quota"):
        try:
            page = parse_billing_log(make_response(make_row(**{field: value})))
        except RelayUnreachable:
            continue
        assert page.sent_rows == 1


@pytest.mark.parametrize(
    ("action", "model"),
    [("IMAGINE", "mj_imagine"), ("imagine", "mj_imagine"), ("SWAP_FACE", "swap_face"), ("PAN", "mj_pan"), ("", ""),
     ("PIC_READER", "")],
)  # fmt: skip
def test_each_action_has_its_billing_model(action: str, model: str) -> None:
    assert get_billing_model(action) == model


def test_unknown_model_name_may_stand_for_each_model() -> None:
    """Resellers use other names."""
    assert BILLED.may_have_model("mj_imagine")
    assert BILLED.may_have_model("")
    assert not BILLED.may_have_model("mj_blend")
    assert BillingRow(billed_at=BILLED.billed_at, model="mj_fast_imagine", quota=1, task_id="1").may_have_model(
        "mj_blend"
    )


LISTED = [{"id": "1", "state": "mjbot:7"}, {"id": "2", "state": ""}, {"id": "3", "state": "mjbot:77", "status": "X"}]


def test_task_is_found_by_its_whole_state() -> None:
    found = parse_task_by_state(RelayResponse(200, json.dumps(LISTED)), "mjbot:77")
    assert found is not None
    assert found.id == "3"
    assert parse_task_by_state(RelayResponse(200, json.dumps(LISTED)), "mjbot:770") is None
    assert parse_task_by_state(RelayResponse(200, json.dumps(LISTED[2:])), "mjbot:7") is None
    assert parse_task_by_state(RelayResponse(200, "[]"), "mjbot:7") is None
    others = [{"state": "mjbot:7"}, {"id": "17\0", "state": "mjbot:7"}, None, 5]
    assert parse_task_by_state(RelayResponse(200, json.dumps(others)), "mjbot:7") is None


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (RelayResponse(404, '{"error":{"message":"Invalid URL (GET /mj/task/list)"}}'), ActionUnsupported),
        (RelayResponse(200, "<!doctype html>"), ActionUnsupported),
        (RelayResponse(400, '{"code":4,"description":"task_no_found "}'), RelayUnreachable),
        (RelayResponse(401, ""), KeyRefused),
        (RelayResponse(200, '{"total":0,"list":[]}'), RelayUnreachable),
        (RelayResponse(200, '[{"state":"mjbot:7"'), RelayUnreachable),
    ],
)
def test_other_responses_are_no_list_of_tasks(response: RelayResponse, error: type[RelayError]) -> None:
    with pytest.raises(error):
        parse_task_by_state(response, "mjbot:7")
