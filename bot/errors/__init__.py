"""All errors of the bot as one tree. Errors carry data; only cogs/text/ turns them into sentences.

MjbotError
├── SettingsError                   a setting is missing or malformed
├── StoreUnavailable                the database cannot be read or written: nothing may be billed
├── RelayError                      what the relay refused or failed to answer
│   ├── RelayUnreachable            no usable answer: network, timeout, 5xx, HTML, half a body
│   │   └── RelayMoved              it redirects to the same path at another address
│   ├── RelayBusy                   the relay asks for a later retry: 429, code 30
│   │   ├── NoAccountAvailable      code 3: no Midjourney account is free, or none at the requested speed
│   │   └── QueueFull               code 23: the same request can be sent again later
│   ├── KeyRefused                  the API key is refused without a reason, or for its account, group or address
│   │   ├── KeyUnknown              the relay does not know the key
│   │   ├── KeyExpired              the key has expired
│   │   └── KeyLimited              the key is limited to some models, and may not read tasks
│   ├── UpstreamKeyRefused          the relay's upstream refused the relay's own key
│   ├── BalanceExhausted            the key's quota or the account's balance is used up
│   ├── TaskUnknown                 the relay has no such task
│   ├── ParentGone                  the parent task no longer exists at Midjourney
│   ├── ParentBusy                  Midjourney is still finishing the parent task
│   ├── ParentUnchangeable          the relay cannot use a task of the parent's kind
│   ├── PromptBanned                the prompt has a forbidden word
│   ├── ActionUnsupported           the relay cannot do this action
│   ├── SeedUnavailable             the relay gives no seed for this task
│   ├── SubmitRefused               the relay did not accept a submit
│   ├── PromptChangeUnsupported     the press was not sent, because the relay can only use the old prompt
│   ├── PromptIgnored               the press was accepted, but draws from the old prompt
│   └── SubmitOutcomeUnknown        the answer to a submit was lost: the job may exist and be billed
│       └── SubmitRedirected        it was redirected to another page
├── PolicyRefused                   the spending policy: who, where, how much
│   ├── ServerNotAllowed            this server may not spend
│   ├── PersonNotAllowed            this person may not spend outside the allowed servers
│   ├── NotTheRequester             only the requester may press these buttons
│   ├── NotOwnerOrModerator         only the requester or a moderator may stop or delete this message
│   ├── RequesterUnknown            only the requester may press, and the requester is unknown
│   ├── CooldownActive              the person submitted something a moment ago
│   ├── DailyLimitReached           the submits of this day are used up
│   ├── ConfirmationNeeded          it is expensive, or several tasks, and was not confirmed
│   └── RuleRefused                 a rule that was set in Discord, by the operator or in this server
│       ├── DrawingPaused           all drawing is paused
│       ├── PersonBlocked           the person is blocked
│       ├── ServerDenied            the operator denied the server
│       ├── RoleMissing             only members with certain roles may draw
│       ├── RoleDenied              members with a certain role may not draw
│       ├── ChannelNotAllowed       drawing is allowed in other channels
│       ├── PrivateAnswersOff       private answers are switched off
│       ├── AgeRestrictedOnly       drawing is allowed only in age-restricted channels
│       ├── WordBlocked             the prompt contains a blocked word
│       ├── CommandDenied           Discord's Integrations page denies the command
│       └── SpendingLimitReached    a limit by number or by amount is used up
├── PressRefused                    a press that must not be sent
│   ├── AlreadyClaimed              the same press is being handled already
│   ├── ClaimLost                   the claim was taken from this process before the request was sent
│   ├── AlreadyPressed              a message already shows the result
│   ├── AnswerLost                  the answer to an earlier press was lost, which may have been billed
│   ├── PressUnrecorded             the database may have lost an earlier press, and no further one was confirmed
│   ├── RepeatUnconfirmed           an earlier press may have been billed, and no further one was confirmed
│   ├── ModalNotSent                the press was accepted, but its modal was not sent
│   ├── ButtonUnknown               the task no longer has that button
│   ├── CommandUnknown              a question about a command no longer holds what it asked for
│   └── ModalExpired                the task no longer waits for a modal
├── PromptRefused                   a prompt that cannot be sent as it is
├── UploadRefused                   a picture from a person that cannot be used
│   ├── UploadUnreadable            it is broken or incomplete
│   ├── UploadNotFound              its link leads to no picture
│   ├── UploadTooSlow               it does not arrive in time
│   ├── UploadTypeUnsupported       it is not a supported picture
│   ├── UploadAnimated              it is an animation
│   ├── UploadTooLarge              it has too many bytes or pixels
│   ├── UploadTooSmall              it has too few pixels
│   └── UploadCountInvalid          too few or too many pictures were given
├── MaskRefused                     an area to repaint that cannot be used
│   ├── MaskMissing                 no area was given
│   ├── MaskEmpty                   it marks nothing
│   ├── MaskFull                    it marks everything
│   ├── MaskAmbiguous               it is neither black and white nor on a transparent ground
│   └── MaskAspectRatioWrong        its aspect ratio is not the picture's
├── RuleInputRefused                a rule that a manager typed and that cannot be used
│   ├── LimitUnreadable             a limit is no usable number or amount
│   └── TimeZoneUnknown             there is no such time zone
├── PictureError                    a picture that could not be downloaded
│   ├── PictureGone                 its link is dead
│   ├── PictureUnavailable          its host does not send it to the bot now
│   │   └── PictureTooSlow          its host sends it too slowly
│   ├── PictureForbidden            its address is one that the bot must not open
│   ├── PictureTooLarge             it has too many bytes or pixels
│   ├── PictureWorkAborted          decoding took too much memory or time
│   └── PictureUnreadable           it is broken or incomplete
└── DisplayError                    a message that could not be drawn
    ├── DisplayFailed               Discord or the network failed
    │   └── DisplayRefused          Discord accepts nothing there for now: archived thread, missing permission ...
    ├── PlaceGone                   the message or its channel was deleted
    └── PlaceUnreachable            only the interaction token could edit it, and it has expired
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
    CommandUnknown,
    CooldownActive,
    DailyLimitReached,
    GuildRefusal,
    ModalExpired,
    ModalNotSent,
    NotOwnerOrModerator,
    NotTheRequester,
    PersonNotAllowed,
    PolicyRefused,
    PressRefused,
    PressUnrecorded,
    RepeatUnconfirmed,
    RequesterUnknown,
    ServerNotAllowed,
)
from bot.errors.inputs import (
    LimitUnreadable,
    MaskAmbiguous,
    MaskAspectRatioWrong,
    MaskEmpty,
    MaskFull,
    MaskMissing,
    MaskRefused,
    PromptRefused,
    RuleInputRefused,
    TimeZoneUnknown,
    UploadAnimated,
    UploadCountInvalid,
    UploadNotFound,
    UploadRefused,
    UploadTooLarge,
    UploadTooSlow,
    UploadTooSmall,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.errors.messages import (
    DisplayError,
    DisplayFailed,
    DisplayRefused,
    PlaceGone,
    PlaceUnreachable,
)
from bot.errors.pictures import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureTooSlow,
    PictureUnavailable,
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
    RelayMoved,
    RelayUnreachable,
    SeedUnavailable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.errors.rules import (
    AgeRestrictedOnly,
    ChannelNotAllowed,
    CommandDenied,
    ConfirmationNeeded,
    DrawingPaused,
    PersonBlocked,
    PrivateAnswersOff,
    RoleDenied,
    RoleMissing,
    RuleRefused,
    ServerDenied,
    SpendingLimitReached,
    WordBlocked,
)

__all__ = [
    "ActionUnsupported",
    "AgeRestrictedOnly",
    "AlreadyClaimed",
    "AlreadyPressed",
    "AnswerLost",
    "BalanceExhausted",
    "ButtonUnknown",
    "ChannelNotAllowed",
    "ClaimLost",
    "CommandDenied",
    "CommandUnknown",
    "ConfirmationNeeded",
    "CooldownActive",
    "DailyLimitReached",
    "DisplayError",
    "DisplayFailed",
    "DisplayRefused",
    "DrawingPaused",
    "GuildRefusal",
    "KeyExpired",
    "KeyLimited",
    "KeyRefused",
    "KeyUnknown",
    "LimitUnreadable",
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
    "PersonBlocked",
    "PersonNotAllowed",
    "PictureError",
    "PictureForbidden",
    "PictureGone",
    "PictureTooLarge",
    "PictureTooSlow",
    "PictureUnavailable",
    "PictureUnreadable",
    "PictureWorkAborted",
    "PlaceGone",
    "PlaceUnreachable",
    "PolicyRefused",
    "PressRefused",
    "PressUnrecorded",
    "PrivateAnswersOff",
    "PromptBanned",
    "PromptChangeUnsupported",
    "PromptIgnored",
    "PromptRefused",
    "QueueFull",
    "RelayBusy",
    "RelayError",
    "RelayMoved",
    "RelayUnreachable",
    "RepeatUnconfirmed",
    "RequesterUnknown",
    "RoleDenied",
    "RoleMissing",
    "RuleInputRefused",
    "RuleRefused",
    "SeedUnavailable",
    "ServerDenied",
    "ServerNotAllowed",
    "SettingsError",
    "SpendingLimitReached",
    "StoreUnavailable",
    "SubmitOutcomeUnknown",
    "SubmitRedirected",
    "SubmitRefused",
    "TaskUnknown",
    "TimeZoneUnknown",
    "UploadAnimated",
    "UploadCountInvalid",
    "UploadNotFound",
    "UploadRefused",
    "UploadTooLarge",
    "UploadTooSlow",
    "UploadTooSmall",
    "UploadTypeUnsupported",
    "UploadUnreadable",
    "UpstreamKeyRefused",
    "WordBlocked",
]
