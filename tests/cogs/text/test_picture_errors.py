"""Why a host does not send a picture, in one sentence: behind a proxy it is not blamed for what the proxy did."""

import pytest

from bot.errors import PictureForbidden, PictureUnavailable
from cogs.text.picture_errors import describe_picture_error, describe_picture_refusal


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
