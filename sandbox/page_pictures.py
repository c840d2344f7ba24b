"""Keep serving pictures that the bot has replaced, until SimCord's page is published again.

SimCord's page shows a past state, but checks against the current channel whether a file may be served: it refuses a
file that the bot has replaced since, and the page shows an orange box in its place. (SimCord 3.2.1, pinned.)
"""

from typing import Any

from simcord import Preview, SetupError

_File = tuple[str, bytes, str]
"""What SimCord serves: content type, bytes and file name."""
_MAX_FILES = 64
"""How many files are kept: a picture of the demo has a few hundred KiB."""


class PagePictures:
    """Serves the files of the current page and of the pages published before it."""

    def __init__(self, preview: Preview) -> None:
        self._blobs = preview._blobs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._pages = preview._pages  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._authorize = preview._authorize_asset  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._prepare = preview._prepare_asset  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._kept: dict[str, _File] = {}
        preview._authorize_asset = self._authorize_kept  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        preview._prepare_asset = self._prepare_kept  # type: ignore[method-assign]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def remember(self) -> None:
        """Keep the files of the current pages, which are about to be published again.

        A busy browser may request files of a page that was published several times ago.
        """
        for page in self._pages.values():
            for one in page.assets.values():
                if one.digest in self._blobs:
                    self._kept.pop(one.id, None)
                    self._kept[one.id] = (one.contentType, self._blobs[one.digest].data, one.filename)
        while len(self._kept) > _MAX_FILES:
            del self._kept[next(iter(self._kept))]

    def _authorize_kept(self, page: Any, asset_id: str, *, content: bool = True) -> Any:  # noqa: ANN401 - SimCord's own
        try:
            return self._authorize(page, asset_id, content=content)
        except SetupError:
            record = page.assets.get(asset_id)
            if record is None or record.digest is None:
                raise
            return record

    async def _prepare_kept(self, context_id: str | None, asset_id: str, **how: Any) -> _File:  # noqa: ANN401 - passed on
        try:
            return await self._prepare(context_id, asset_id, **how)
        except SetupError:
            if asset_id not in self._kept:
                raise
            return self._kept[asset_id]
