"""The other way to what a button does, where a relay refuses the button: another submit, or nothing but showing."""

from bot.entities import Place
from bot.errors import ActionUnsupported, PictureError, PictureGone, PictureTooLarge, PictureUnreadable
from bot.imaging.downloader import DISCORD_FILE_LIMIT, build_file_name
from bot.imaging.upload_validation import MAX_SENT_BYTES
from bot.midjourney.buttons import ButtonAction, FallbackKind, name_button
from bot.midjourney.prompt_parser import parse_prompt
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import ShortenResult, find_numbered_line, parse_shorten_result
from bot.ports import PictureSource, PressFollowups
from bot.relay.requests import Change, Describe, Extend, Imagine, SubmitRequest, Video
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION
from bot.tracking.tracker import JobTracker

MAX_DESCRIPTION_LINES = MAX_SUBMITS_PER_INTERACTION
"""As many readings as Midjourney gives of a picture, and draws for "Imagine all": no click has claims for more."""


def list_description_lines(task: Task) -> tuple[str, ...]:
    """Return the lines that a description holds, in the order of their numbers."""
    found = (find_numbered_line(task.text_result, number) for number in range(1, MAX_DESCRIPTION_LINES + 1))
    return tuple(line for line in found if line)


class FallbackRequests:
    """Finds what to submit, or shows what need not be submitted."""

    def __init__(self, pictures: PictureSource, jobs: JobTracker) -> None:
        self._pictures = pictures
        self._jobs = jobs

    async def build_request(self, action: ButtonAction, task: Task, prompt: str, pressed: Place) -> SubmitRequest:
        """Return the submit that does the same; `prompt` is what a form, or a line that was read, asks for.

        `pressed` is the message whose button it is: it may show the task's picture after the link has died.

        Raises:
            ActionUnsupported: The task lacks what that takes.
            PictureError: Its picture cannot be had.
        """
        match action.fallback:
            case FallbackKind.CHANGE:
                return Change(task_id=task.id, action=action.new_api_action, index=action.index)
            case FallbackKind.VIDEO if task.picture_url and not task.first_clip_url:
                motion = action.motion
                return Video(
                    prompt=_said(task) or motion.default_prompt,
                    image=await self._first_frame(task, pressed),
                    motion=motion,
                )
            case FallbackKind.EXTEND:
                motion = action.motion
                at = action.index - 1 if 1 <= action.index <= len(task.clip_urls) else 0
                return Extend(task_id=task.id, index=at, prompt=_said(task) or motion.default_prompt, motion=motion)
            case FallbackKind.DESCRIBE if task.picture_url:
                return Describe(picture=await self._picture(task, pressed))
            case FallbackKind.IMAGINE if line := prompt or find_numbered_line(task.text_result, action.index):
                return Imagine(prompt=line)
            case FallbackKind.IMAGINE_ALL if prompt:
                return Imagine(prompt=prompt)
            case _:
                raise ActionUnsupported(lasting=True)

    async def show_without_submit(
        self, action: ButtonAction, task: Task, button: Button, answerer: PressFollowups
    ) -> None:
        """Show what the button leads to, unpaid.

        Raises:
            ActionUnsupported: The task does not hold it.
        """
        if action.fallback is FallbackKind.SHOW_TEXT:
            await answerer.send_shortened_prompt(name_button(button), task, _words(task))
            return
        if not 1 <= action.index <= len(task.clip_urls):
            raise ActionUnsupported(lasting=True)
        link = task.clip_urls[action.index - 1]
        name = build_file_name(task.shown_prompt, f"{task.id}_{action.index}")
        try:
            clip = await self._pictures.fetch(link, name=name, limit=DISCORD_FILE_LIMIT)
        except PictureError:
            clip = None
        await answerer.send_clip(name_button(button), task, link, clip)

    async def _first_frame(self, task: Task, pressed: Place) -> bytes | str:
        """Return a task's picture, or the link to it where its host keeps it from us, or it is more than we carry."""
        try:
            return await self._picture(task, pressed)
        except (PictureTooLarge, PictureUnreadable):
            return task.picture_url

    async def _picture(self, task: Task, pressed: Place) -> bytes:
        """Return a task's picture; where its link is dead, the copy that a message of ours keeps."""
        try:
            return (await self._pictures.fetch(task.picture_url, name=task.id, limit=MAX_SENT_BYTES)).data
        except PictureGone:
            copy = await self._jobs.find_picture_copy(task, pressed, name=task.id, limit=MAX_SENT_BYTES)
            if copy is None:
                raise
            return copy.data


def _words(task: Task) -> ShortenResult:
    found = parse_shorten_result(task.text_result)
    if not found.words:
        raise ActionUnsupported(lasting=True)
    return found


def _said(task: Task) -> str:
    return parse_prompt(task.shown_prompt).words
