"""The recorded responses of relays in `tests/data/relay`, by file name without extension.

Those in the folder `real` came from relay software that was built from source and run.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.relay.responses.relay_response import RelayResponse

FOLDER = Path(__file__).parent / "data" / "relay"


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange; `body` is the response's JSON, or its text if it is no JSON."""

    name: str
    method: str
    path: str
    sent: Any
    status: int
    content_type: str
    body: Any

    @property
    def text(self) -> str:
        """The body as sent over the wire."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)

    @property
    def answer(self) -> RelayResponse:
        """The response as the transport returns it."""
        return RelayResponse(self.status, self.text, path=self.path)


def names() -> list[str]:
    """Return the names of all recorded responses, sorted, without those in `real`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def recorded(name: str) -> Recorded:
    """Load one recorded response, such as `14_fetch_imagine_success_grid`, or `real/modal_two_rows_list`."""
    row = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    request, response = row["request"], row["response"]
    return Recorded(
        name,
        request["method"],
        request["path"],
        request.get("json"),
        response["status"],
        response["content_type"] or "",
        response["body_text"] if "body_text" in response else response["body"],
    )


@dataclass(frozen=True)
class Reply:
    """A response as sent over the wire."""

    status: int
    text: str
    retry_after: float | None = None

    @property
    def answer(self) -> RelayResponse:
        """The response as the transport returns it."""
        return RelayResponse(self.status, self.text, self.retry_after)


def real_reply(name: str) -> Reply:
    """Load a response of real relay software, such as `onehub_401`, from the folder `real`."""
    row = recorded(f"real/{name}")
    return Reply(row.status, row.text)
