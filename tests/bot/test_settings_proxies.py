"""The proxies of the settings: every spelling that works elsewhere, and one sentence for those that cannot."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment with the two required variables only, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in (*(name.upper() for name in Settings.model_fields), *map(str.lower, NAMES)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")
    monkeypatch.setenv("MJ_API_KEY", "sk-1")
    return tmp_path


def read(name: str = "https_proxy") -> str:
    """Return a proxy's address as it is used."""
    secret = getattr(Settings.read(), name)
    return str(secret.get_secret_value())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy.test:3128", "http://proxy.test:3128"),
        (" 'HTTP://Proxy.Test:3128/' ", "http://proxy.test:3128"),
        ("proxy_1.test:3128", "http://proxy_1.test:3128"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("https://proxy.test", "https://proxy.test:443"),
        ("http://[2001:db8::7]:3128", "http://[2001:db8::7]:3128"),
        ("user:pass@proxy.test:3128", "http://user:pass@proxy.test:3128"),
        ("http://DOMAIN%5Cuser:p%40ss@proxy.test:3128", "http://DOMAIN%5Cuser:p%40ss@proxy.test:3128"),
        ("http://user:p@ss@proxy.test:3128", "http://user:p%40ss@proxy.test:3128"),
    ],
)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxies_are_read_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    assert read(name.lower()) == expected


def test_the_lower_spelling_counts_and_the_file_is_read_last(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    """As with curl; `.env` may name a proxy too."""
    (bare / ".env").write_text("HTTPS_PROXY=file.test:1\nHTTP_PROXY=file.test:2\n")
    monkeypatch.setenv("https_proxy", "low.test:1")
    monkeypatch.setenv("HTTPS_PROXY", "high.test:1")
    assert (read(), read("http_proxy")) == ("http://low.test:1", "http://file.test:2")
    monkeypatch.delenv("https_proxy")
    assert read() == "http://high.test:1"


@pytest.mark.parametrize(
    "value", ["socks5://127.0.0.1:1080", "SOCKS5H://u:secret@p.test", "socks://p.test", "socks4a://p:1"]
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_socks_proxy_gets_its_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """It is not ignored, because its operator wants no direct connection."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    ((variable, problem),) = refused.value.problems
    assert variable == name.upper()
    assert problem.startswith("is a SOCKS proxy, which the bot can't use. Set HTTPS_PROXY and HTTP_PROXY to")
    assert "secret" not in str(refused.value)


def test_a_socks_proxy_for_everything_else_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that Clash offers to copy sets all three."""
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:7890")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:7890")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:7890")
    assert read("all_proxy") == ""


@pytest.mark.parametrize("everything", ["*", "'*'", ' "*" ', "\uff0a"])
def test_no_proxy_at_all_can_be_told(monkeypatch: pytest.MonkeyPatch, everything: str) -> None:
    """Whatever the others are."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://")
    monkeypatch.setenv("no_proxy", everything)
    assert (read(), read("all_proxy")) == ("", "")


@pytest.mark.parametrize(
    "value",
    [
        *("http://", "http://:3128", "ftp://proxy.test", "http://proxy.test:port", "http://proxy.test:99999"),
        *("http://wpad.test/wpad.dat", "http://user:se/cret@proxy.test:1", "http://user:12#cret@proxy.test:1"),
        *("ftp://proxy.test:1", "ws://proxy.test:1", "http://proxy.test:0", "proxy.test:0", "http://..:1"),
        *("DIRECT; proxy.test", "http://proxy.test:3128 secret", "http://[::1:3128", "http://user:12?x@p.test"),
    ],
)
def test_a_malformed_proxy_gets_one_sentence(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Without the value, which may hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    ((variable, problem),) = refused.value.problems
    assert variable == "HTTPS_PROXY"
    assert problem.startswith("is not the address of a proxy, such as http://user:password@proxy.example:3128.")
    assert not [part for part in ("cret", "wpad", "99999") if part in str(refused.value)]


@pytest.mark.parametrize("value", ["maybe", "2", "fake"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ALLOW_FAKE_IP_DNS", value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert refused.value.problems == (("ALLOW_FAKE_IP_DNS", "must be one of: true, false"),)
