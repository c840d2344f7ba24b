"""What a redirect of a submit and of a read means."""

import pytest

from bot.errors import RelayError, RelayMoved, RelayUnreachable, SubmitOutcomeUnknown, SubmitRedirected
from bot.relay.responses.redirects import classify_read_redirect, classify_submit_redirect
from bot.relay.responses.relay_response import RelayResponse

BASE, PATH = "http://relay.example", "/mj/submit/action"


def redirect(status: int, location: str, *, base: str = BASE, path: str = PATH, secret: str = "") -> RelayResponse:
    return RelayResponse(status, "", base_url=base, path=path, location=location, secret=secret)


def classify(response: RelayResponse) -> RelayError:
    return classify_submit_redirect(response, claims_success=False)


@pytest.mark.parametrize("status", [301, 307, 308])
@pytest.mark.parametrize(
    ("location", "base", "address"),
    [
        ("https://relay.example/mj/submit/action", BASE, "https://relay.example"),
        ("https://relay.example:443/mj/submit/action", BASE, "https://relay.example"),
        ("https://new.example:8443/mj/submit/action?x=1#y", BASE, "https://new.example:8443"),
        ("//new.example/mj/submit/action", BASE, "http://new.example"),
        ("http://user:word@NEW.example/mj/submit/action", BASE, "http://new.example"),
        ("http://[2001:db8::1]:8080/mj/submit/action", BASE, "http://[2001:db8::1]:8080"),
        ("https://b.example/sub/mj/submit/action", "https://a.example/sub", "https://b.example/sub"),
        ("/mj/submit/action", "https://a.example/old", "https://a.example"),
    ],
)
def test_redirect_to_the_same_path_elsewhere_names_the_new_address(
    status: int, location: str, base: str, address: str
) -> None:
    """The submit was not processed: it is neither unknown nor billed."""
    error = classify(redirect(status, location, base=base))
    assert isinstance(error, RelayMoved)
    assert error.address == address
    moved = classify_read_redirect(redirect(status, location, base=base))
    assert (type(moved), getattr(moved, "address", "")) == (RelayMoved, address)


ELSEWHERE = [
    "",
    "/",
    "/login?next=/mj/submit/action",
    "https://status.example/maintenance",
    "https://relay.example/maintenance/mj/submit/action",
    "/mj/submit/action/",
    "http://relay.example/mj/submit/action",
    "/mj/submit/action?retry=1",
    "mailto:ops@relay.example",
    "ftp://relay.example/mj/submit/action",
    "http://[",
    "http://relay.example:port/mj/submit/action",
    "https://new.example/mj/submit/action\x00",
    f"https://{'n' * 200}.example/mj/submit/action",
]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ELSEWHERE)
def test_redirect_to_another_page_leaves_the_outcome_unknown(status: int, location: str) -> None:
    """Also one without a usable address, and one to itself, as challenge pages send."""
    error = classify(redirect(status, location))
    assert isinstance(error, SubmitRedirected)
    assert not error.processed
    assert type(classify_read_redirect(redirect(status, location))) is RelayUnreachable


@pytest.mark.parametrize("location", ["https://relay.example/mj/submit/action", "/mj/task/5", ""])
def test_a_302_is_unknown_wherever_it_leads_and_a_303_was_processed(location: str) -> None:
    found, see_other = classify(redirect(302, location)), classify(redirect(303, location))
    assert isinstance(found, SubmitRedirected)
    assert isinstance(see_other, SubmitRedirected)
    assert (found.processed, see_other.processed) == (False, True)


@pytest.mark.parametrize("status", [300, 304, 305, 306, 310, 399])
def test_other_redirects_are_unknown_without_a_guess(status: int) -> None:
    assert type(classify(redirect(status, "https://relay.example/mj/submit/action"))) is SubmitOutcomeUnknown


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_body_that_accepts_the_submit_outweighs_the_status(status: int) -> None:
    """Never released as not charged."""
    response = redirect(status, "https://relay.example/mj/submit/action")
    error = classify_submit_redirect(response, claims_success=True)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert error.accepted


def test_the_reason_names_the_target_without_secrets() -> None:
    """For the log and the check."""
    error = classify(redirect(302, "https://u:p@login.example/in?token=abc"))
    assert error.reason == "HTTP 302 to https://login.example/in"
    assert classify(redirect(302, "https://x.example/key-1", secret="key-1")).reason == "HTTP 302"
