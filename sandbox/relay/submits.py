"""Take submits as new-api does: its middleware first, then whichever command or press the path names."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from sandbox.relay.answers import Refused, openai_error, panic
from sandbox.relay.commands import Commands
from sandbox.relay.custom_ids import Panic, UnknownAction, normal_action
from sandbox.relay.desk import Desk
from sandbox.relay.presses import CHANGES, Presses
from sandbox.relay.request import Body, Pictures, Submit
from sandbox.relay.settings import RelaySettings

_MODELS = {"swap": "swap_face", "upload": "mj_upload"}


class Submits:
    """The submit half of the relay."""

    def __init__(self, settings: RelaySettings, desk: Desk, url: Callable[[], str]) -> None:
        self._settings = settings
        commands, presses = Commands(desk, url), Presses(desk)
        self.uploads = commands.uploads
        self._routes: dict[str, Callable[[Submit], web.Response]] = {
            "imagine": commands.imagine,
            "blend": commands.blend,
            "describe": commands.describe,
            "shorten": commands.shorten,
            "video": commands.video,
            "edits": commands.edits,
            "swap": commands.swap,
            "upload": commands.upload,
            "change": presses.change,
            "action": presses.change,
            "modal": presses.modal,
        }

    def take(self, route: str, path: str, body: Body, pictures: Pictures, now: float) -> web.Response:
        """Return the answer to one submit; Refused carries those that never reach the upstream."""
        action, custom_id = self._middleware(route, body)
        if custom_id:
            body = {**body, "customId": custom_id}
        submit = Submit(path=path, body=body, action=action, now=now, pictures=pictures)
        return self._routes[route](submit)

    def _middleware(self, route: str, body: Body) -> tuple[str, str]:
        action, custom_id = route.upper(), ""
        if route == "action":
            custom_id = str(body.get("customId") or "")
            try:
                action, _ = normal_action(custom_id, self._settings.refuses)
            except UnknownAction as error:
                raise Refused(openai_error(400, f"Invalid request, {error}")) from None
            except Panic:
                raise Refused(panic()) from None
        elif route in {"change", "simple-change"}:
            # new-api takes the one for the other, and finds no action in it.
            action = str(body.get("action") or "")
        model = _MODELS.get(route, f"mj_{action.lower()}")
        no_action = route in {"change", "simple-change"} and action not in CHANGES
        if model in self._settings.missing_models or no_action:
            text = f"当前分组 drawing 下对于模型 {model} 无可用渠道"
            raise Refused(openai_error(503, text, code="model_not_found"))
        return action, custom_id
