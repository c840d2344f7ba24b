"""Take submits as new-api does: its middleware first, then whichever command or press the path names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from aiohttp import web

from sandbox.relay.answers import RequestRefused, empty_answer, midjourney_error
from sandbox.relay.error_texts import ErrorTexts
from sandbox.relay.settings import RelaySettings
from sandbox.relay.submits.commands import Commands
from sandbox.relay.submits.custom_ids import RelayPanic, UnknownAction, parse_custom_id
from sandbox.relay.submits.presses import CHANGES, Presses
from sandbox.relay.submits.proxy_submits import ProxySubmits
from sandbox.relay.submits.submit_fields import Submit
from sandbox.relay.submits.upstream_queue import UpstreamQueue

Upstream = Literal["up", "unreachable", "refuses"]
"""What is behind new-api: a proxy that answers, one that does not, one that takes new-api's secret for a wrong one."""

_MODELS = {"swap": "swap_face", "upload": "mj_upload"}


class Submits:
    """The submit half of the relay."""

    def __init__(self, settings: RelaySettings, queue: UpstreamQueue, url: Callable[[], str]) -> None:
        self.upstream: Upstream = "up"
        self._settings = settings
        self._error_texts = ErrorTexts(settings.software)
        self._proxy = ProxySubmits(queue, url) if settings.is_proxy else None
        commands, presses = Commands(queue, url), Presses(queue)
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

    def take(self, route: str, submit: Submit) -> web.Response:
        """Return the answer to one submit; Refused carries those that never reach the upstream."""
        if self._proxy is not None:
            return self._proxy.take(route, submit)
        action, custom_id = self._middleware(route, submit)
        if custom_id:
            submit = replace(submit, body={**submit.body, "customId": custom_id})
        self.check_upstream()
        return self._routes[route](replace(submit, action=action))

    def check_upstream(self) -> None:
        """Refuse where the upstream does: it cannot be reached, or takes new-api's own secret for a wrong one."""
        if self.upstream == "unreachable":
            raise RequestRefused(midjourney_error("do_request_failed", 5))
        if self.upstream == "refuses":
            raise RequestRefused(empty_answer(401))

    def _middleware(self, route: str, submit: Submit) -> tuple[str, str]:
        action, custom_id = route.upper(), ""
        if route == "action":
            custom_id = submit.text("customId")
            try:
                action, _ = parse_custom_id(custom_id, self._settings.refused_actions)
            except UnknownAction as error:
                raise RequestRefused(self._error_texts.unknown_action(str(error))) from None
            except RelayPanic:
                raise RequestRefused(self._error_texts.crash()) from None
        elif route in {"change", "simple-change"}:
            # new-api takes the one for the other, and finds no action in it.
            action = submit.text("action")
        model = _MODELS.get(route, f"mj_{action.lower()}")
        if not submit.key.allows(model):
            raise RequestRefused(self._error_texts.refuse_model(model))
        no_action = route in {"change", "simple-change"} and action not in CHANGES
        if model in self._settings.missing_models or no_action or not submit.key.is_served:
            group = submit.key.group if self._settings.is_recorded else "drawing"
            raise RequestRefused(self._error_texts.no_channel(group, model))
        return action, custom_id
