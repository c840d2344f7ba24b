"""Format the links to a task's pictures and clips as text, and say why its message shows none. Pure."""

import re

from bot.errors import PictureUnavailable
from bot.midjourney.task import Task
from bot.scene import FileRefusal, PictureLink, Scene
from cogs.languages import _, join_sentences
from cogs.text import limits
from cogs.text.markdown import sanitize_link
from cogs.text.picture_errors import describe_file_refusal, describe_picture_refusal

_PICTURES_LENGTH = 1500
"""How many characters the links to the pictures of a task may take."""
_MOVING_FILE = re.compile(r"\.(?:mp4|webm|webp|gif)(?:$|[?#])", re.IGNORECASE)
"""The end of a link or a name of what may move; Discord's own results of videos are animated WebP."""


def link_clips(scene: Scene, task: Task) -> list[str]:
    """Link the clips that are not attached as files, unless their links are dead."""
    if scene.picture_link is PictureLink.DEAD:
        return []
    attached = [number for number, clip in enumerate(scene.clips, 1) if clip is not None]
    links = {number: link for number, url in enumerate(task.clip_urls[:4], 1) if (link := sanitize_link(url))}
    shown = [
        _("[clip {number}]({link})").format(number=number, link=link)
        for number, link in links.items()
        if number not in attached
    ]
    return [" · ".join(shown)] if shown else []


def link_pictures(task: Task) -> tuple[str, ...]:
    """Link the pictures that a relay gives without a grid, as the message shows only the first, or beside clips."""
    clips = task.clip_urls
    urls = [url for url in task.image_urls if url not in clips]
    if not urls or (len(urls) == 1 and not clips) or task.image_url not in {"", task.image_urls[0]}:
        return ()
    links = ((number, sanitize_link(url)) for number, url in enumerate(urls, 1))
    shown = limits.join_fitting(
        (_("[picture {number}]({link})").format(number=number, link=link) for number, link in links if link),
        _PICTURES_LENGTH,
        " · ",
    )
    return (shown,) if shown else ()


def describe_missing_clip(scene: Scene, task: Task) -> tuple[str, ...]:
    """Say that the relay gives only a picture of a clip, if the picture itself doesn't move."""
    if not task.is_video or task.first_clip_url or not task.picture_url or scene.is_picture_pending:
        return ()
    if _MOVING_FILE.search(task.picture_url) or (scene.picture and _MOVING_FILE.search(scene.picture.name)):
        return ()
    return (_("The service provides no link to the clip, only this picture."),)


def link_drawn(task: Task) -> tuple[str, ...]:
    """Link the picture of a task that a relay calls failed although it was finished, as its buttons show."""
    link = sanitize_link(task.picture_url) if any(button.custom_id for button in task.buttons) else None
    return (_("It was drawn all the same: [the picture]({link})").format(link=link),) if link else ()


def link_last_picture(task: Task | None) -> tuple[str, ...]:
    """Link the last picture of a task whose relay doesn't say that it is only a preview."""
    if task is None or task.progress not in {None, 100}:
        return ()
    link = sanitize_link(task.picture_url)
    return (_("[The last picture]({link})").format(link=link),) if link else ()


def is_pressable(task: Task) -> bool:
    """Return whether the relay gave buttons that can be pressed."""
    return any(button.custom_id for button in task.buttons)


def describe_missing_picture(scene: Scene, task: Task) -> tuple[str, ...]:
    """Explain why the message shows no picture, if it shows none; what follows the first line are links."""
    if scene.file_refusal is not None:
        return _describe_refused_file(scene, task, scene.file_refusal)
    if scene.picture_link is PictureLink.DEAD and scene.picture is None:
        return (_describe_dead_link(task),)
    if scene.picture_refusal is not None:
        return (_describe_host_refusal(scene, task, scene.picture_refusal),)
    linked = sanitize_link(task.picture_url) and scene.picture_link is PictureLink.WORKING
    if scene.picture or any(scene.clips) or linked:
        return ()
    if scene.is_picture_pending:
        return (_("The clips are on their way.") if task.first_clip_url else _("The picture is on its way."),)
    if task.picture_url:
        return (_("Still loading. Press **Refresh**."),)
    if task.is_video:
        return (_("The service provides no links to clips."),)
    return () if task.text_result else (_("The service hasn't delivered the picture."),)


def _describe_dead_link(task: Task) -> str:
    expired = _("The link to the picture has expired, as such links do after a day.")
    return join_sentences(expired, _("The buttons may still work.") if is_pressable(task) else "")


def _describe_refused_file(scene: Scene, task: Task, refusal: FileRefusal) -> tuple[str, ...]:
    """Say why Discord does not take the files, and link what they hold; clips have links of their own."""
    is_clip = bool(task.first_clip_url)
    reason = describe_file_refusal(refusal, "clips" if is_clip else "picture")
    if scene.picture_link is PictureLink.DEAD:
        return (join_sentences(reason, _describe_dead_link(task)),)
    link = sanitize_link(task.picture_url) if scene.picture_link is not PictureLink.PRIVATE else None
    if link is None:
        return (join_sentences(reason, _("It has no link that you could open. Press **Refresh** to try again.")),)
    linked = _("[Open the picture]({link}) while its link works, usually for a day.").format(link=link)
    return (reason,) if is_clip else (reason, linked)


def _describe_host_refusal(scene: Scene, task: Task, refusal: PictureUnavailable) -> str:
    """Say why the host's files are missing, link the picture if people may open it, and say what happens next."""
    link = sanitize_link(task.picture_url) if scene.picture_link is PictureLink.REFUSED else None
    linked = _("[Open the picture]({link}).").format(link=link) if link and not task.first_clip_url else ""
    if scene.is_picture_pending:
        then = _("I'm trying again for a few minutes.")
    else:
        then = _("Press **Refresh** to try again.")
    return join_sentences(describe_picture_refusal(refusal), linked, then)
