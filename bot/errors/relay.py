"""What the relay refused, and answers that were lost."""

from dataclasses import field

from bot.errors.base import MjbotError


class RelayError(MjbotError):
    """Base of what the relay refused or failed to answer; `reason` is its own words, shortened.

    `request_id` is the relay's name for the refused submit, by which its support finds it; empty where it gave none.
    """

    reason: str = ""
    request_id: str = field(default="", kw_only=True)


class RelayUnreachable(RelayError):
    """The relay gave no usable answer: network error, timeout, 5xx, HTML or half a body.

    `retry_after` is in seconds, where the relay said it. `no_host` says that the host name does not exist; `took_key`
    that the relay accepted the key and answered in an unknown shape; `spoiled` that it answered, but the answer cannot
    be read, perhaps because of one of the tasks that were asked for. `proxy_problem` is a sentence about the operator's
    proxy, which did not let the request through, and `proxy_advice` the next step; `connect_problem` is one about a
    connection that could not be made, and `connect_advice` its next step. `no_route` says that the host answers, but
    has no such path (HTTP 404, 405).
    """

    retry_after: float | None = field(default=None, kw_only=True)
    no_host: bool = field(default=False, kw_only=True)
    took_key: bool = field(default=False, kw_only=True)
    spoiled: bool = field(default=False, kw_only=True)
    proxy_problem: str = field(default="", kw_only=True)
    proxy_advice: str = field(default="", kw_only=True)
    connect_problem: str = field(default="", kw_only=True)
    connect_advice: str = field(default="", kw_only=True)
    no_route: bool = field(default=False, kw_only=True)


class RelayMoved(RelayUnreachable):
    """The relay redirects to the same path at another `address`, its base URL, and has not processed the request."""

    address: str = field(default="", kw_only=True)


class RelayBusy(RelayError):
    """The relay asks for a later retry; `retry_after` is in seconds, where the relay said it."""

    retry_after: float | None = field(default=None, kw_only=True)


class NoAccountAvailable(RelayBusy):
    """The relay has no Midjourney account for this request; `speed` is the one asked for, if any."""

    speed: str = field(default="", kw_only=True)


class QueueFull(RelayBusy):
    """The relay's queue is full: it accepted nothing, and the same request can be sent again later."""


class KeyRefused(RelayError):
    """The relay refuses the API key.

    This class itself stands for a key that is refused without a reason, or because of its account, group or IP address.
    """


class KeyUnknown(KeyRefused):
    """The relay does not know the API key."""


class KeyExpired(KeyRefused):
    """The API key has expired."""


class KeyLimited(KeyRefused):
    """The API key is limited to some models: new-api lets it submit, but refuses every read."""


class UpstreamKeyRefused(RelayError):
    """The relay's upstream refused the relay's own key (401, 403).

    The bot's key is fine, and nothing was accepted.
    """


class BalanceExhausted(RelayError):
    """The key's quota (HTTP 401) or the account's balance (HTTP 400) is used up."""


class TaskUnknown(RelayError):
    """The relay has no task with this id that the key may read."""

    task_id: str = field(kw_only=True)


class ParentGone(RelayError):
    """The parent task no longer exists where Midjourney could use it.

    `unknown_to_key` says that the relay has no such task for the bot's key, which may be of another account than the
    one that made it.
    """

    unknown_to_key: bool = field(default=False, kw_only=True)


class ParentBusy(RelayError):
    """Midjourney is still finishing the parent task; the same press works a few seconds later."""


class ParentUnchangeable(RelayError):
    """The relay cannot use a task of the parent's kind: midjourney-proxy accepts only grids."""


class PromptBanned(RelayError):
    """Midjourney's word list refused the prompt; `word` may be empty."""

    word: str = field(kw_only=True)


class ActionUnsupported(RelayError):
    """The relay cannot do this action; `lasting` is false where only a channel is down (HTTP 503)."""

    lasting: bool = field(kw_only=True)


class SeedUnavailable(RelayError):
    """The relay gives no seed for this task; `lasting` says that it gives none for any task."""

    lasting: bool = field(default=False, kw_only=True)


class SubmitRefused(RelayError):
    """The relay answered a submit without accepting it; `code` is the relay's, 0 where it gave none."""

    code: int = field(kw_only=True)


class PromptChangeUnsupported(RelayError):
    """The bot did not send a press, because the relay can only do it with the old prompt.

    The person typed a new prompt, which would have been lost.
    """


class PromptIgnored(RelayError):
    """The relay accepted and billed a press without opening a modal for the new prompt.

    It draws from the old prompt.
    """


class SubmitOutcomeUnknown(RelayError):
    """A submit was sent and its answer lost: the job may exist and be billed, so it is never sent again.

    `answered` says that the relay itself reported a failure of its upstream, and no longer works on the submit.
    `accepted` says that the relay accepted it, or forwarded it and still reserves its money, but its task id is
    unknown: it counts, whatever the relay's log shows.
    `named_task` is the id in an answer that also says that the submit failed: its task, if that can be read.
    `speed` is the one that it was sent at, empty for the relay's default.
    """

    answered: bool = field(default=False, kw_only=True)
    accepted: bool = field(default=False, kw_only=True)
    named_task: str = field(default="", kw_only=True)
    speed: str = field(default="", kw_only=True)


class SubmitRedirected(SubmitOutcomeUnknown):
    """A submit was redirected, which is not followed: to a maintenance page, as far as is known.

    `processed` says that the relay has processed it, and has its answer elsewhere (HTTP 303).
    """

    processed: bool = field(default=False, kw_only=True)
