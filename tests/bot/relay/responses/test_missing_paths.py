"""Which answers a relay gives itself for a path that it lacks, and which come from a proxy."""

import json

import pytest

from bot.errors import ActionUnsupported, RelayError, RelayUnreachable, SubmitOutcomeUnknown
from bot.relay.responses.missing_paths import find_missing_path_error, is_same_page
from bot.relay.responses.parser import parse_submission
from bot.relay.responses.relay_response import RelayResponse, decode_json, extract_message
from tests.recordings import recorded

SPRING = {
    "timestamp": "2026-11-28T09:25:30.555+00:00",
    "status": 404,
    "error": "Not Found",
    "path": "/mj/submit/action",
}
TOMCAT = recorded("real/nov_speed_prefix_404").text
CONSOLE = "<!doctype html><html><head><title>New API</title></head><body><div id=root></div></body></html>"


def find(status: int, text: str, *, path: str = "/mj/submit/action", worked: bool = False) -> RelayError | None:
    response = RelayResponse(status, text, path=path, path_has_worked=worked)
    return find_missing_path_error(response, extract_message(response, decode_json(response)))


@pytest.mark.parametrize("worked", [False, True])
@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, json.dumps(SPRING)),
        (405, json.dumps({**SPRING, "status": 405, "error": "Method Not Allowed"})),
        (404, recorded("real/nov_action_404").text),
        (404, '{"error":{"message":"Invalid URL (POST /mj/submit/action)","type":"invalid_request_error"}}'),
        (404, '{"error":{"message":"Invalid URL (POST /relay/mj/submit/action?x=1)","type":"x"}}'),
        (404, '{"error":{"message":"Invalid URL","type":"x"}}'),
        (404, json.dumps({**SPRING, "path": "/context/mj/submit/action/"})),
        (404, '{"type":"about:blank","title":"Not Found","status":404,"instance":"/mj/submit/action"}'),
        (404, '{"code":404,"description":"no such route"}'),
        (404, '{"code":404,"description":"Service is being updated"}'),
    ],
)
def test_the_relays_own_json_means_that_it_lacks_the_path(status: int, text: str, *, worked: bool) -> None:
    error = find(status, text, worked=worked)
    assert isinstance(error, ActionUnsupported)
    # What worked a minute ago is missing for now: the relay is being updated.
    assert error.lasting is not worked


def test_a_recorded_cancel_of_new_api_names_its_own_path() -> None:
    cancel = recorded("real/2026_cancel_404")
    assert isinstance(find(404, cancel.text, path=cancel.path), ActionUnsupported)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**SPRING, "path": "/internal/settle"}),
        json.dumps({**SPRING, "path": "/mj/submit/imagine"}),
        '{"title":"Not Found","status":404,"instance":"/v1/ledger"}',
        '{"error":{"message":"Invalid URL (POST /v1/other)","type":"x"}}',
        '{"error":{"message":"Invalid URL (GET /mj/task/list)","type":"x"}}',
    ],
)
def test_another_path_is_that_of_a_service_behind_the_relay(text: str) -> None:
    """Such a relay has got the request, and may have billed it."""
    assert find(404, text) is None
    with pytest.raises(SubmitOutcomeUnknown):
        parse_submission(RelayResponse(404, text, path="/mj/submit/action"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "404 page not found",  # Traefik, and every other server in Go
        "Not Found",
        "<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>",
        "<!DOCTYPE html><html><head><title>Heroku | No such app</title></head></html>",
        TOMCAT,
        '{"status":"error","code":404,"message":"Application not found","request_id":"x"}',  # Railway
        '{"message":"no Route matched with those values"}',  # Kong
        '{"error_msg":"404 Route Not Found"}',  # APISIX
        '{"detail":"Not Found"}',
        '{"error":{"code":"404","message":"The page could not be found"}}',  # Vercel
        json.dumps({**SPRING, "requestId": "1a2b3c-1"}),  # Spring's gateway
        '{"title":"Not Found","status":404,"traceId":"00-1"}',
        "[]",
        "null",
    ],
)
@pytest.mark.parametrize("status", [404, 405])
def test_a_proxys_answer_is_an_outage(status: int, text: str) -> None:
    """Whether the path has worked before or not."""
    for worked in (False, True):
        assert type(find(status, text, worked=worked)) is RelayUnreachable


@pytest.mark.parametrize(
    ("path", "worked", "expected"),
    [
        ("/mj-fast/mj/submit/action", False, ActionUnsupported),
        ("/mj-relax/mj/submit/imagine", False, ActionUnsupported),
        ("/mj-turbo/mj/submit/imagine", True, RelayUnreachable),
        ("/mj/submit/action", False, RelayUnreachable),
    ],
)
def test_tomcats_page_counts_for_a_speed_prefix_only(path: str, expected: type[RelayError], *, worked: bool) -> None:
    assert type(find(404, TOMCAT, path=path, worked=worked)) is expected


@pytest.mark.parametrize("text", [CONSOLE, "\ufeff" + CONSOLE, "<html></html>"])
def test_a_page_with_200_may_be_the_console_of_a_path_that_never_worked(text: str) -> None:
    assert isinstance(find(200, text), ActionUnsupported)
    assert find(200, text, worked=True) is None


@pytest.mark.parametrize("text", ["ok", '{"code":1}', "", "[]"])
def test_other_answers_say_nothing_about_the_path(text: str) -> None:
    assert find(200, text) is None
    assert find(404, '{"code":4,"description":"x"}') is None


def test_pages_are_compared_without_their_ids() -> None:
    one = RelayResponse(200, '<html><meta nonce="kYb1f0aa9c2d1e"><title>New API</title></html>')
    again = RelayResponse(200, '<html><meta nonce="q0b1f0aa9c2ffff"><title>New API</title></html>')
    assert is_same_page(one, again)
    assert not is_same_page(one, RelayResponse(200, "<html><title>One moment</title></html>"))
    assert not is_same_page(one, RelayResponse(404, one.text))
