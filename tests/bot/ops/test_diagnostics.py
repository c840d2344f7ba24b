"""What a check finds, and what it says to do."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BalanceExhausted, KeyExpired, KeyLimited, KeyRefused, KeyUnknown, RelayError, RelayUnreachable
from bot.midjourney.buttons import BUTTONS, CANCEL, SEED
from bot.midjourney.capabilities import NO_ACCOUNT, NO_CHANNEL
from bot.ops.diagnostics import (
    buttons_finding,
    disk_findings,
    forgotten_finding,
    public_findings,
    relay_finding,
    shortage_findings,
    slip_findings,
    store_finding,
    token_findings,
)
from bot.ops.dotenv_lint import Slip
from bot.ops.platform_disk import WipedDisk
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
    found = await relay_finding(Tried(), URL)
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
    found = await relay_finding(Tried(error), URL)
    assert not found.good
    assert found.name == name
    assert advice in found.advice
    assert str(found).startswith(f"FAIL  {name}: ")
    assert str(found).endswith(found.advice)


async def test_the_database_is_tried() -> None:
    """A store that answers is good, one that does not comes with advice."""
    store = FakeStore(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert (await store_finding(store)).good
    full = await store_finding(store, "the database cannot be written")
    assert (full.good, full.said) == (False, "answers, but the database cannot be written.")

    store.down = True
    found = await store_finding(store)
    assert (found.name, found.good) == ("Database", False)
    assert "DATABASE_URL" in found.advice


@pytest.mark.parametrize(
    ("public", "guilds", "people", "warned"),
    [(True, False, False, True), (False, False, False, False), (True, True, False, False), (True, False, True, False)],
)
def test_a_bot_that_strangers_may_add_is_warned_of(*, public: bool, guilds: bool, people: bool, warned: bool) -> None:
    """It fails no check; what a stranger could do is said, and how to close it."""
    found = public_findings(public=public, guilds=guilds, people=people)
    assert warned == bool(found)
    for one in found:
        assert one.good
        assert str(one).startswith("WARN  Public Bot: anybody with the invite link")
        assert "Switch Public Bot off" in str(one)


async def test_what_the_relay_refuses_is_told_and_forgotten() -> None:
    """It fails no check; what goes another way is told apart, and all of it may be tried again."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert "none that was pressed" in (await buttons_finding(store, now)).said
    for what in ("mj::bookmark", "mj::job::animate_low", CANCEL, BUTTONS):
        await store.refuse(what, "unknown_action", at=now, until=now.replace(year=2027))
    found = await buttons_finding(store, now)
    assert found.good
    assert "greyed: Favorite (it does not know this action)." in found.said
    assert "another way: Animate (Low motion), Cancel (it only stops watching), all buttons (the relay" in found.said
    assert "python -m bot check --forget" in found.said
    assert "4 forgotten" in (await forgotten_finding(store)).said
    assert await store.refusals(now) == {}
    assert "none to forget" in (await forgotten_finding(store)).said
    store.down = True
    assert (await buttons_finding(store, now)).good


async def test_seeds_that_the_relay_does_not_tell_are_told_of() -> None:
    """By the command's name, with the reason where there is one in words; and forgotten like a button."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.refuse(SEED, "empty_response_body", at=now, until=now.replace(year=2027))
    said = (await buttons_finding(store, now)).said
    assert said.startswith("As this relay tells no seeds, /seed is refused at once (what is behind the relay answered")
    assert "greyed" not in said
    await store.refuse(SEED, "HTTP 200", at=now, until=now.replace(year=2027))
    assert "refused at once (not offered). " in (await buttons_finding(store, now)).said
    assert "1 forgotten" in (await forgotten_finding(store)).said
    assert "none that was pressed" in (await buttons_finding(store, now)).said


@pytest.mark.parametrize("reason", ["HTTP 200", "HTTP 301", "HTTP 404", "Not Found", "Invalid URL (POST /mj/submit/x)"])
async def test_a_button_that_is_not_offered_is_quoted_with_no_status(reason: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.refuse("mj::bookmark", reason, at=now, until=now.replace(year=2027))
    assert "greyed: Favorite (not offered). " in (await buttons_finding(store, now)).said


async def test_the_last_time_without_an_account_or_a_channel_is_told() -> None:
    """For an hour, with its time; it fails no check."""
    now = datetime(2026, 1, 1, 14, 3, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert await shortage_findings(store, now) == []
    hour = timedelta(hours=1)
    await store.refuse(NO_ACCOUNT, "无可用的账号实例", at=now, until=now + hour)
    await store.refuse(NO_CHANNEL, "当前分组 g 下对于模型 mj_pan 无可用渠道", at=now, until=now + hour)
    accounts, channels = await shortage_findings(store, now)
    assert accounts.good
    assert accounts.said.startswith("the relay last said at 14:03 UTC that no Midjourney account was free. If")
    assert (
        "14:03 UTC that no channel could take a request (the key's group has no channel for mj_pan)." in channels.said
    )
    assert "none that was pressed" in (await buttons_finding(store, now)).said
    assert await shortage_findings(store, now + hour) == []
    store.down = True
    assert await shortage_findings(store, now) == []


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
    assert said in (await relay_finding(Tried(RelayUnreachable(reason)), URL)).said


def test_a_disk_that_is_emptied_is_found() -> None:
    """A platform's disk that does not last fails the check, with what to add there; a lasting one is not spoken of."""
    [found] = disk_findings(WipedDisk("Heroku"))
    assert str(found).startswith("FAIL  Disk: Heroku empties the disk")
    assert str(found).endswith(WipedDisk("Heroku").remedy)
    assert disk_findings(None) == []


async def test_a_host_that_nobody_finds_is_said() -> None:
    """By a machine without internet too, so both are asked."""
    found = await relay_finding(Tried(RelayUnreachable("cannot connect", no_host=True)), URL)
    said = "this machine finds no host relay.example. Has it internet? If it has, is MJ_API_URL right?"
    assert str(found) == f"FAIL  Relay: {said}"


@pytest.mark.parametrize("token", ["abc", "a.b.c", "MTE4NzAwMDAwMDAwMDAwMDAwMQ", "0123456789abcdef" * 4])
def test_what_is_no_token_is_told_without_asking(token: str) -> None:
    """A public key, a client secret, an id or half a token; and never shown."""
    [found] = token_findings(token)
    assert not found.good
    assert "page Bot, Reset Token" in found.advice
    assert f" {token} " not in str(found)


def test_what_may_be_a_token_is_left_to_discord() -> None:
    """Three parts with dots between."""
    assert [] == token_findings(f"MTE4NzAwMDAwMDAwMDAwMDAwMQ.GabC-_.{'x' * 38}")


def test_a_slip_is_warned_of() -> None:
    """It fails no check."""
    [found] = slip_findings([Slip("DATABSE_URL", "is ignored.", "Is DATABASE_URL meant?")])
    assert (found.good, str(found)) == (True, "WARN  DATABSE_URL: is ignored. Is DATABASE_URL meant?")
