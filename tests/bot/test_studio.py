"""All work on pixels that commands ask for comes back whole."""

import pytest

from bot.errors import MaskEmpty, UploadForeign
from bot.masks import Region
from bot.studio import Studio
from tests.pictures import encoded, noise


async def test_the_studio_does_all_of_it_and_raises_what_is_wrong() -> None:
    """Each piece comes back whole, and its errors come through."""
    studio = Studio()
    picture = encoded(noise(120, 90))
    upload = await studio.upload(picture, name="fox.png")
    mask = await studio.draw_mask(Region.LEFT, (upload.width, upload.height))
    again = await studio.read_mask(mask.data, (120, 90), name="mask.png")
    shown = await studio.preview(picture, mask, name="fox")
    parts = await studio.quarters(picture, name="fox")
    assert (picture, mask.share, "fox.jpg", 4) == (upload.data, again.share, shown.name, len(parts))
    with pytest.raises(UploadForeign):
        await studio.upload(b"%PDF", name="fox.pdf")
    with pytest.raises(MaskEmpty):
        await studio.draw_mask(Region.LEFT, (1, 1))
    await studio.close()
