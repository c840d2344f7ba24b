"""What is retried, what is never sent twice, and which path a task id reaches."""

import asyncio
from contextlib import suppress
from urllib.parse import unquote

import pytest
from aiohttp import web

from bot.errors import (
    ActionUnsupported,
    RelayBusy,
    RelayError,
    RelayMoved,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
    SubmitRefused,
    TaskUnknown,
)
from bot.midjourney.task import Status
from bot.relay.client import RelayClient
from tests.fakes.socket_relay import ASKED, GRID, KEY, Slept, press_button, relay


@pytest.mark.parametrize(
    "task_id",
    [
        "../../api/user",
        "a/b",
        "1?x=2#y",
        "1%2e%2e%2f2",
        "%2e%2e",
        "1 2\r\nHost: evil",
        "猫",
        "http://evil.example/",
        "@evil.example",
        "..;/x",
        "\\..\\",
        "\x00",
        "\ud800",
    ],
)
async def test_any_task_id_stays_one_path_segment(task_id: str, slept: Slept) -> None:
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown) as unknown:
            await api.fetch_task(task_id)
    assert task_id == unknown.value.task_id
    head, mj, task, segment, fetch = it.seen[0].path.split("/")
    assert (head, mj, task, fetch) == ("", "mj", "task", "fetch")
    assert task_id.replace("\ud800", "?") == unquote(segment)
    assert not {"?", "#"} & set(segment)


@pytest.mark.parametrize("task_id", ["", ".", "..", " ", ". ."])
async def test_task_ids_of_dots_are_not_requested(task_id: str, slept: Slept) -> None:
    """Dots are resolved in paths even when quoted."""
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_task(task_id)
    assert it.seen == []


async def test_read_is_retried_after_half_a_second(slept: Slept) -> None:
    async with (
        relay(web.Response(status=502, text="<html>"), GRID) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        assert (await api.fetch_task(ASKED)).status is Status.SUCCESS
    assert (len(it.seen), slept) == (2, [0.5])


async def test_read_is_retried_only_once(slept: Slept) -> None:
    async with (
        relay(web.Response(status=502, text="<html>")) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(RelayUnreachable):
            await api.fetch_tasks([ASKED])
    assert (len(it.seen), slept) == (2, [0.5])


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("99999999", 3600.0)],
)
async def test_read_with_retry_after_is_not_retried(header: str, expected: float, slept: Slept) -> None:
    away = web.Response(status=503, headers={"Retry-After": header})
    async with relay(away) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
    assert (expected, 1, []) == (down.value.retry_after, len(it.seen), slept)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, SubmitOutcomeUnknown),
        (502, SubmitOutcomeUnknown),
        (504, SubmitOutcomeUnknown),
        (429, RelayBusy),
        (521, RelayUnreachable),
    ],
)
async def test_submit_is_never_sent_twice(status: int, expected: type[RelayError], slept: Slept) -> None:
    async with (
        relay(web.Response(status=status, text="<html>"), "01_submit_imagine_ok") as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(expected):
            await press_button(api)
    assert (len(it.seen), slept) == (1, [])


PAGE = "<!doctype html><html><title>one moment</title></html>"


@pytest.mark.parametrize("first", ["01_submit_imagine_ok", web.Response(status=400, text='{"code":4}')])
async def test_web_page_from_a_known_path_leaves_the_outcome_unknown(first: web.Response | str, slept: Slept) -> None:
    """A proxy may have forwarded the submit before it sent its page. Other paths stay unknown."""
    page = web.Response(text=PAGE)
    async with relay(first, page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(SubmitRefused):
            await press_button(api)
        with pytest.raises(SubmitOutcomeUnknown):
            await press_button(api)
        with pytest.raises(ActionUnsupported):
            await api.submit_change(ASKED, "UPSCALE", 2, state="s")


@pytest.mark.parametrize("first", [PAGE, '{"timestamp":1,"status":404,"error":"Not Found","path":"/mj/x"}', "busy"])
async def test_web_page_from_an_unknown_path_means_unsupported(first: str, slept: Slept) -> None:
    """new-api serves its web console for paths that it does not have."""
    status = 404 if first.startswith("{") else 200
    answers = web.Response(status=status, text=first), web.Response(text=PAGE)
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(RelayError):
            await press_button(api)
        with pytest.raises(ActionUnsupported):
            await press_button(api)


MISSING = web.Response(status=404, text='{"error":{"message":"Invalid URL (GET /mj/no-such-path)"}}')


@pytest.mark.parametrize("other", [MISSING, web.Response(text="<html>New API</html>"), web.Response(status=502)])
async def test_page_that_other_missing_paths_do_not_have_leaves_the_outcome_unknown(
    other: web.Response, slept: Slept
) -> None:
    """It is not the web console, which comes for every path that the relay lacks."""
    async with relay(web.Response(text=PAGE), other) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(SubmitOutcomeUnknown):
            await press_button(api)
    assert [(seen.method, seen.path) for seen in it.seen] == [
        ("POST", "/mj/submit/action"),
        ("GET", "/mj/no-such-path"),
    ]


async def test_page_that_comes_for_every_path_while_reads_fail_leaves_the_outcome_unknown(slept: Slept) -> None:
    """As a maintenance page does."""
    async with relay(web.Response(text=PAGE)) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
        it.admits = False
        with pytest.raises(SubmitOutcomeUnknown):
            await press_button(api)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (web.Response(status=404, text="<html><center>nginx</center></html>"), RelayUnreachable),
        (web.Response(status=404, text="404 page not found"), RelayUnreachable),
        (web.Response(status=405), RelayUnreachable),
        (web.Response(status=404, text='{"code":404,"message":"Application not found"}'), RelayUnreachable),
        (web.Response(status=302, headers={"Location": "/maintenance"}), SubmitRedirected),
    ],
)
@pytest.mark.parametrize("has_worked", [False, True])
async def test_proxys_answer_never_means_unsupported(
    answer: web.Response, expected: type[RelayError], slept: Slept, *, has_worked: bool
) -> None:
    """Whether the path has worked before or not; nothing else is sent."""
    answers = ("01_submit_imagine_ok", answer) if has_worked else (answer,)
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        if has_worked:
            await press_button(api)
        with pytest.raises(expected):
            await press_button(api)
    assert len(it.seen) == len(answers)


@pytest.mark.parametrize("target", ["https://new.example{path}", "//new.example{path}?a=b"])
async def test_redirected_reads_hold_submits_back(target: str, slept: Slept) -> None:
    """The check of the key names the new address, before anything is sent that costs."""
    path = "/mj/task/1000000000000000/fetch"
    moved = web.Response(status=301, headers={"Location": target.format(path=path)})
    async with relay(moved) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        it.admits = False
        with pytest.raises(RelayMoved) as raised:
            await press_button(api)
    assert raised.value.address.endswith("//new.example")
    assert [seen.path for seen in it.seen] == [path]


async def test_submit_that_waits_for_a_check_was_not_sent_if_its_process_stops() -> None:
    """The cancellation ends as a refusal, because after it the request would count as sent."""
    waiting = asyncio.Event()

    async def hang(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async with relay(web.Response(status=502)) as it, RelayClient.open(it.url, KEY, sleep=hang) as api:
        it.admits = False
        submit = asyncio.create_task(press_button(api))
        await waiting.wait()
        submit.cancel()
        with pytest.raises(RelayUnreachable):
            await submit
    assert {one.method for one in it.seen} == {"GET"}


async def test_cancel_is_learned_only_from_the_web_console(slept: Slept) -> None:
    console, page = web.Response(text="<html>New API</html>"), web.Response(text=PAGE)
    async with relay(console, console, *(page, MISSING) * 2) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(ActionUnsupported):
            await api.cancel_task(ASKED)
        with pytest.raises(RelayUnreachable):
            await api.cancel_task(ASKED)


UNKNOWN_TASK = web.Response(status=400, text='{"code":4,"description":"task_no_found "}')


@pytest.mark.parametrize(
    "page",
    [
        web.Response(status=404),
        web.Response(status=404, text='{"status":"error","code":404,"message":"Application not found"}'),
        web.Response(status=404, text='{"message":"no Route matched with those values"}'),
    ],
)
@pytest.mark.parametrize("said", [UNKNOWN_TASK, web.Response(status=204), web.Response(text="")])
async def test_proxys_404_does_not_mean_that_a_task_is_gone(
    said: web.Response, page: web.Response, slept: Slept
) -> None:
    """Of a relay that has said that of another task with another status. Otherwise the 404 may be its own."""
    async with relay(said, page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_task("5")
        with pytest.raises(RelayUnreachable):
            await api.fetch_task(ASKED)
    async with relay(page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_task(ASKED)


def _json(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text)


_SAYS_UNKNOWN = '{"code":4,"description":"task_no_found ","type":"upstream_error"}'


@pytest.mark.parametrize(
    "odd",
    [
        _json(""),
        _json("null"),
        _json("{}"),
        _json("[]"),
        web.Response(status=204),
        _json("", 404),
        _json(_SAYS_UNKNOWN, 500),
        _json('{"error":{"message":"task not found in replica, retry"}}', 503),
        _json("task not found", 502),
        _json('{"message":"task not found"}', 429),
        _json('{"message":"任务不存在"}', 403),
        _json('{"message":"task_not_found"}', 408),
    ],
)
async def test_odd_answer_does_not_mean_that_a_task_is_gone(odd: web.Response, slept: Slept) -> None:
    """Of a relay whose answer about the unused id is another."""
    async with (
        relay(odd) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        await api.check_key()
        with pytest.raises(RelayError) as error:
            await api.fetch_task(ASKED)
        assert not isinstance(error.value, TaskUnknown)


@pytest.mark.parametrize(
    "said", [_json(_SAYS_UNKNOWN, 500), _json(""), web.Response(status=204), _json('{"message":"x"}', 404)]
)
async def test_each_relay_may_have_its_own_way_to_say_that_a_task_is_gone(said: web.Response, slept: Slept) -> None:
    """The one with which it answers about the unused id."""
    async with relay(said) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        it.admits = False
        await api.check_key()
        with pytest.raises(TaskUnknown):
            await api.fetch_task(ASKED)


async def test_page_does_not_mean_that_a_known_log_is_missing(slept: Slept) -> None:
    log, page = web.Response(text='{"success":true,"data":[]}'), web.Response(text=PAGE)
    async with relay(page, log, page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(ActionUnsupported):
            await api.fetch_billing_log()
        await api.fetch_billing_log()
        with pytest.raises(RelayUnreachable):
            await api.fetch_billing_log()
