"""Errors of the relay: what it refused, or what became of its answer."""

from bot.errors.base import MjbotError


class RelayError(MjbotError):
    """The relay's answer was not what was asked for; `reason` is its own words, shortened."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class RelayUnreachable(RelayError):
    """No usable answer: network, timeout, 5xx, HTML or half a body; `retry_after` in seconds where it was said.

    `no_host` tells that the name of its host could not be found, `took_key` that the relay has answered a request with
    our key, in a shape that is not known.
    """

    def __init__(
        self, reason: str = "", *, retry_after: float | None = None, no_host: bool = False, took_key: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.no_host = no_host
        self.took_key = took_key


class RelayBusy(RelayError):
    """The relay asks to come back later; `retry_after` in seconds where it was said."""

    def __init__(self, reason: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NoAccountAvailable(RelayBusy):
    """No account of the relay's can take it; `speed` is the one asked for, where one was."""

    def __init__(self, reason: str = "", *, retry_after: float | None = None, speed: str = "") -> None:
        super().__init__(reason, retry_after=retry_after)
        self.speed = speed


class QueueFull(RelayBusy):
    """The relay's queue has no room: nothing was accepted, and the same submit may be sent again in a while."""


class KeyRefused(RelayError):
    """The API key is not accepted: the relay does not say why, or it refuses the account, the group or the address."""


class KeyUnknown(KeyRefused):
    """The relay knows no such key."""


class KeyExpired(KeyRefused):
    """The key was valid until a time that is over."""


class KeyLimited(KeyRefused):
    """The key is limited to some models: new-api lets it submit, and refuses every read."""


class UpstreamKeyRefused(RelayError):
    """What stands behind the relay refused the relay's own secret (401, 403): the key is fine, nothing was accepted."""


class BalanceExhausted(RelayError):
    """The key's quota (HTTP 401) or the account's balance (HTTP 400) is used up."""


class TaskUnknown(RelayError):
    """This key knows no task with that id."""

    def __init__(self, task_id: str, reason: str = "") -> None:
        super().__init__(reason)
        self.task_id = task_id


class ParentGone(RelayError):
    """The parent task exists no more where Midjourney could act on it."""


class ParentBusy(RelayError):
    """The parent task has not settled upstream yet; a few seconds later the same click works."""


class ParentUnchangeable(RelayError):
    """The relay draws nothing from a task of the parent's kind: midjourney-proxy from none but grids."""


class PromptBanned(RelayError):
    """Midjourney's word list refused the prompt; `word` may be empty."""

    def __init__(self, word: str, reason: str = "") -> None:
        super().__init__(reason)
        self.word = word


class ActionUnsupported(RelayError):
    """This relay cannot do this action; `lasting` is false where a channel is merely down (HTTP 503)."""

    def __init__(self, reason: str = "", *, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


class SeedUnavailable(RelayError):
    """Midjourney does not tell from which number a task was drawn; `lasting`: this relay tells it of none."""

    def __init__(self, reason: str = "", *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class SubmitRefused(RelayError):
    """A submit was answered and not accepted; `code` is the relay's, 0 where it gave none."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code


class PromptChangeUnsupported(RelayError):
    """The only way that this relay has to what was pressed takes no prompt, so the one typed for it was not sent."""


class PromptIgnored(RelayError):
    """A press was accepted, and paid, without a form for the prompt that was typed: it draws from the old one."""


class SubmitOutcomeUnknown(RelayError):
    """A submit was sent and its answer lost: the job may exist and be paid, so it is never sent again.

    `answered` tells that the relay itself has answered, with one of its known words for a submit that failed upstream:
    it no longer works on it. `accepted` tells that the job exists, and was paid, but not which task it is.
    """

    def __init__(self, reason: str = "", *, answered: bool = False, accepted: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered
        self.accepted = accepted
