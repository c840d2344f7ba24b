"""Answer the submits that start from a prompt or a picture, with the upstream's checks of their fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from aiohttp import web

from sandbox.pictures import (
    Film,
    Motion,
    Shot,
    aspect_of,
    blend_photos,
    compose_shots,
    edit_photo,
    open_photo,
    swap_faces,
    use_photo,
)
from sandbox.relay.answers import midjourney_error, submit_answer
from sandbox.relay.submits.submit_fields import Submit, as_list, decode_picture
from sandbox.relay.submits.upstream_queue import UpstreamQueue
from sandbox.relay.tasks.button_results import extend_clip, redraw_alike
from sandbox.relay.tasks.midjourney_texts import DESCRIPTION, describe_picture, shorten_prompt
from sandbox.relay.tasks.upstream_task import Draw, Plan

_SHAPES = {"PORTRAIT": 2 / 3, "LANDSCAPE": 3 / 2}
_MAX_UPLOADS = 32
_BAD_PICTURE = "base64格式错误"


class Commands:
    """The routes imagine, blend, describe, shorten, edits, swap, video and upload."""

    def __init__(self, queue: UpstreamQueue, url: Callable[[], str]) -> None:
        self.uploads: dict[str, bytes] = {}
        self._queue = queue
        self._url = url

    def imagine(self, submit: Submit) -> web.Response:
        """Draw a prompt; one reference picture is edited, several are blended."""
        prompt = submit.text("prompt")
        if not prompt:
            return midjourney_error("prompt_is_required")
        photos = submit.photos("base64Array")
        if photos is None or as_list(submit.body.get("base64Array") or []) is None:
            return _refuse_fields(_BAD_PICTURE)
        draw: Draw = partial(compose_shots, prompt)
        if len(photos) == 1:
            draw = partial(edit_photo, photos[0], prompt)
        elif photos:
            draw = partial(blend_photos, photos, aspect_of(prompt))
        return self._queue.take(submit, prompt, Plan("grid", draw))

    def blend(self, submit: Submit) -> web.Response:
        """Blend two to five pictures."""
        pictures = as_list(submit.body.get("base64Array"))
        if pictures is None or not 2 <= len(pictures) <= 5:
            return _refuse_fields("base64List参数错误")
        photos = submit.photos("base64Array")
        if photos is None:
            return _refuse_fields(_BAD_PICTURE)
        wide = _SHAPES.get(submit.text("dimensions"), 1.0)
        return self._queue.take(submit, "", Plan("grid", partial(blend_photos, photos, wide)))

    def describe(self, submit: Submit) -> web.Response:
        """Describe an uploaded picture, or the picture at a link."""
        if link := submit.text("link"):
            shot = self.shot_at(link) or compose_shots("fox in snow", link)[0]
            return self._queue.take(submit, "", Plan("describe", lambda _: (shot,)), final=DESCRIPTION)
        photo = submit.photo("base64")
        if photo is None:
            return _refuse_fields("base64不能为空")
        return self._queue.take(
            submit, "", Plan("describe", lambda _: (use_photo(photo),)), final=describe_picture(photo)
        )

    def shorten(self, submit: Submit) -> web.Response:
        """Rank the words of a prompt."""
        prompt = submit.text("prompt")
        if not prompt:
            return _refuse_fields("prompt不能为空")
        return self._queue.take(submit, prompt, Plan("shorten", lambda _: ()), final=shorten_prompt(prompt))

    def edits(self, submit: Submit) -> web.Response:
        """Edit a picture as a prompt says."""
        prompt = submit.text("prompt")
        if not prompt or not submit.text("image"):
            return _refuse_fields("参数错误")
        photo = submit.photo("image")
        if photo is not None:
            return self._queue.take(submit, prompt, Plan("grid", partial(edit_photo, photo, prompt)))
        if (base := self.shot_at(submit.text("image"))) is None:
            return _refuse_fields(_BAD_PICTURE)

        def draw(seed: str) -> tuple[Shot, ...]:
            return tuple(
                replace(base, palette=new.palette, subject=new.subject or base.subject, detail=new.detail)
                for new in compose_shots(prompt, seed)
            )

        return self._queue.take(submit, prompt, Plan("grid", draw))

    def swap(self, submit: Submit) -> web.Response:
        """Put the face of one picture into another."""
        if not submit.text("sourceBase64") or not submit.text("targetBase64"):
            return midjourney_error("sour_base64_and_target_base64_is_required")
        source, target = submit.photo("sourceBase64"), submit.photo("targetBase64")
        if source is None or target is None:
            return _refuse_fields(_BAD_PICTURE)
        plan = Plan("face", lambda _: (swap_faces(source, target),))
        return self._queue.take(replace(submit, action="SWAP_FACE"), "InsightFace", plan)

    def upload(self, submit: Submit) -> web.Response:
        """Store pictures and return their URLs."""
        files = [decode_picture(picture) for picture in as_list(submit.body.get("base64Array")) or ()]
        if not files or submit.photos("base64Array") is None:
            return submit_answer(4, _BAD_PICTURE, None)
        names: list[str] = []
        for file in files:
            name = f"{self._queue.table.new_id(submit.now)}.png"
            self.uploads[name] = file or b""
            names.append(f"{self._url()}/upload/{name}")
        while len(self.uploads) > _MAX_UPLOADS:
            del self.uploads[next(iter(self.uploads))]
        self._queue.bill(submit, "")
        return submit_answer(1, "success", names)

    def video(self, submit: Submit) -> web.Response:
        """Animate a picture, or extend a clip."""
        index = submit.body.get("index", 0)
        if not isinstance(index, int):
            return midjourney_error("bind_request_body_failed")
        prompt = submit.text("prompt")
        motion: Motion = "high" if submit.text("motion") == "high" else "low"
        if submit.text("taskId"):
            parent = self._queue.find_parent(submit)
            shots = parent.task.shots[index % 4 :][:1]
            if parent.task.result not in {"video", "clip"} or not shots:
                return _refuse_fields("参数错误")
            plan = Plan("video", lambda seed: redraw_alike(shots[0], seed), extend_clip(parent.task.plan.film, motion))
            return self._queue.take(submit, prompt or parent.prompt, plan)
        photo = submit.photo("image")
        base = use_photo(photo) if photo else self.shot_at(submit.text("image"))
        if not submit.text("image") or base is None:
            return _refuse_fields("参数错误")
        last = submit.photo("endImage")
        end = use_photo(last) if last else self.shot_at(submit.text("endImage"))
        film = Film(motion, loop=submit.body.get("loop") is True, end=end)
        count = submit.body.get("batchSize")
        clips = count if isinstance(count, int) and count in {1, 2} else 4
        final = f"{prompt} --video 1 --motion {motion}".strip()
        return self._queue.take(
            submit, prompt, Plan("video", lambda seed: redraw_alike(base, seed)[:clips], film), final=final
        )

    def shot_at(self, link: str) -> Shot | None:
        """Return the picture at a link: one of the relay, or one composed from another URL; None for no URL."""
        if found := re.search(r"/(?:mj/image|picture)/(\d+)(?:/(\d)\.png)?(?:$|\?)", link):
            row = self._queue.table.first(found[1])
            shots = row.task.shots if row else ()
            number = int(found[2] or 0)
            return shots[number] if number < len(shots) else None
        if found := re.search(r"/upload/([\w.]+)$", link):
            photo = open_photo(self.uploads.get(found[1], b""))
            return use_photo(photo) if photo else None
        return compose_shots(link, link)[0] if link.startswith(("http://", "https://")) else None


def _refuse_fields(description: str) -> web.Response:
    return submit_answer(4, description, None, {})
