"""The error of a request that is not sent, because Discord has asked for a long pause."""

from datetime import datetime

THIS_ADDRESS = "this machine's address"
ONE_KIND = "this kind of request"
"""What Discord blocks: everything from here, or one route."""


class RequestsBlocked(ConnectionError):
    """Discord accepts no request to `subject` for longer than a caller waits; this was logged when it began.

    `until` and `seconds` are None where Discord does not say how long.
    """

    def __init__(self, subject: str, reason: str, until: datetime | None, seconds: float | None) -> None:
        when = "without telling until when" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
        super().__init__(f"Discord blocks {subject} {when} ({reason})")
        self.subject = subject
        self.reason = reason
        self.until = until
        self.seconds = seconds

    def generalize(self) -> "RequestsBlocked":
        """Return the error for a request of the login: a long pause of one of those is a pause of the address."""
        subject = THIS_ADDRESS if self.subject == ONE_KIND else self.subject
        return RequestsBlocked(subject, self.reason, self.until, self.seconds)
