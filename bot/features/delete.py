"""The use case of taking a message away: asked for, confirmed, and gone, though its task stays where it is."""

import logging
from dataclasses import replace

from bot.entities import Place
from bot.features.message_permissions import MessageActor
from bot.ports import MessageEditor, Store
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


class DeleteService:
    """Deletes messages of finished tasks."""

    def __init__(self, store: Store, display: MessageEditor, jobs: JobTracker) -> None:
        self._store = store
        self._display = display
        self._jobs = jobs

    async def check_permission(self, place: Place, hand: MessageActor) -> None:
        """Judge who wants it, before they are asked whether they are sure.

        The click's token may be all that reaches the message, and the confirmation brings none for it.

        Raises:
            NotYours: This person may not.
            StoreUnavailable: Nobody knows whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        hand.require_permission(known)
        if known is not None and not place.reachable:
            await self._store.update_job(replace(known, place=place))

    async def delete_message(self, place: Place, hand: MessageActor) -> None:
        """Delete the message and its row, quietly where either is gone; a press that it answered may open it anew.

        Raises:
            NotYours: This person may not.
            PlaceUnreachable: The bot does not reach it, and no token is left that does.
            DisplayFailed: Discord did not answer.
            StoreUnavailable: Nobody knows whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        if known is not None:
            # Where the row is lost the question, which nobody else saw, was put to somebody who may.
            hand.require_permission(known)
        self._jobs.stop_running(place.message_id)
        await self._display.delete(place if place.reachable or known is None else known.place)
        await self._store.delete_job(place.message_id)
        log.info("Message %d is deleted.", place.message_id)
