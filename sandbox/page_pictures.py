"""Pictures that the bot has replaced stay to be seen on SimCord's page until it is published anew.

SimCord's page is a picture of a moment, but whether a file may be seen is asked of the living channel: what the bot has
replaced since then is refused, and an orange box says so in its place. (SimCord 3.2.1, pinned.)
"""

from typing import Any

from simcord import Preview, SetupError

_File = tuple[str, bytes, str]
"""What SimCord serves: the type, the bytes and the name."""
_MOST = 64
"""How many files are kept: a demo's picture has some hundred KiB."""


class PagePictures:
    """Serves what a page shows, and what those before it showed, to whom looks at them."""

    def __init__(self, preview: Preview) -> None:
        self._blobs = preview._blobs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._pages = preview._pages  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._authorize = preview._authorize_asset  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._prepare = preview._prepare_asset  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._before: dict[str, _File] = {}
        preview._authorize_asset = self._authorized  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        preview._prepare_asset = self._prepared  # type: ignore[method-assign]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def remember(self) -> None:
        """Keep the files of the pages as they stand, which are about to be published anew.

        A browser that is busy may ask for what it was shown some publications ago.
        """
        for page in self._pages.values():
            for one in page.assets.values():
                if one.digest in self._blobs:
                    self._before.pop(one.id, None)
                    self._before[one.id] = (one.contentType, self._blobs[one.digest].data, one.filename)
        while len(self._before) > _MOST:
            del self._before[next(iter(self._before))]

    def _authorized(self, page: Any, asset_id: str, *, content: bool = True) -> Any:  # noqa: ANN401 - SimCord's own
        try:
            return self._authorize(page, asset_id, content=content)
        except SetupError:
            record = page.assets.get(asset_id)
            if record is None or record.digest is None:
                raise
            return record

    async def _prepared(self, context_id: str | None, asset_id: str, **how: Any) -> _File:  # noqa: ANN401 - passed on
        try:
            return await self._prepare(context_id, asset_id, **how)
        except SetupError:
            if asset_id not in self._before:
                raise
            return self._before[asset_id]
