"""Delete a message after a confirmation; its task stays at the relay."""

import logging
from dataclasses import replace

from bot.entities import Place
from bot.features.message_permissions import MessageActor
from bot.ports import MessageEditor, Store
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


class DeleteService:
    """Deletes messages of finished tasks."""

    def __init__(self, store: Store, editor: MessageEditor, jobs: JobTracker) -> None:
        self._store = store
        self._editor = editor
        self._jobs = jobs

    async def check_permission(self, place: Place, actor: MessageActor) -> None:
        """Check that a person may delete a message, before they are asked to confirm it.

        The place of the click is saved: its token may be the only way to the message, and the click that confirms has
        a token for another message.

        Raises:
            NotOwnerOrModerator: This person may not do that.
            StoreUnavailable: It is unknown whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        actor.require_permission(known)
        if known is not None and not place.reachable:
            await self._store.update_job(replace(known, place=place))

    async def delete_message(self, place: Place, actor: MessageActor) -> None:
        """Delete a message and its row; one that is gone already is no error.

        Raises:
            NotOwnerOrModerator: This person may not do that.
            PlaceUnreachable: The bot has no access to the message, and no token for it.
            DisplayFailed: Discord did not answer.
            StoreUnavailable: It is unknown whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        if known is not None:
            # Without the row, the confirmation is proof: only a person with permission was shown it.
            actor.require_permission(known)
        self._jobs.stop_running(place.message_id)
        await self._editor.delete(place if place.reachable or known is None else known.place)
        await self._store.delete_job(place.message_id)
        log.info("Message %d is deleted.", place.message_id)
