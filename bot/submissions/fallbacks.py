"""What to do for a button that the relay refuses: another request, or a message that shows what the button leads to."""

from bot.entities import Place
from bot.errors import (
    ActionUnsupported,
    PictureError,
    PictureGone,
    PictureTooLarge,
    PictureUnavailable,
    PictureUnreadable,
)
from bot.imaging.downloads.downloader import DISCORD_FILE_LIMIT, build_file_name
from bot.imaging.upload_validation import MAX_SENT_BYTES
from bot.midjourney.buttons import ButtonAction, FallbackKind, name_button
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import ShortenResult, find_numbered_line, parse_shorten_result
from bot.ports import PictureSource, PressFollowups
from bot.relay.requests import Change, Describe, Extend, Imagine, SubmitRequest, Video
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION
from bot.tracking.tracker import JobTracker

MAX_DESCRIPTION_LINES = MAX_SUBMITS_PER_INTERACTION
"""How many lines a description has; "Imagine all" draws each of them, and a press has claims for no more."""


def list_description_lines(task: Task) -> tuple[str, ...]:
    """Return the lines of a description, in the order of their numbers."""
    found = (find_numbered_line(task.text_result, number) for number in range(1, MAX_DESCRIPTION_LINES + 1))
    return tuple(line for line in found if line)


class Fallbacks:
    """Builds the request of a fallback, or shows what needs no request."""

    def __init__(self, pictures: PictureSource, jobs: JobTracker) -> None:
        self._pictures = pictures
        self._jobs = jobs

    async def build_request(self, action: ButtonAction, task: Task, prompt: str, place: Place) -> SubmitRequest:
        """Return the request that does the same; `prompt` is what a modal, or a line of a description, asks for.

        `place` is the message of the button: its attachment replaces the task's picture where the link is dead.

        Raises:
            ActionUnsupported: The task lacks what the fallback needs.
            PictureError: The task's picture cannot be fetched.
        """
        match action.fallback:
            case FallbackKind.CHANGE:
                return Change(task_id=task.id, action=action.new_api_action, index=action.index)
            case FallbackKind.VIDEO if task.picture_url and not task.first_clip_url:
                motion = action.motion
                return Video(
                    prompt=_get_words(task) or motion.default_prompt,
                    image=await self._fetch_first_frame(task, place),
                    motion=motion,
                )
            case FallbackKind.EXTEND:
                motion = action.motion
                index = action.index - 1 if 1 <= action.index <= len(task.clip_urls) else 0
                return Extend(
                    task_id=task.id, index=index, prompt=_get_words(task) or motion.default_prompt, motion=motion
                )
            case FallbackKind.DESCRIBE if task.picture_url:
                return Describe(picture=await self._fetch_picture(task, place))
            case FallbackKind.IMAGINE if line := prompt or find_numbered_line(task.text_result, action.index):
                return Imagine(prompt=line)
            case FallbackKind.IMAGINE_ALL if prompt:
                return Imagine(prompt=prompt)
            case _:
                raise ActionUnsupported(lasting=True)

    async def show_without_submit(
        self, action: ButtonAction, task: Task, button: Button, followups: PressFollowups
    ) -> None:
        """Show what the button leads to, for free.

        Raises:
            ActionUnsupported: The task does not have it.
        """
        if action.fallback is FallbackKind.SHOW_TEXT:
            await followups.send_shortened_prompt(name_button(button), task, _parse_words(task))
            return
        if not 1 <= action.index <= len(task.clip_urls):
            raise ActionUnsupported(lasting=True)
        url = task.clip_urls[action.index - 1]
        name = build_file_name(task.shown_prompt, f"{task.id}_{action.index}")
        try:
            clip = await self._pictures.fetch(url, name=name, limit=DISCORD_FILE_LIMIT)
        except PictureError:
            clip = None
        await followups.send_clip(name_button(button), task, url, clip)

    async def _fetch_first_frame(self, task: Task, place: Place) -> bytes | str:
        """Return a task's picture; its link, where its host refuses the bot or the picture is too large to send."""
        try:
            return await self._fetch_picture(task, place)
        except (PictureTooLarge, PictureUnavailable, PictureUnreadable):
            return task.picture_url

    async def _fetch_picture(self, task: Task, place: Place) -> bytes:
        """Return a task's picture; where its link fails, the copy attached to one of the bot's messages."""
        try:
            return (await self._pictures.fetch(task.picture_url, name=task.id, limit=MAX_SENT_BYTES)).data
        except (PictureGone, PictureUnavailable):
            copy = await self._jobs.find_picture_copy(task, place, name=task.id, limit=MAX_SENT_BYTES)
            if copy is None:
                raise
            return copy.data


def _parse_words(task: Task) -> ShortenResult:
    found = parse_shorten_result(task.text_result)
    if not found.words:
        raise ActionUnsupported(lasting=True)
    return found


def _get_words(task: Task) -> str:
    """Return the prompt's words, without its parameters."""
    return parse_prompt(task.shown_prompt).words
