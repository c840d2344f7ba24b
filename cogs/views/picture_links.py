"""Format the links to a task's pictures and clips that its message shows as text. Pure."""

import re

from bot.midjourney.task import Task
from bot.scene import Scene
from cogs.text import limits
from cogs.text.markdown import sanitize_link

_PICTURES_LENGTH = 1500
"""How many characters the links to the pictures of a task may take."""
_MOVING_FILE = re.compile(r"\.(?:mp4|webm|webp|gif)(?:$|[?#])", re.IGNORECASE)
"""The end of a link or a name of what may move; Discord's own results of videos are animated WebP."""


def link_clips(scene: Scene, task: Task) -> list[str]:
    """Link the clips that are not attached as files."""
    attached = [number for number, clip in enumerate(scene.clips, 1) if clip is not None]
    links = {number: link for number, url in enumerate(task.clip_urls[:4], 1) if (link := sanitize_link(url))}
    shown = [f"[clip {number}]({link})" for number, link in links.items() if number not in attached]
    return [" · ".join(shown)] if shown else []


def link_pictures(task: Task) -> tuple[str, ...]:
    """Link the pictures that a relay gives without a grid, as the message shows only the first, or beside clips."""
    clips = task.clip_urls
    urls = [url for url in task.image_urls if url not in clips]
    if not urls or (len(urls) == 1 and not clips) or task.image_url not in {"", task.image_urls[0]}:
        return ()
    links = ((number, sanitize_link(url)) for number, url in enumerate(urls, 1))
    shown = limits.join_fitting(
        (f"[picture {number}]({link})" for number, link in links if link), _PICTURES_LENGTH, " · "
    )
    return (shown,) if shown else ()


def describe_missing_clip(scene: Scene, task: Task) -> tuple[str, ...]:
    """Say that the relay gives only a picture of a clip, if the picture itself doesn't move."""
    if not task.is_video or task.first_clip_url or not task.picture_url or scene.is_picture_pending:
        return ()
    if _MOVING_FILE.search(task.picture_url) or (scene.picture and _MOVING_FILE.search(scene.picture.name)):
        return ()
    return ("The service provides no link to the clip, only this picture.",)


def link_drawn(task: Task) -> tuple[str, ...]:
    """Link the picture of a task that a relay calls failed although it was finished, as its buttons show."""
    link = sanitize_link(task.picture_url) if any(button.custom_id for button in task.buttons) else None
    return (f"It was drawn all the same: [the picture]({link})",) if link else ()


def link_last_picture(task: Task | None) -> tuple[str, ...]:
    """Link the last picture of a task whose relay doesn't say that it is only a preview."""
    if task is None or task.progress not in {None, 100}:
        return ()
    link = sanitize_link(task.picture_url)
    return (f"[The last picture]({link})",) if link else ()
