"""Answer submits as new-api does: the middleware first, then the command or press of the route."""

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
"""The proxy behind new-api: it answers, it is unreachable, or it refuses new-api's secret."""

_MODELS = {"swap": "swap_face", "upload": "mj_upload"}


class Submits:
    """The submit routes of the relay."""

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
        """Answer a submit to one of the routes by its name.

        Raises:
            RequestRefused: new-api refuses the submit, or its upstream does not answer.
        """
        if self._proxy is not None:
            return self._proxy.take(route, submit)
        action, custom_id = self._check_middleware(route, submit)
        if custom_id:
            submit = replace(submit, body={**submit.body, "customId": custom_id})
        self.check_upstream()
        return self._routes[route](replace(submit, action=action))

    def check_upstream(self) -> None:
        """Raise RequestRefused if the upstream is unreachable or refuses new-api's secret."""
        if self.upstream == "unreachable":
            raise RequestRefused(midjourney_error("do_request_failed", 5))
        if self.upstream == "refuses":
            raise RequestRefused(empty_answer(401))

    def _check_middleware(self, route: str, submit: Submit) -> tuple[str, str]:
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
            # new-api treats simple-change as change, and finds no action in it.
            action = submit.text("action")
        model = _MODELS.get(route, f"mj_{action.lower()}")
        if not submit.key.allows(model):
            raise RequestRefused(self._error_texts.refuse_model(model))
        no_action = route in {"change", "simple-change"} and action not in CHANGES
        if model in self._settings.missing_models or no_action or not submit.key.is_served:
            group = submit.key.group if self._settings.is_recorded else "drawing"
            raise RequestRefused(self._error_texts.no_channel(group, model))
        return action, custom_id
