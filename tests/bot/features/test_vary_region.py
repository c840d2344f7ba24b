"""Vary (Region) before and at its confirmation, on fakes and real pixels."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.errors import (
    AlreadyPressed,
    AnswerLost,
    DailyLimitReached,
    MaskMissing,
    ModalExpired,
    PictureTooSlow,
    PictureUnreadable,
    PlaceUnreachable,
    PressRefused,
    PromptRefused,
    RelayBusy,
    RelayError,
    ServerNotAllowed,
    SubmitOutcomeUnknown,
)
from bot.features.vary_region import RegionService
from bot.imaging.downloads.downloader import Picture
from bot.imaging.downloads.upload_slots import UploadSlots
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.masks import Region
from bot.midjourney.buttons import REPAINTED_TITLE
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Status
from bot.submissions.claims import Press, derive_claim_id
from bot.submissions.presses import PENDING_MODAL_KEY
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.image_worker import ThreadImageWorker
from tests.fakes.relay import ACCEPTED, Sent
from tests.fakes.sample_entities import CHILD, PARENT, job, task
from tests.fakes.submissions import ASKS_FOR_MODAL, claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld

REGION = "MJ::Inpaint::1::aa::SOLO"


class Shown:
    """A bot.ports.PictureSource of one picture, of so many pixels; none: a clip."""

    def __init__(self, width: int = 96, height: int = 64) -> None:
        self.size = width, height

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Draw it."""
        buffer = BytesIO()
        Image.new("RGB", (96, 64), "teal").save(buffer, "PNG")
        return Picture(buffer.getvalue(), f"{name}.png", *self.size, is_reencoded=False)

    def is_private(self, url: str) -> bool:
        """Every link is public."""
        return False


@pytest.fixture
def world() -> ServiceWorld:
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS, buttons=(Button(custom_id=REGION),))}
    return world


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncIterator[ServiceProcess]:
    async with world.process() as process:
        yield process


async def test_a_proposal_is_free_and_holds_what_will_be_sent(
    world: ServiceWorld, process: ServiceProcess, image_processor: ImageProcessor
) -> None:
    """The mask has the picture's own size; the prompt is normalized."""
    regions = RegionService(process.presses, Shown(), image_processor)
    proposal = await regions.propose_region(press(button=REGION), "a fox —ar 3:2 in snow", Region.LEFT)
    assert proposal.prompt == "a fox in snow --ar 3:2"
    assert (proposal.mask.width, proposal.mask.height, proposal.mask.repainted_share) == (96, 64, 0.5)
    assert proposal.preview.name == "preview.jpg"
    assert claim_states(world) == {}
    again = await regions.reread_mask(FakePictureInput("mask.png", proposal.mask.data))
    assert again == proposal.mask


async def test_a_proposal_without_a_region_is_refused(process: ServiceProcess, image_processor: ImageProcessor) -> None:
    """A region, or a mask, must be given."""
    with pytest.raises(MaskMissing):
        await RegionService(process.presses, Shown(), image_processor).propose_region(
            press(button=REGION), "a fox", None
        )


@pytest.mark.parametrize(
    "rules", [{"daily_submits_per_person": 0}, {"daily_submits": 0}, {"daily_submits": 0, "cooldown": timedelta(9)}]
)
@pytest.mark.parametrize("region", [Region.LEFT, FakePictureInput("mask.png")])
async def test_a_proposal_beyond_the_limits_loads_nothing(
    world: ServiceWorld, image_processor: ImageProcessor, rules: dict[str, Any], region: Region | FakePictureInput
) -> None:
    """It could not be confirmed, and others wait for the room."""
    world.allow(**rules)
    async with world.process() as process:
        regions = RegionService(process.presses, Shown(), image_processor)
        with pytest.raises(DailyLimitReached):
            await regions.propose_region(press(button=REGION), "a fox", region)
    assert not isinstance(region, FakePictureInput) or region.asked == 0


@pytest.mark.parametrize("region", list(Region)[:3])
async def test_a_slow_picture_of_the_task_ends_with_the_persons_time(process: ServiceProcess, region: Region) -> None:
    """As a slow upload does."""

    class Slow(Shown):
        async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
            await asyncio.Event().wait()
            raise AssertionError

    images = ImageProcessor(ThreadImageWorker(), UploadSlots(total_seconds=0.0))
    with pytest.raises(PictureTooSlow):
        await RegionService(process.presses, Slow(), images).propose_region(press(button=REGION), "a fox", region)
    await images.close()


async def test_a_clip_is_refused(process: ServiceProcess, image_processor: ImageProcessor) -> None:
    """It is unknown which frame is meant."""
    with pytest.raises(PictureUnreadable):
        await RegionService(process.presses, Shown(0, 0), image_processor).propose_region(
            press(button=REGION), "a fox", Region.LEFT
        )


async def test_a_person_who_may_not_spend_gets_no_preview(
    process: ServiceProcess, image_processor: ImageProcessor
) -> None:
    """Admission and the prompt are checked before any work; the mask is not even downloaded."""
    regions, mask = RegionService(process.presses, Shown(), image_processor), FakePictureInput("mine.png")
    with pytest.raises(ServerNotAllowed):
        await regions.propose_region(press(button=REGION, guild_id=99), "a fox", mask)
    with pytest.raises(PromptRefused):
        await regions.propose_region(press(button=REGION), "a fox --nonsense", mask)
    assert mask.asked == 0


async def test_a_proposal_is_paid_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its claim has its message's id: a second click, however late, finds it."""
    world.relay.outcomes = [ASKS_FOR_MODAL, ACCEPTED]
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.confirm_press(press(button=REGION), 900, "a fox", b"mask", FakePressFollowups())
    await world.clock.advance(20.0)
    assert world.relay.sent == [
        Sent("action", (PARENT, REGION), "mjbot:900"),
        Sent("modal", (CHILD, "a fox", "mask"), "mjbot:900"),
    ]
    assert claim_states(world) == {900: "accepted"}
    with pytest.raises(AlreadyPressed) as refused:
        await process.presses.confirm_press(press(101, button=REGION), 900, "a fox", b"mask", FakePressFollowups())
    assert refused.value.link
    assert len(world.relay.sent) == 2


async def test_a_mask_that_the_relay_refuses_may_be_confirmed_again(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The child is retracted, as its form would be sent without the mask later; and nothing was drawn."""
    world.relay.outcomes = [ASKS_FOR_MODAL, RelayBusy("23"), ASKS_FOR_MODAL, ACCEPTED]
    world.relay.set(task(CHILD, Status.MODAL))
    answerer = FakePressFollowups()
    await process.presses.confirm_press(press(button=REGION), 900, "a fox", b"mask", answerer)
    await world.clock.advance(10.0)
    assert [type(error) for error in answerer.refused] == [RelayBusy]
    assert (answerer.closed, answerer.marked) == ([800], [])
    assert claim_states(world) == {900: "refused"}
    assert world.store.closed == {800}
    await process.presses.confirm_press(press(101, button=REGION), 900, "a fox", b"mask", FakePressFollowups(810))
    await world.clock.advance(10.0)
    assert claim_states(world) == {900: "refused", derive_claim_id(900, 1): "accepted"}
    assert [sent.kind for sent in world.relay.sent] == ["action", "modal"] * 2


@pytest.mark.parametrize(("ends", "error"), [(ACCEPTED, AlreadyPressed), (SubmitOutcomeUnknown("lost"), AnswerLost)])
async def test_a_proposal_confirmed_after_a_refusal_is_not_paid_again(
    world: ServiceWorld, process: ServiceProcess, ends: SubmitResponse | RelayError, error: type[PressRefused]
) -> None:
    """The second confirmation belongs to the proposal as well: a third, however late, finds it."""
    world.relay.outcomes = [RelayBusy("30"), ends]
    for number in (101, 102):
        await process.presses.confirm_press(
            press(number, button=REGION), 900, "a fox", b"mask", FakePressFollowups(number)
        )
        await world.clock.advance(400.0)
    with pytest.raises(error):
        await process.presses.confirm_press(press(103, button=REGION), 900, "a fox", b"mask", FakePressFollowups())
    assert len(world.relay.accepted) == 1


async def test_a_proposal_that_is_refused_too_often_expires(world: ServiceWorld, process: ServiceProcess) -> None:
    """As many claims as one message may have show that something is wrong with it."""
    world.relay.outcomes = [RelayBusy("30")] * 9
    for number in range(101, 105):
        await process.presses.confirm_press(
            press(number, button=REGION), 900, "a fox", b"mask", FakePressFollowups(number)
        )
        await world.clock.advance(10.0)
    with pytest.raises(ModalExpired):
        await process.presses.confirm_press(press(105, button=REGION), 900, "a fox", b"mask", FakePressFollowups())
    assert len(world.relay.sent) == 4


def waiting(world: ServiceWorld, **place: Any) -> Press:  # noqa: ANN401
    """Let a child wait for its form, as a process left it that died before it sent the mask; return a press of it."""
    child = replace(job(800, CHILD), claim_id=50, parent_id=PARENT, done=REPAINTED_TITLE)
    world.store.jobs[800] = replace(child, place=replace(child.place, **place))
    world.relay.set(task(CHILD, Status.MODAL))
    return replace(press(task_id=CHILD), button_key=PENDING_MODAL_KEY)


async def test_a_child_that_waits_for_its_form_is_previewed_over_its_parents_picture(
    world: ServiceWorld, process: ServiceProcess, image_processor: ImageProcessor
) -> None:
    """Free again; its confirmation sends the form alone, with the mask, and only once."""
    asks = waiting(world)
    proposal = await RegionService(process.presses, Shown(), image_processor).propose_region(
        asks, "a fox in snow", Region.LEFT
    )
    assert (proposal.mask.width, proposal.mask.height) == (96, 64)
    assert world.relay.sent == []
    for message_id in (900, 901):
        try:
            await process.presses.confirm_press(asks, message_id, proposal.prompt, b"mask", FakePressFollowups())
        except ModalExpired:
            assert message_id == 901
        await world.clock.advance(5.0)
    assert world.relay.sent == [Sent("modal", (CHILD, "a fox in snow", "mask"), "mjbot:900")]
    assert world.store.jobs[800].form_sent


async def test_a_refused_mask_may_be_submitted_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing was billed: the child still waits."""
    asks = waiting(world)
    world.relay.outcomes = [RelayBusy("saturated"), ACCEPTED]
    answerer = FakePressFollowups()
    await process.presses.confirm_press(asks, 900, "a fox", b"mask", answerer)
    await world.clock.advance(5.0)
    assert [type(error) for error in answerer.refused] == [RelayBusy]
    assert answerer.closed == []
    assert not world.store.jobs[800].form_sent
    assert claim_states(world) == {900: "refused"}
    await process.presses.confirm_press(replace(asks, interaction_id=902), 900, "a fox", b"mask", answerer)
    await world.clock.advance(5.0)
    assert claim_states(world) == {900: "refused", derive_claim_id(900, 1): "accepted"}
    assert [sent.kind for sent in world.relay.accepted] == ["modal"]


async def test_a_child_whose_message_cannot_be_reached_is_not_paid(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Private, and its token expired; or no longer known."""
    asks = waiting(world, reachable=False, ephemeral=True, token_expires_at=world.clock.now())
    with pytest.raises(PlaceUnreachable):
        await process.presses.confirm_press(asks, 900, "a fox", b"mask", FakePressFollowups())
    world.store.jobs.clear()
    with pytest.raises(ModalExpired):
        await process.presses.confirm_press(asks, 900, "a fox", b"mask", FakePressFollowups())
    assert world.relay.sent == []
    assert claim_states(world) == {}
