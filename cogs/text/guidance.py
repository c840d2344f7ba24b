"""Sentences that tell a person what to do next where no error describes the case. Pure."""

from cogs.text.quotes import quote_text


def malformed_task_id(text: str) -> str:
    """Say that `text` holds no task id, and where to find one."""
    shown = quote_text(text)
    problem = f"That isn't a task id: {shown}." if shown else "There is no task id in that."
    return (
        f"{problem} An id is a long number such as `1730621826053455`. You'll find it at the bottom of each message, "
        "and in the service's answer or log."
    )


def too_many_ids() -> str:
    """Say how many ids one command accepts."""
    return "That's too many ids for one command. Give me up to five, and the rest in a second command."


def no_ids_here() -> str:
    """Say that the message chosen for "Midjourney status" holds no task id."""
    return "I can't find a task id in that message. Choose one that shows an id, or run `/mjstatus` with the id itself."


def nothing_to_upscale() -> str:
    """Say that the message chosen for "Upscale" has no button that upscales."""
    return (
        "I can't find a picture to upscale in that message. Choose a finished one with **U** or **Upscale** buttons "
        "below it. `/mjstatus` with its id shows them."
    )


def no_tasks_yet() -> str:
    """Say where tasks come from, to a person who has none."""
    return (
        "You have no tasks yet. Draw something with `/imagine`. To follow a task that was made elsewhere with this "
        "bot's key, run `/mjstatus` with its id, a long number such as `1730621826053455` from the service's answer "
        "or log."
    )


def no_such_tasks(kind: str) -> str:
    """Say that a person has no task of the kind that they chose."""
    return f"You have no tasks here: {kind.lower()}. Choose **All** below to see the others."


def asking_for_seed() -> str:
    """Say that fetching a seed takes a while."""
    return "Asking Midjourney for the seed, which may take a minute or two. If nothing comes, ask again: it's free."


def one_seed_at_a_time() -> str:
    """Say that one command fetches one seed."""
    return "A seed takes a minute, so I fetch one at a time. Give me one id, and the others after it."


def no_mention_here() -> str:
    """Say that the bot can't notify a person in a channel that it is not in."""
    return "I'm following it, but I can't mention you here later, because I'm not in this channel myself."


def one_picture_required() -> str:
    """Say that a command needs either a file or a link, and got neither or both."""
    return "Choose one picture: either a file as `image`, or an image URL as `link`. You weren't charged."


def no_picture_here() -> str:
    """Say that the message chosen for "Describe this image" shows no picture."""
    return (
        "I can't find a picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/describe` with a "
        "file."
    )


def no_picture_to_blend() -> str:
    """Say that the message chosen for "Blend with ..." shows no picture."""
    return (
        "I can't find a picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/blend` with files."
    )


def one_starting_image_required() -> str:
    """Say that /animate needs either a file or a task, and got neither or both."""
    return "Choose a starting image: either a file as `image`, or a finished task as `id`. You weren't charged."


def remix_unsupported() -> str:
    """Say why a button did not ask a person with remix on for a new prompt."""
    return (
        "I used the old prompt: this service doesn't accept a new one for this button, so remix changes nothing here. "
        "For a new prompt, run `/imagine`."
    )


def stale_button() -> str:
    """Say that this version of the bot does not know a button or form."""
    return "I no longer know this button. Run `/mjstatus` with the task's id for a message with fresh ones."


def stale_panel() -> str:
    """Say that this version of the bot does not know a button of the settings panel."""
    return "I no longer know this button. Run `/mjsettings` for a panel with fresh ones."
