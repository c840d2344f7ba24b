"""The image processor runs the work of commands in the worker."""

import asyncio

import pytest

from bot.errors import MaskEmpty, UploadTypeUnsupported
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.masks import Region
from tests.pictures import draw_noise, encode


async def test_each_method_returns_or_raises_what_its_function_does() -> None:
    image_processor = ImageProcessor()
    picture = encode(draw_noise(120, 90))
    upload = await image_processor.prepare_upload(picture, name="fox.png")
    mask = await image_processor.draw_mask(Region.LEFT, (upload.width, upload.height))
    again = await image_processor.read_mask(mask.data, (120, 90), name="mask.png")
    shown = await image_processor.draw_mask_preview(picture, mask, name="fox")
    parts = await image_processor.split_grid(picture, name="fox")
    assert (picture, mask.repainted_share, "fox.jpg", 4) == (upload.data, again.repainted_share, shown.name, len(parts))
    with pytest.raises(UploadTypeUnsupported):
        await image_processor.prepare_upload(b"%PDF", name="fox.pdf")
    with pytest.raises(MaskEmpty):
        await image_processor.draw_mask(Region.LEFT, (1, 1))
    await image_processor.close()


async def test_two_people_hold_slots_one_each(image_processor: ImageProcessor) -> None:
    came: list[int] = []
    leave = asyncio.Event()

    async def bring(person_id: int) -> None:
        async with image_processor.reserve_slot(person_id):
            came.append(person_id)
            await leave.wait()

    brought = [asyncio.create_task(bring(person_id)) for person_id in (1, 1, 2, 3)]
    for _ in brought:
        await asyncio.sleep(0)
    assert came == [1, 2]
    leave.set()
    await asyncio.gather(*brought)
    assert sorted(came) == [1, 1, 2, 3]
