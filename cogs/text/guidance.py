"""Say what to do next where what somebody gave, or pressed, leads nowhere, and no error stands for it. Pure."""

from cogs.text.quotes import quote_text


def malformed_task_id(text: str) -> str:
    """Say that what was typed is no task id, and where ids come from."""
    shown = quote_text(text)
    said = f"That is not a task id: {shown}." if shown else "There is no task id in that."
    return (
        f"{said} An id is a long number like `1730621826053455`. It stands at the foot of each of my messages, and in "
        "the relay's answer or log."
    )


def too_many_ids() -> str:
    """Say how many ids one command takes."""
    return "That is more than I can follow at once. Give me up to five ids, and the others in a second command."


def no_ids_here() -> str:
    """Say that a message of which the status was asked names no task."""
    return "I find no task id in that message. Choose one that shows an id, or run `/mjstatus` with the id itself."


def nothing_to_upscale() -> str:
    """Say that a message, of which something larger was asked for, has no button for that."""
    return (
        "I find no picture of mine in that message that can be made larger. Choose a finished one with **U** or "
        "**Upscale** buttons below it; `/mjstatus` with its id shows them."
    )


def no_tasks_yet() -> str:
    """Say where ids come from to somebody who asked for their tasks and has none."""
    return (
        "I follow no task of yours yet. Draw with `/imagine`. What was made elsewhere with this bot's key is followed "
        "by `/mjstatus` and its id, a long number like `1730621826053455`: it stands in the relay's answer or log."
    )


def no_such_tasks(kind: str) -> str:
    """Say that none of a person's tasks is of the kind that they chose."""
    return f"None of your tasks is here: {kind.lower()}. Choose **All** below to see the others."


def asking_for_seed() -> str:
    """Say that the seed takes its time."""
    return "Asking Midjourney for the seed, which may take a minute or two. If nothing comes, ask again: it is free."


def one_seed_at_a_time() -> str:
    """Say that there were more ids than one."""
    return "A seed takes a minute, so I ask for one at a time. Give me one id, and the others one by one."


def no_mention_here() -> str:
    """Say that a notification was asked for where none can be given."""
    return "I follow it, but I cannot mention you here later: I am not in this channel myself."


def one_picture_required() -> str:
    """Say that a command takes a picture as a file or as a link: there was neither, or both."""
    return "Give me one picture: either a file as `image`, or the address of one as `link`. Nothing was paid."


def no_picture_here() -> str:
    """Say that a message that was to be described shows no picture."""
    return (
        "I find no picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/describe` with a file."
    )


def no_picture_to_blend() -> str:
    """Say that a message whose picture was to be blended with others shows none."""
    return "I find no picture in that message. Choose one that shows a PNG, JPEG or WebP, or run `/blend` with files."


def one_starting_image_required() -> str:
    """Say that clips begin with a picture or with a task's: there was neither, or both."""
    return "Give me what the clips begin with: either a file as `image`, or a finished task as `id`. Nothing was paid."


def remix_unsupported() -> str:
    """Tell a person with remix on why a button asked for no new prompt."""
    return (
        "I asked for that with the old prompt: this service takes no new one for this button, so remix changes nothing "
        "here. For a new prompt run `/imagine`."
    )


def stale_button() -> str:
    """Say that nothing of ours answers this button or form any more."""
    return "I no longer know this button. Run `/mjstatus` with the task's id for a message with fresh ones."


def stale_panel() -> str:
    """Say that no button of this panel is known any more."""
    return "I no longer know this button. Run `/mjsettings` for a panel with fresh ones."
