"""The other way to what a button does, where a relay refuses the button: another submit, or nothing but showing."""

from typing import Protocol

from bot.entities import Place
from bot.errors import ActionUnsupported, PictureError, PictureGone, PictureTooLarge, PictureUnreadable
from bot.imaging.downloader import DISCORD_LIMIT, Picture, file_name
from bot.imaging.upload_validation import SENT_BYTES
from bot.midjourney.buttons import Action, Instead, said
from bot.midjourney.prompt_parser import parse
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import Shortened, line_of, shortened
from bot.ports import Answerer, PictureSource
from bot.relay.requests import Change, Describe, Extend, Imagine, Motion, Order, Video
from bot.submissions.claims import MOST_SUBMITS

MOST_LINES = MOST_SUBMITS
"""As many readings as Midjourney gives of a picture, and draws for "Imagine all": no click has claims for more."""


def lines_of(task: Task) -> tuple[str, ...]:
    """Return the lines that a description holds, in the order of their numbers."""
    found = (line_of(task.text, number) for number in range(1, MOST_LINES + 1))
    return tuple(line for line in found if line)


class Copies(Protocol):
    """Who keeps copies of pictures whose links die."""

    async def copy(self, task: Task, here: Place, *, name: str, limit: int) -> Picture | None:
        """Return a task's picture as a message of ours, best that `here`, keeps it, or None."""
        ...


class Detours:
    """Finds what to submit, or shows what need not be submitted."""

    def __init__(self, pictures: PictureSource, copies: Copies) -> None:
        self._pictures = pictures
        self._copies = copies

    async def order(self, action: Action, task: Task, prompt: str, pressed: Place) -> Order:
        """Return the submit that does the same; `prompt` is what a form, or a line that was read, asks for.

        `pressed` is the message whose button it is: it may show the task's picture after the link has died.

        Raises:
            ActionUnsupported: The task lacks what that takes.
            PictureError: Its picture cannot be had.
        """
        match action.instead:
            case Instead.CHANGE:
                return Change(task_id=task.id, action=action.change, index=action.index)
            case Instead.VIDEO if task.picture_url and not task.video:
                motion = _motion(action)
                return Video(
                    prompt=_said(task) or motion.words, image=await self._first_frame(task, pressed), motion=motion
                )
            case Instead.EXTEND:
                motion = _motion(action)
                at = action.index - 1 if 1 <= action.index <= len(task.clips) else 0
                return Extend(task_id=task.id, index=at, prompt=_said(task) or motion.words, motion=motion)
            case Instead.DESCRIBE if task.picture_url:
                return Describe(picture=await self._picture(task, pressed))
            case Instead.IMAGINE if line := prompt or line_of(task.text, action.index):
                return Imagine(prompt=line)
            case Instead.IMAGINE_ALL if prompt:
                return Imagine(prompt=prompt)
            case _:
                raise ActionUnsupported(lasting=True)

    async def show(self, action: Action, task: Task, button: Button, answerer: Answerer) -> None:
        """Show what the button leads to, unpaid.

        Raises:
            ActionUnsupported: The task does not hold it.
        """
        if action.instead is Instead.READING:
            await answerer.show_words(said(button), task, _words(task))
            return
        if not 1 <= action.index <= len(task.clips):
            raise ActionUnsupported(lasting=True)
        link = task.clips[action.index - 1]
        name = file_name(task.shown_prompt, f"{task.id}_{action.index}")
        try:
            clip = await self._pictures.fetch(link, name=name, limit=DISCORD_LIMIT)
        except PictureError:
            clip = None
        await answerer.show_clip(said(button), task, link, clip)

    async def _first_frame(self, task: Task, pressed: Place) -> bytes | str:
        """Return a task's picture, or the link to it where its host keeps it from us, or it is more than we carry."""
        try:
            return await self._picture(task, pressed)
        except (PictureTooLarge, PictureUnreadable):
            return task.picture_url

    async def _picture(self, task: Task, pressed: Place) -> bytes:
        """Return a task's picture; where its link is dead, the copy that a message of ours keeps."""
        try:
            return (await self._pictures.fetch(task.picture_url, name=task.id, limit=SENT_BYTES)).data
        except PictureGone:
            copy = await self._copies.copy(task, pressed, name=task.id, limit=SENT_BYTES)
            if copy is None:
                raise
            return copy.data


def _words(task: Task) -> Shortened:
    found = shortened(task.text)
    if not found.words:
        raise ActionUnsupported(lasting=True)
    return found


def _said(task: Task) -> str:
    return parse(task.shown_prompt).words


def _motion(action: Action) -> Motion:
    return Motion.HIGH if action.motion == "high" else Motion.LOW
