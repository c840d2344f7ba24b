"""The findings of a check, and their advice."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import (
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    RelayError,
    RelayMoved,
    RelayUnreachable,
)
from bot.midjourney.capabilities import BUTTONS_CAPABILITY, CANCEL_CAPABILITY, NO_ACCOUNT, NO_CHANNEL, SEED_CAPABILITY
from bot.ops.diagnostics import (
    check_clock,
    check_database,
    check_disk,
    check_port,
    check_public_bot,
    check_relay,
    check_shards,
    check_token_format,
    explain_certificate_date,
    report_refused_buttons,
    report_relay_shortages,
    report_settings_mistakes,
    reset_refusals,
)
from bot.ops.dotenv_lint import SettingsMistake
from bot.ops.platform_disk import EphemeralDisk, NetworkDisk
from tests.fakes.store import FakeStore

URL = "https://relay.example"


class Tried:
    """A free request that succeeds, or raises `error`."""

    def __init__(self, error: RelayError | None = None) -> None:
        self.error = error

    async def __call__(self) -> None:
        if self.error is not None:
            raise self.error


async def test_an_accepted_key_passes() -> None:
    """The finding names the relay."""
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
        (RelayMoved("HTTP 301", address="https://new.example"), "Relay", "Set MJ_API_URL to https://new.example."),
    ],
)
async def test_each_failure_has_advice(error: RelayError, name: str, advice: str) -> None:
    """It names what failed, and the next step."""
    found = await check_relay(Tried(error), URL)
    assert not found.is_ok
    assert found.name == name
    assert advice in found.advice
    assert str(found).startswith(f"FAIL  {name}: ")
    assert str(found).endswith(found.advice)


async def test_an_unusable_database_fails() -> None:
    """Whether it cannot be written, or not even be read."""
    store = FakeStore(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert (await check_database(store)).is_ok
    full = await check_database(store, "the database cannot be written")
    assert (full.is_ok, full.message) == (False, "responds, but the database cannot be written.")

    store.down = True
    found = await check_database(store)
    assert (found.name, found.is_ok) == ("Database", False)
    assert "DATABASE_URL" in found.advice


@pytest.mark.parametrize(
    ("public", "guilds", "people", "warned"),
    [(True, False, False, True), (False, False, False, False), (True, True, False, False), (True, False, True, False)],
)
def test_a_public_bot_without_allowed_guilds_is_a_warning(
    *, public: bool, guilds: bool, people: bool, warned: bool
) -> None:
    """It says what a stranger could do, and how to prevent it."""
    found = check_public_bot(public=public, guilds=guilds, people=people)
    assert warned == bool(found)
    for one in found:
        assert one.is_ok
        assert str(one).startswith("WARN  Public Bot: anyone with the invite link")
        assert "Turn Public Bot off" in str(one)


async def test_refused_buttons_are_listed_and_can_be_reset() -> None:
    """They fail no check, and those with a fallback are listed separately."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert "has refused none recently" in (await report_refused_buttons(store, now)).message
    for what in ("mj::bookmark", "mj::job::animate_low", CANCEL_CAPABILITY, BUTTONS_CAPABILITY):
        await store.save_missing_capability(what, "unknown_action", at=now, until=now.replace(year=2027))
    found = await report_refused_buttons(store, now)
    assert found.is_ok
    assert "disabled: Favorite (it doesn't know this action)." in found.message
    assert (
        "another request: Animate (Low motion), Cancel (it only stops watching), all buttons (the relay"
        in found.message
    )
    assert "python -m bot check --forget" in found.message
    assert "4 cleared" in (await reset_refusals(store)).message
    assert await store.find_missing_capabilities(now) == {}
    assert "none to clear" in (await reset_refusals(store)).message
    store.down = True
    assert (await report_refused_buttons(store, now)).is_ok


async def test_a_relay_without_seeds_is_listed() -> None:
    """With the reason, if the relay gave one in words; it can be reset like a button."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.save_missing_capability(SEED_CAPABILITY, "empty_response_body", at=now, until=now.replace(year=2027))
    said = (await report_refused_buttons(store, now)).message
    assert said.startswith("This relay gives no seeds, so /seed is refused (the relay's upstream sent")
    assert "disabled" not in said
    await store.save_missing_capability(SEED_CAPABILITY, "HTTP 200", at=now, until=now.replace(year=2027))
    assert "/seed is refused (not offered). " in (await report_refused_buttons(store, now)).message
    assert "1 cleared" in (await reset_refusals(store)).message
    assert "has refused none recently" in (await report_refused_buttons(store, now)).message


@pytest.mark.parametrize("reason", ["HTTP 200", "HTTP 301", "HTTP 404", "Not Found", "Invalid URL (POST /mj/submit/x)"])
async def test_a_refusal_without_words_is_shown_as_not_offered(reason: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = FakeStore(lambda: now)
    await store.save_missing_capability("mj::bookmark", reason, at=now, until=now.replace(year=2027))
    assert "disabled: Favorite (not offered). " in (await report_refused_buttons(store, now)).message


async def test_recent_shortages_of_accounts_and_channels_are_listed() -> None:
    """For an hour, with the time; they fail no check."""
    now = datetime(2026, 1, 1, 14, 3, tzinfo=UTC)
    store = FakeStore(lambda: now)
    assert await report_relay_shortages(store, now) == []
    hour = timedelta(hours=1)
    await store.save_missing_capability(NO_ACCOUNT, "无可用的账号实例", at=now, until=now + hour)
    await store.save_missing_capability(NO_CHANNEL, "当前分组 g 下对于模型 mj_pan 无可用渠道", at=now, until=now + hour)
    accounts, channels = await report_relay_shortages(store, now)
    assert accounts.is_ok
    assert accounts.message == "the relay last said at 14:03 UTC that no Midjourney account was free."
    assert accounts.advice == "If this continues, check the relay's accounts."
    assert (
        "14:03 UTC that no channel could take a request (the key's group has no channel for mj_pan)."
        in channels.message
    )
    assert "has refused none recently" in (await report_refused_buttons(store, now)).message
    assert await report_relay_shortages(store, now + hour) == []
    store.down = True
    assert await report_relay_shortages(store, now) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("HTTP 200", "(a web page or an empty response)"),
        ("HTTP 301", "(a web page or an empty response)"),
        ("HTTP 502", "(HTTP 502)"),
        ("HTTP 302 to https://login.example/in", "(HTTP 302 to https://login.example/in)"),
        ("", "(RelayUnreachable)"),
    ],
)
async def test_a_web_page_is_named_as_such(reason: str, said: str) -> None:
    """The HTTP status is shown only for errors."""
    assert said in (await check_relay(Tried(RelayUnreachable(reason)), URL)).message


def test_an_ephemeral_disk_fails() -> None:
    """With the platform's remedy; a permanent disk has no finding."""
    [found] = check_disk(EphemeralDisk("Heroku"))
    assert str(found).startswith("FAIL  Disk: Heroku empties the disk")
    assert str(found).endswith(EphemeralDisk("Heroku").remedy)
    assert check_disk(None) == []
    [found] = check_disk(NetworkDisk("nfs4"))
    assert str(found).startswith("WARN  Disk: the database's file is on a network share (nfs4)")


async def test_a_host_unknown_to_dns_fails() -> None:
    """The machine may also be offline, so the advice names both."""
    found = await check_relay(Tried(RelayUnreachable("cannot connect", no_host=True)), URL)
    said = "this machine can't find the host relay.example. Check its internet connection, then MJ_API_URL."
    assert str(found) == f"FAIL  Relay: {said}"


async def test_a_proxy_that_refuses_the_relay_fails() -> None:
    """The sentence is about the proxy, and not about MJ_API_URL."""
    problem, advice = "The proxy p.test:3128 refused to connect to relay.example:443 (HTTP 403).", "Allow that host."
    error = RelayUnreachable(problem, proxy_problem=problem, proxy_advice=advice)
    assert str(await check_relay(Tried(error), URL)) == f"FAIL  Relay: {problem} {advice}"


@pytest.mark.parametrize("token", ["abc", "a.b.c", "MTE4NzAwMDAwMDAwMDAwMDAwMQ", "0123456789abcdef" * 4])
def test_a_malformed_token_fails_and_is_not_shown(token: str) -> None:
    """It may be a public key, a client secret, an id or half a token."""
    [found] = check_token_format(token)
    assert not found.is_ok
    assert "page Bot, Reset Token" in found.advice
    assert f" {token} " not in str(found)


def test_a_well_formed_token_passes() -> None:
    """Only Discord can say whether it is accepted."""
    assert [] == check_token_format(f"MTE4NzAwMDAwMDAwMDAwMDAwMQ.GabC-_.{'x' * 38}")


def test_a_settings_mistake_is_a_warning() -> None:
    """It does not fail the check."""
    [found] = report_settings_mistakes([SettingsMistake("DATABSE_URL", "is ignored.", "Did you mean DATABASE_URL?")])
    assert (found.is_ok, str(found)) == (True, "WARN  DATABSE_URL: is ignored. Did you mean DATABASE_URL?")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (timedelta(minutes=20), "this machine's clock is 20 min fast, compared with Discord's."),
        (timedelta(minutes=-20), "this machine's clock is 20 min slow, compared with Discord's."),
        (timedelta(seconds=45), "this machine's clock is 45 s fast, compared with Discord's."),
        (timedelta(hours=-1.5), "this machine's clock is 90 min slow, compared with Discord's."),
        (timedelta(hours=7), "this machine's clock is 7 h fast, compared with Discord's."),
        (timedelta(days=365), "this machine's clock is 365 days fast, compared with Discord's."),
        (timedelta(days=-20_000), "this machine's clock is 20000 days slow, compared with Discord's."),
    ],
)
def test_a_wrong_clock_is_reported_with_the_next_step(error: timedelta, said: str) -> None:
    [found] = check_clock(error)
    assert (found.is_ok, found.name, found.message) == (False, "Clock", said)
    assert "timedatectl set-ntp true" in found.advice


def test_the_clock_may_be_compared_with_the_relays() -> None:
    [found] = check_clock(timedelta(minutes=20), "the relay")
    assert found.message.endswith("compared with the relay's.")


@pytest.mark.parametrize("error", [None, timedelta(0), timedelta(seconds=29), timedelta(seconds=-29)])
def test_a_clock_that_is_right_or_unknown_is_not_reported(error: timedelta | None) -> None:
    assert check_clock(error) == []


def refused_certificate(code: int) -> ssl.SSLCertVerificationError:
    """Return the error of a certificate that OpenSSL refuses with a code."""
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize("code", [9, 10])
def test_a_certificate_that_is_not_valid_now_is_blamed_on_the_time(code: int) -> None:
    """As aiohttp raises it, and as it is."""
    now = datetime(2027, 11, 28, 12, 0, tzinfo=UTC)
    cause = refused_certificate(code)
    wrapped = OSError("cannot connect")
    wrapped.certificate_error = cause  # type: ignore[attr-defined]
    for error in (cause, wrapped):
        said = explain_certificate_date(error, now)
        assert said == "its certificate isn't valid at this machine's time, 2027-11-28 12:00 UTC"


@pytest.mark.parametrize("error", [refused_certificate(18), OSError("away"), ssl.SSLError("bad"), TimeoutError()])
def test_other_errors_are_not_blamed_on_the_time(error: Exception) -> None:
    assert explain_certificate_date(error, datetime(2027, 1, 1, tzinfo=UTC)) == ""


def test_a_port_that_cannot_be_served_has_advice() -> None:
    [found] = check_port(8080, "is taken by another program")
    assert str(found).startswith("FAIL  PORT: 8080 is taken by another program. Set PORT to a free port")
    assert check_port(8080, "") == []


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("is taken by another program", "FAIL  PORT: 8080 is taken by another program. Set PORT to a free port"),
        (
            "cannot be opened, because LISTEN_HOST is not an address of this machine",
            "FAIL  LISTEN_HOST: port 8080 cannot be opened, because it is not an address of this machine. Leave",
        ),
        ("cannot be opened, because LISTEN_HOST is not an address", "FAIL  LISTEN_HOST: port 8080 cannot be opened"),
    ],
)
def test_the_setting_to_blame_for_a_port_is_named(problem: str, said: str) -> None:
    [finding] = check_port(8080, problem)
    assert str(finding).startswith(said)


@pytest.mark.parametrize(
    ("count", "ids", "said"),
    [
        (4, {1}, "only shard 1 of SHARD_COUNT=4, and not shards 0, 2, 3. Servers: Art belongs to shard 2."),
        (2, {0}, "only shard 0 of SHARD_COUNT=2, and not shard 1. Servers: Art belongs to shard 0."),
        (3, {0, 2}, "only shards 0, 2 of SHARD_COUNT=3, and not shard 1. Servers: Art belongs to shard"),
    ],
)
def test_shards_that_are_served_elsewhere_are_named(count: int, ids: set[int], said: str) -> None:
    [finding] = check_shards(count, ids, {(6 << 22) + 5: "Art"})
    assert str(finding).startswith(f"WARN  Shards: this process serves {said}")


@pytest.mark.parametrize(("count", "ids"), [(None, set()), (4, set()), (2, {0, 1})])
def test_a_process_with_all_shards_is_no_warning(count: int | None, ids: set[int]) -> None:
    assert check_shards(count, ids, {}) == []
