"""What a check finds, and what it says to do."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown, RelayError, RelayUnreachable
from bot.midjourney.capabilities import BUTTONS_CAPABILITY, CANCEL_CAPABILITY, NO_ACCOUNT, NO_CHANNEL, SEED_CAPABILITY
from bot.ops.diagnostics import (
    check_database,
    check_disk,
    check_public_bot,
    check_relay,
    check_token_format,
    report_refused_buttons,
    report_relay_shortages,
    report_settings_mistakes,
    reset_refusals,
)
from bot.ops.dotenv_lint import SettingsMistake
from bot.ops.platform_disk import EphemeralDisk
from tests.fakes.store import FakeStore

URL = "https://relay.example"


class Tried:
    """A harmless fetch that ends so."""

    def __init__(self, error: RelayError | None = None) -> None:
        self.error = error

    async def __call__(self) -> None:
        """Try it."""
        if self.error is not None:
            raise self.error


async def test_a_good_key_is_said() -> None:
    """A fetch that works says that the key was accepted, and where."""
    found = await check_relay(Tried(), URL)
    assert str(found) == f"ok    API key: accepted by {URL}."


@pytest.mark.parametrize(
    ("error", "name", "advice"),
    [
        (KeyRefused("wrong"), "API key", "MJ_API_KEY"),
        (KeyUnknown("Invalid token"), "API key", "Copy MJ_API_KEY again"),
        (KeyExpired(), "API key", "Renew the key"),
        (KeyLimited("no access"), "API key", "Remove the model limits"),
        (BalanceExhausted(), "API key", "Top it up"),
        (RelayUnreachable("HTTP 502"), "Relay", "MJ_API_URL"),
    ],
)
async def test_what_is_wrong_comes_with_what_to_do(error: RelayError, name: str, advice: str) -> None:
    """Each failure names what failed and the next step."""
    found = await check_relay(Tried(error), URL)
    assert not found.is_ok
    assert found.name == name
    assert advice in found.advice
    assert str(found).startswith(f"FAIL  {name}: ")
    assert str(found).endswith(found.advice)


async def test_the_database_is_tried() -> None:
    """A store that answers is good, one that does not comes with advice."""
    store = FakeStore(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert (await check_database(store)).is_ok
    full = await check_database(store, "the database cannot be written")
    assert (full.is_ok, full.message) == (False, "answers, but the database cannot be written.")

    store.down = True
    found = await check_database(store)
    assert (found.name, found.is_ok) == ("Database", False)
    assert "DATABASE_URL" in found.advice


@pytest.mark.parametrize(
    ("public", "guilds", "people", "warned"),
    [(True, False, False, True), (False, False, False, False), (True, True, False, False), (True, False, True, False)],
)
def test_a_bot_that_strangers_may_add_is_warned_of(*, public: bool, guilds: bool, people: bool, warned: bool) -> None:
    """It fails no check; what a stranger could do is said, and how to close it."""
    found = check_public_bot(public=public, guilds=guilds, people=people)
    assert warned == bool(found)
    for one in found:
        assert one.is_ok
        assert str(one).startswith("WARN  Public Bot: anybody with the invite link")
        assert "Switch Public Bot off" in str(one)


async def test_what_the_relay_refuses_is_told_and_forgotten() -> None:
    """It fails no check; what goes another way is told apart, and all of it may be tried again."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert "none that was pressed" in (await report_refused_buttons(store, now)).message
    for what in ("mj::bookmark", "mj::job::animate_low", CANCEL_CAPABILITY, BUTTONS_CAPABILITY):
        await store.save_missing_capability(what, "unknown_action", at=now, until=now.replace(year=2027))
    found = await report_refused_buttons(store, now)
    assert found.is_ok
    assert "greyed: Favorite (it doesn't know this action)." in found.message
    assert "another way: Animate (Low motion), Cancel (it only stops watching), all buttons (the relay" in found.message
    assert "python -m bot check --forget" in found.message
    assert "4 forgotten" in (await reset_refusals(store)).message
    assert await store.find_missing_capabilities(now) == {}
    assert "none to forget" in (await reset_refusals(store)).message
    store.down = True
    assert (await report_refused_buttons(store, now)).is_ok


async def test_seeds_that_the_relay_does_not_tell_are_told_of() -> None:
    """By the command's name, with the reason where there is one in words; and forgotten like a button."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.save_missing_capability(SEED_CAPABILITY, "empty_response_body", at=now, until=now.replace(year=2027))
    said = (await report_refused_buttons(store, now)).message
    assert said.startswith("As this relay tells no seeds, /seed is refused at once (the relay's upstream sent")
    assert "greyed" not in said
    await store.save_missing_capability(SEED_CAPABILITY, "HTTP 200", at=now, until=now.replace(year=2027))
    assert "refused at once (not offered). " in (await report_refused_buttons(store, now)).message
    assert "1 forgotten" in (await reset_refusals(store)).message
    assert "none that was pressed" in (await report_refused_buttons(store, now)).message


@pytest.mark.parametrize("reason", ["HTTP 200", "HTTP 301", "HTTP 404", "Not Found", "Invalid URL (POST /mj/submit/x)"])
async def test_a_button_that_is_not_offered_is_quoted_with_no_status(reason: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.save_missing_capability("mj::bookmark", reason, at=now, until=now.replace(year=2027))
    assert "greyed: Favorite (not offered). " in (await report_refused_buttons(store, now)).message


async def test_the_last_time_without_an_account_or_a_channel_is_told() -> None:
    """For an hour, with its time; it fails no check."""
    now = datetime(2026, 1, 1, 14, 3, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert await report_relay_shortages(store, now) == []
    hour = timedelta(hours=1)
    await store.save_missing_capability(NO_ACCOUNT, "无可用的账号实例", at=now, until=now + hour)
    await store.save_missing_capability(NO_CHANNEL, "当前分组 g 下对于模型 mj_pan 无可用渠道", at=now, until=now + hour)
    accounts, channels = await report_relay_shortages(store, now)
    assert accounts.is_ok
    assert accounts.message.startswith("the relay last said at 14:03 UTC that no Midjourney account was free. If")
    assert (
        "14:03 UTC that no channel could take a request (the key's group has no channel for mj_pan)."
        in channels.message
    )
    assert "none that was pressed" in (await report_refused_buttons(store, now)).message
    assert await report_relay_shortages(store, now + hour) == []
    store.down = True
    assert await report_relay_shortages(store, now) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("HTTP 200", "(a web page, or nothing, in place of an answer)"),
        ("HTTP 301", "(a web page, or nothing, in place of an answer)"),
        ("HTTP 502", "(HTTP 502)"),
        ("", "(RelayUnreachable)"),
    ],
)
async def test_a_page_in_place_of_an_answer_is_called_so(reason: str, said: str) -> None:
    """A success is no reason; an error's status is."""
    assert said in (await check_relay(Tried(RelayUnreachable(reason)), URL)).message


def test_a_disk_that_is_emptied_is_found() -> None:
    """A platform's disk that does not last fails the check, with what to add there; a lasting one is not spoken of."""
    [found] = check_disk(EphemeralDisk("Heroku"))
    assert str(found).startswith("FAIL  Disk: Heroku empties the disk")
    assert str(found).endswith(EphemeralDisk("Heroku").remedy)
    assert check_disk(None) == []


async def test_a_host_that_nobody_finds_is_said() -> None:
    """By a machine without internet too, so both are asked."""
    found = await check_relay(Tried(RelayUnreachable("cannot connect", no_host=True)), URL)
    said = "this machine finds no host relay.example. Has it internet? If it has, is MJ_API_URL right?"
    assert str(found) == f"FAIL  Relay: {said}"


@pytest.mark.parametrize("token", ["abc", "a.b.c", "MTE4NzAwMDAwMDAwMDAwMDAwMQ", "0123456789abcdef" * 4])
def test_what_is_no_token_is_told_without_asking(token: str) -> None:
    """A public key, a client secret, an id or half a token; and never shown."""
    [found] = check_token_format(token)
    assert not found.is_ok
    assert "page Bot, Reset Token" in found.advice
    assert f" {token} " not in str(found)


def test_what_may_be_a_token_is_left_to_discord() -> None:
    """Three parts with dots between."""
    assert [] == check_token_format(f"MTE4NzAwMDAwMDAwMDAwMDAwMQ.GabC-_.{'x' * 38}")


def test_a_slip_is_warned_of() -> None:
    """It fails no check."""
    [found] = report_settings_mistakes([SettingsMistake("DATABSE_URL", "is ignored.", "Is DATABASE_URL meant?")])
    assert (found.is_ok, str(found)) == (True, "WARN  DATABSE_URL: is ignored. Is DATABASE_URL meant?")
