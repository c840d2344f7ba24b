"""Everything that can go wrong on purpose, as one tree whose leaves carry data, never sentences.

MjbotError
├── SettingsError            a setting is missing or malformed
├── RelayError               what the relay said, or failed to say
│   ├── RelayUnreachable     no usable answer: network, timeout, 5xx, HTML, half a body
│   ├── RelayBusy            try again later: 429, code 30
│   │   ├── NoAccount        code 3: no account of the relay's is alive, or works at the speed asked for
│   │   └── QueueFull        code 23: the same submit may be sent again in a while
│   ├── KeyRefused           the API key is not accepted; the relay does not say why, or names none of these three:
│   │   ├── KeyUnknown       the relay knows no such key
│   │   ├── KeyExpired       its time is over
│   │   └── KeyLimited       it is limited to some models, and so may not read tasks
│   ├── UpstreamRefused      what stands behind the relay refused the relay's own secret, not our key
│   ├── BalanceExhausted     the key's quota or the account's balance is used up
│   ├── TaskUnknown          this key knows no such task
│   ├── ParentGone           the task exists no more where it could be acted on
│   ├── ParentBusy           the parent has not settled yet: wait a moment
│   ├── ParentUnchangeable   the relay draws nothing from a task of that kind
│   ├── PromptBanned         a word of the prompt is not allowed
│   ├── ActionUnsupported    this relay cannot do this action
│   ├── NoSeed               Midjourney does not tell from which number a task was drawn
│   ├── SubmitRefused        a submit was answered, and not accepted
│   ├── PromptUnheard        a press was not sent, as this relay can do it from the old prompt only
│   ├── PromptIgnored        a press was accepted, and draws from the old prompt, not from the one typed for it
│   └── SubmitUncertain      a submit was sent and its answer lost: it may have been accepted, and paid
├── AdmissionRefused         who may spend, where, how much
│   ├── ServerNotAllowed
│   ├── PersonNotAllowed
│   ├── NotTheRequester
│   ├── NotYours             only the requester, or who manages messages there, may end or delete
│   ├── RequesterUnknown     the policy asks for the requester and nothing tells who that is
│   ├── CoolingDown
│   └── DailyLimitReached
├── PressRefused             a click that must not be sent
│   ├── AlreadyClaimed       this very interaction, or its twin within seconds, is being handled
│   ├── ClaimLost            it took so long that another process gave the click up: nothing was sent
│   ├── AlreadyPressed       there is a message that answers it already
│   ├── AnswerLost           the answer to an earlier press of it was lost, which may have been accepted, and paid
│   ├── FormUnsent           a press was accepted, and perhaps billed, and the form typed for it was not sent
│   ├── ButtonUnknown        the task no longer has that button
│   └── FormGone             the task is not waiting for a form any more
├── PromptRefused            a prompt with something wrong in it, found before anything is paid
├── UploadRefused            a picture somebody gave, which cannot be used
│   ├── UploadUnreadable     half a picture, or a broken one
│   ├── UploadAbsent         nothing usable behind the link that was given
│   ├── UploadForeign        a file of a kind that is not taken
│   ├── UploadMoves          an animation
│   ├── UploadTooLarge       more bytes, or pixels, than we take
│   ├── UploadTooSmall       too few pixels to draw from
│   └── UploadsMiscounted    fewer, or more, pictures than are taken
├── MaskRefused              a mask picture that says nothing usable
│   ├── MaskMissing          neither a ready region nor a mask was given
│   ├── MaskEmpty            nothing of it is to be repainted
│   ├── MaskFull             everything is to be repainted
│   ├── MaskUnclear          neither black and white, nor painted on something transparent
│   └── MaskMisshapen        of other proportions than its picture
├── StoreUnavailable         the database cannot be read or written: nothing may be paid
├── PictureError             a picture that cannot be had
│   ├── PictureGone          its link is dead
│   ├── PictureForbidden     its address is not one that we may ask
│   ├── PictureTooLarge      more bytes, or pixels, than we take
│   ├── PictureUnfinished    the work on it was cut short: it took too much memory, or too long
│   └── PictureUnreadable    not a picture, or half of one
└── DisplayError             a message that cannot be drawn
    ├── DisplayFailed        it did not get through: somebody on the way failed, or did not answer
    ├── PlaceGone            the message, its channel or the permission is gone: stop quietly
    └── PlaceUnreachable     only the interaction token reaches it, and that has expired
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.problems import Problem


class MjbotError(Exception):
    """The root: whatever mjbot itself raises."""


class SettingsError(MjbotError):
    """Settings are missing or malformed; `problems` names each variable and what is wrong, never a secret."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {problem}" for variable, problem in problems))
        self.problems = tuple(problems)


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


class NoAccount(RelayBusy):
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


class UpstreamRefused(RelayError):
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


class NoSeed(RelayError):
    """Midjourney does not tell from which number a task was drawn; `lasting`: this relay tells it of none."""

    def __init__(self, reason: str = "", *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class SubmitRefused(RelayError):
    """A submit was answered and not accepted; `code` is the relay's, 0 where it gave none."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code


class PromptUnheard(RelayError):
    """The only way that this relay has to what was pressed takes no prompt, so the one typed for it was not sent."""


class PromptIgnored(RelayError):
    """A press was accepted, and paid, without a form for the prompt that was typed: it draws from the old one."""


class SubmitUncertain(RelayError):
    """A submit was sent and its answer lost: the job may exist and be paid, so it is never sent again.

    `answered` tells that the relay itself has answered, with one of its known words for a submit that failed upstream:
    it no longer works on it. `accepted` tells that the job exists, and was paid, but not which task it is.
    """

    def __init__(self, reason: str = "", *, answered: bool = False, accepted: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered
        self.accepted = accepted


class AdmissionRefused(MjbotError):
    """Who may spend, where and how much."""


class ServerNotAllowed(AdmissionRefused):
    """This server may not spend."""


class PersonNotAllowed(AdmissionRefused):
    """This person may not spend outside the allowed servers."""


class NotTheRequester(AdmissionRefused):
    """The policy lets only the requester press."""


class RequesterUnknown(AdmissionRefused):
    """The policy lets only the requester press, and nothing tells who that is."""


class NotYours(AdmissionRefused):
    """Only who asked for a message, or manages messages there, may end it, or take it away."""


class CoolingDown(AdmissionRefused):
    """The same person submitted a moment ago; `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"{retry_after:.1f} s")
        self.retry_after = retry_after


class DailyLimitReached(AdmissionRefused):
    """The day's submits are used up, for this person or for everybody; counted in days of UTC."""

    def __init__(self, limit: int, whose: Literal["person", "everybody"], resets_at: datetime) -> None:
        super().__init__(f"{limit} for {whose}")
        self.limit = limit
        self.whose = whose
        self.resets_at = resets_at


class PressRefused(MjbotError):
    """A click that must not be sent."""


class AlreadyClaimed(PressRefused):
    """This very press, or its twin, is being handled: `claim_id`, of `person_id`, stands in the way; 0 unknown."""

    def __init__(self, claim_id: int = 0, person_id: int = 0) -> None:
        super().__init__(str(claim_id))
        self.claim_id = claim_id
        self.person_id = person_id


class ClaimLost(PressRefused):
    """It took so long to come to the submit that somebody else may claim the same by now: nothing was sent."""


class AlreadyPressed(PressRefused):
    """There is a message that answers this click already; `link` points to it and may be empty."""

    def __init__(self, link: str, *, finished: bool) -> None:
        super().__init__(link)
        self.link = link
        self.finished = finished


class AnswerLost(PressRefused):
    """The answer to an earlier press of the same was lost, and it may be paid: none is sent before `again_at`.

    `link` points to its message, and may be empty; `own` tells that it was the same person's. `again_at` is None where
    it is never sent again.
    """

    def __init__(self, link: str, again_at: datetime | None = None, *, own: bool) -> None:
        super().__init__(link)
        self.link = link
        self.again_at = again_at
        self.own = own


class FormUnsent(PressRefused):
    """The form that was typed for a press was not sent, for `refused`; its window is open, and may be billed."""

    def __init__(self, refused: MjbotError | None = None) -> None:
        super().__init__(type(refused).__name__ if refused else "")
        self.refused = refused


class ButtonUnknown(PressRefused):
    """The task no longer has that button."""


class FormGone(PressRefused):
    """The task is not waiting for a form any more."""


class PromptRefused(MjbotError):
    """A prompt cannot be sent as it is: `problems` are all that is wrong; `prompt` gives the person theirs back."""

    def __init__(self, problems: Sequence[Problem] = (), prompt: str = "") -> None:
        super().__init__("; ".join(map(repr, problems)))
        self.problems = tuple(problems)
        self.prompt = prompt


class UploadRefused(MjbotError):
    """A picture that somebody gave cannot be used; `name` is its file's."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name


class UploadUnreadable(UploadRefused):
    """Half a picture, or one that is broken."""


class UploadAbsent(UploadRefused):
    """The link that was given leads to nothing that can be had; `name` is the link."""


class UploadForeign(UploadRefused):
    """A file of a kind that is not taken; `kind` says which, "" where its bytes do not tell."""

    def __init__(self, name: str = "", kind: str = "") -> None:
        super().__init__(name)
        self.kind = kind


class UploadMoves(UploadRefused):
    """An animation, of which nobody can say which frame is meant."""


class UploadTooLarge(UploadRefused):
    """More than we take: `size` and `limit` in bytes, or in pixels where `pixels` is set."""

    def __init__(self, name: str = "", size: int = 0, limit: int = 0, *, pixels: bool = False) -> None:
        super().__init__(name)
        self.size = size
        self.limit = limit
        self.pixels = pixels


class UploadTooSmall(UploadRefused):
    """Too few pixels to draw from: each side needs `least`."""

    def __init__(self, name: str = "", width: int = 0, height: int = 0, least: int = 0) -> None:
        super().__init__(name)
        self.width = width
        self.height = height
        self.least = least


class UploadsMiscounted(UploadRefused):
    """`count` pictures where `fewest` to `most` are taken."""

    def __init__(self, count: int = 0, fewest: int = 0, most: int = 0) -> None:
        super().__init__()
        self.count = count
        self.fewest = fewest
        self.most = most


class MaskRefused(MjbotError):
    """A mask picture that cannot be used."""


class MaskMissing(MaskRefused):
    """Neither a ready region was chosen nor a mask uploaded."""


class MaskEmpty(MaskRefused):
    """Nothing of it is to be repainted."""


class MaskFull(MaskRefused):
    """Everything is to be repainted, which is a new picture."""


class MaskUnclear(MaskRefused):
    """Neither black and white, nor painted on something transparent: nobody can tell what is meant."""


class MaskMisshapen(MaskRefused):
    """Its proportions are not those of its picture; `mask` and `picture` are width and height in pixels."""

    def __init__(self, mask: tuple[int, int] = (0, 0), picture: tuple[int, int] = (0, 0)) -> None:
        super().__init__(f"{mask} for {picture}")
        self.mask = mask
        self.picture = picture


class StoreUnavailable(MjbotError):
    """The database cannot be read or written: nothing may be paid."""


class PictureError(MjbotError):
    """A picture that cannot be had; `url` is where it was looked for.

    `may_return` tells that it is the relay's own, which may hand it out yet: 404, 429, 5xx, or no answer.
    """

    def __init__(self, url: str, reason: str = "", *, may_return: bool = False) -> None:
        super().__init__(reason or url)
        self.url = url
        self.reason = reason
        self.may_return = may_return


class PictureGone(PictureError):
    """The link is dead (404, 403, 410, or an expired signature)."""


class PictureForbidden(PictureError):
    """The address is not one that we may ask: not http(s), or not public."""


class PictureTooLarge(PictureError):
    """More bytes, or more pixels, than we take."""


class PictureUnfinished(PictureError):
    """The work on it was cut short, as it took too much memory or too long, or as the bot ends."""


class PictureUnreadable(PictureError):
    """Not a picture, half of one, or one that does not arrive."""


class DisplayError(MjbotError):
    """A message that cannot be drawn."""


class DisplayFailed(DisplayError):
    """The message did not get through, though its place is there: the same may work in a minute."""


class PlaceGone(DisplayError):
    """The message, its channel or the permission is gone; the job ends, quietly."""


class PlaceUnreachable(DisplayError):
    """Only the interaction's token reaches this message, and it has expired."""
