"""Sentences that tell a person what to do next where no error describes the case. Pure.

The constants are marked, and translated where they are sent.
"""

from cogs.languages import N_, _, format_number, join_sentences
from cogs.text.quotes import quote_text

TOO_MANY_IDS = N_("That's too many ids for one command. Give me up to five, and the rest in a second command.")
NO_IDS_HERE = N_(
    "I can't find a task id in that message. Choose one that shows an id, or run `/mjstatus` with the id itself."
)
"""For a message, chosen for "Midjourney status", that holds no task id."""
NOTHING_TO_UPSCALE = N_(
    "I can't find a picture to upscale in that message. Choose a finished one with **U** or **Upscale** buttons "
    "below it. `/mjstatus` with its id shows them."
)
"""For a message, chosen for "Upscale picture", that has no button that upscales."""
COPIED_BUTTONS = N_("From [this message]({link}). Only you see the results of these buttons.")
"""Above copies of a message's buttons; `link` leads to that message."""
NO_TASKS_YET = N_(
    "You have no tasks yet. Draw something with `/imagine`. To follow a task that was made elsewhere with this "
    "bot's key, run `/mjstatus` with its id, a long number such as `1730621826053455` from the service's answer "
    "or log."
)
ASKING_FOR_SEED = N_(
    "Asking Midjourney for the seed, which may take a minute or two. If nothing comes, ask again: it's free."
)
ONE_SEED_AT_A_TIME = N_("A seed takes a minute, so I fetch one at a time. Give me one id, and the others after it.")
NO_MENTION_HERE = N_("I'm following it, but I can't mention you here later, because I'm not in this channel myself.")
"""For a person who asked for a mention in a channel that the bot is not in."""
ONE_PICTURE_REQUIRED = N_(
    "Choose one picture: either a file as `image`, or an image URL as `link`. You weren't charged."
)
"""For /describe with neither a file nor a link, or with both."""
NO_PICTURE_HERE = N_(
    "I can't find a picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/describe` with a file."
)
"""For a message, chosen for "Describe this image", that shows no picture."""
NO_PICTURE_TO_BLEND = N_(
    "I can't find a picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/blend` with files."
)
"""For a message, chosen for "Blend with ...", that shows no picture."""
ONE_STARTING_IMAGE_REQUIRED = N_(
    "Choose a starting image: either a file as `image`, or a finished task as `id`. You weren't charged."
)
"""For /animate with neither a file nor a task, or with both."""
REMIX_UNSUPPORTED = N_(
    "I used the old prompt: this service doesn't accept a new one for this button, so remix changes nothing here. "
    "For a new prompt, run `/imagine`."
)
"""For a person with remix on whom a button did not ask for a new prompt."""
ENGLISH_PROMPTS = N_("Midjourney understands English best: an English prompt gives better pictures.")
"""For a person whose prompt is in another language, and in /mjhelp."""
NOT_SENT = N_(
    "I was restarted before I could send your {what}, so you weren't charged. Press it again. A message that still "
    "says *Sending* won't change."
)
"""For a press whose message cannot be found any more; `what` is the button's name."""
NOTIFY_READY = N_("<@{person}> your {what} is ready: {link}")
NOTIFY_NOT_SHOWN = N_("<@{person}> your {what} is finished, but its message doesn't show it, and says why: {link}")
"""For a picture that Discord refuses, or that its host does not send."""
NOTIFY_ENDED = N_("<@{person}> your {what} has ended: {link}")
STALE_BUTTON = N_("I no longer know this button. Run `/mjstatus` with the task's id for a message with fresh ones.")
"""For a button or form that this version of the bot does not know."""
STALE_PANEL = N_("I no longer know this button. Run `/mjsettings` for a panel with fresh ones.")
"""For a button of the settings panel that this version of the bot does not know."""

STALE_USAGE = N_("I no longer know this button. Run `/mjusage` for fresh ones.")
"""For a button of the usage panel that this version of the bot does not know."""
USAGE_FOR_MANAGERS = N_(
    "Only people with the permission **Manage Server** can see the usage of this server. `/mjusage` shows yours."
)
USAGE_FOR_OPERATOR = N_("Only the operator of this bot can see the usage of all servers. `/mjusage` shows yours.")


def describe_ledger_file(rows: int, *, is_complete: bool) -> str:
    """Say what is in the file of the ledger."""
    if not rows:
        return _("Nothing was asked for in this time, so the file has no rows.")
    which = _("All {count} requests of this time.") if rows > 1 else _("The only request of this time.")
    if not is_complete:
        which = _("Only the newest {count} requests: the file holds no more.")
    return join_sentences(
        which.format(count=format_number(rows)),
        _("Ids begin with #, so that spreadsheets keep all of their digits."),
    )


def malformed_task_id(text: str) -> str:
    """Say that `text` holds no task id, and where to find one."""
    problem = _("There is no task id in that.")
    if shown := quote_text(text):
        problem = _("That isn't a task id: {text}.").format(text=shown)
    return join_sentences(
        problem,
        _(
            "An id is a long number such as `1730621826053455`. You'll find it at the bottom of each message, and in "
            "the service's answer or log."
        ),
    )


def no_such_tasks(kind: str) -> str:
    """Say that a person has no task of the kind that they chose, by the marked name of its filter."""
    # Translators: {kind} is one of the list's filters, such as "finished" or "still running".
    return _("You have no tasks here: {kind}. Choose **All** below to see the others.").format(kind=_(kind).lower())
