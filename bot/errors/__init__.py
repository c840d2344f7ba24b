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

from bot.errors.base import (
    MjbotError,
    SettingsError,
    StoreUnavailable,
)
from bot.errors.claims import (
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    ButtonUnknown,
    ClaimLost,
    CooldownActive,
    DailyLimitReached,
    ModalExpired,
    ModalNotSent,
    NotOwnerOrModerator,
    NotTheRequester,
    PersonNotAllowed,
    PolicyRefused,
    PressRefused,
    RequesterUnknown,
    ServerNotAllowed,
)
from bot.errors.inputs import (
    MaskAmbiguous,
    MaskAspectRatioWrong,
    MaskEmpty,
    MaskFull,
    MaskMissing,
    MaskRefused,
    PromptRefused,
    UploadAnimated,
    UploadCountInvalid,
    UploadNotFound,
    UploadRefused,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.errors.messages import (
    DisplayError,
    DisplayFailed,
    PlaceGone,
    PlaceUnreachable,
)
from bot.errors.pictures import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureUnreadable,
    PictureWorkAborted,
)
from bot.errors.relay import (
    ActionUnsupported,
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PromptBanned,
    PromptChangeUnsupported,
    PromptIgnored,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SeedUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)

__all__ = [
    "ActionUnsupported",
    "AlreadyClaimed",
    "AlreadyPressed",
    "AnswerLost",
    "BalanceExhausted",
    "ButtonUnknown",
    "ClaimLost",
    "CooldownActive",
    "DailyLimitReached",
    "DisplayError",
    "DisplayFailed",
    "KeyExpired",
    "KeyLimited",
    "KeyRefused",
    "KeyUnknown",
    "MaskAmbiguous",
    "MaskAspectRatioWrong",
    "MaskEmpty",
    "MaskFull",
    "MaskMissing",
    "MaskRefused",
    "MjbotError",
    "ModalExpired",
    "ModalNotSent",
    "NoAccountAvailable",
    "NotOwnerOrModerator",
    "NotTheRequester",
    "ParentBusy",
    "ParentGone",
    "ParentUnchangeable",
    "PersonNotAllowed",
    "PictureError",
    "PictureForbidden",
    "PictureGone",
    "PictureTooLarge",
    "PictureUnreadable",
    "PictureWorkAborted",
    "PlaceGone",
    "PlaceUnreachable",
    "PolicyRefused",
    "PressRefused",
    "PromptBanned",
    "PromptChangeUnsupported",
    "PromptIgnored",
    "PromptRefused",
    "QueueFull",
    "RelayBusy",
    "RelayError",
    "RelayUnreachable",
    "RequesterUnknown",
    "SeedUnavailable",
    "ServerNotAllowed",
    "SettingsError",
    "StoreUnavailable",
    "SubmitOutcomeUnknown",
    "SubmitRefused",
    "TaskUnknown",
    "UploadAnimated",
    "UploadCountInvalid",
    "UploadNotFound",
    "UploadRefused",
    "UploadTooLarge",
    "UploadTooSmall",
    "UploadTypeUnsupported",
    "UploadUnreadable",
    "UpstreamKeyRefused",
]
