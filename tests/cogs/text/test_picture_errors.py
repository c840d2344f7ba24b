"""Why a host does not send a picture, in one sentence: behind a proxy it is not blamed for what the proxy did."""

import pytest

from bot.errors import PictureForbidden, PictureUnavailable
from bot.scene import FileRefusal, MissingPermission
from cogs.text.picture_errors import (
    describe_file_refusal,
    describe_missing_permission,
    describe_picture_error,
    describe_picture_refusal,
)
from tests.fakes.catalog import find_untranslated


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, "The proxy in my own network didn't let me get the picture."),
        (403, "The picture's host, or the proxy in my own network, refused to send it to me (HTTP 403)."),
        (429, "The picture's host, or the proxy in my own network, refused to send it to me (HTTP 429)."),
        (503, "The picture's host, or the proxy in my own network, can't send it right now (HTTP 503)."),
    ],
)
def test_a_proxy_is_named_where_it_may_have_answered(status: int, said: str) -> None:
    error = PictureUnavailable("http://cdn.example/a.png", status=status, through_proxy=True)
    assert describe_picture_refusal(error) == said
    assert describe_picture_error(error).startswith(said)


def test_a_refused_address_leads_to_the_check() -> None:
    """Its report has the host, the address and the setting."""
    assert "`/mjcheck` tells the operator" in describe_picture_error(PictureForbidden("http://10.0.0.5/a.png"))


@pytest.mark.usefixtures("pseudo_language")
def test_what_happened_to_a_picture_is_translated() -> None:
    texts = [
        describe_picture_error(PictureUnavailable("http://cdn.example/a.png", status=status, through_proxy=by_proxy))
        for status in (0, 200, 403, 429, 503)
        for by_proxy in (False, True)
    ]
    texts += [describe_file_refusal(refusal, "clips") for refusal in FileRefusal]
    texts += [describe_missing_permission(MissingPermission("Attach Files", one)) for one in (False, True)]

    assert {text: words for text in texts if (words := find_untranslated(text))} == {}
