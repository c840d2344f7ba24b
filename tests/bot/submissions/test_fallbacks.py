"""A button that the relay refuses goes through its fallback, under the same claim, and is paid once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot.entities import Claim, ClaimState, CostKind, Usage
from bot.errors import (
    ActionUnsupported,
    DailyLimitReached,
    NotTheRequester,
    ParentGone,
    ParentUnchangeable,
    PictureError,
    PictureGone,
    PictureTooLarge,
    PictureUnavailable,
    PictureUnreadable,
    PromptChangeUnsupported,
    PromptRefused,
    RelayBusy,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.capabilities import BUTTONS_CAPABILITY, find_refusal_reason, name_capability, summarize_refusals
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Status, Task
from bot.submissions.claims import derive_claim_id
from bot.tracking.offered_buttons import add_offered_buttons, build_offered_buttons
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.crash_points import Steps
from tests.fakes.relay import Sent
from tests.fakes.sample_entities import MINH, PARENT, place, task, viewer
from tests.fakes.store import FakeStore
from tests.fakes.submissions import ASKS_FOR_MODAL, claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld

NO = ActionUnsupported("unknown_action", lasting=True)
ANIMATE = "MJ::JOB::animate_high::1::aa::SOLO"
EXTEND = "MJ::JOB::animate_low_extend::1::aa::SOLO"
READ = "MJ::Job::PicReader::2"
ALL = "MJ::Job::PicReader::all"
AGAIN = "MJ::Picread::Retry"
SHORTER = "MJ::Job::PromptAnalyzer::1"
DETAILS = "MJ::Job::PromptAnalyzerDetails"
CLIP = "MJ::JOB::video_virtual_upscale::2::aa"
LINES = "1️⃣ a fox --ar 1:1\n\n2️⃣ two foxes\n\n3️⃣ three foxes\n\n4️⃣ four foxes"
SHORTENED = "**a fox**, in ~~very~~ deep snow\n\n1️⃣ a fox in snow\n\n2️⃣ a fox"
CLIPS = tuple(f"https://cdn.test/{n}.mp4" for n in range(4))
PICTURE = f"https://cdn.test/{PARENT}.png"


def parent(button: str) -> Task:
    """Make the finished task that has the button."""
    more: dict[str, Any] = {"buttons": (Button(custom_id=button),), "prompt": "a lighthouse --ar 3:2"}
    if button in {READ, ALL, AGAIN}:
        more |= {"action": "DESCRIBE", "properties": {"finalPrompt": LINES}}
    if button in {SHORTER, DETAILS}:
        more |= {"action": "SHORTEN", "properties": {"finalPrompt": SHORTENED}}
    if button == CLIP or "_extend::" in button:
        more |= {"action": "VIDEO", "video_urls": CLIPS}
    return task(status=Status.SUCCESS, **more)


@pytest.fixture
def world() -> ServiceWorld:
    return ServiceWorld()


def accepted(*ids: str) -> list[SubmitResponse]:
    return [SubmitResponse(code=1, result=one) for one in ids]


async def pressed(
    world: ServiceWorld, process: ServiceProcess, button: str, *, prompt: str | None = None
) -> FakePressFollowups:
    """Press the button of a task that has it, to the end of its submit."""
    world.store.snapshots[PARENT] = parent(button)
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=button), followups, prompt=prompt)
    await world.clock.advance(1.0)
    return followups


PAID = [
    (ANIMATE, None, "video", ("a lighthouse", str(len(PICTURE)), "high")),
    (EXTEND, None, "video", ("a lighthouse", "low", "extend", PARENT, "0")),
    (EXTEND.replace("::1::", "::3::"), None, "video", ("a lighthouse", "low", "extend", PARENT, "2")),
    (EXTEND.replace("::1::", "::9::"), None, "video", ("a lighthouse", "low", "extend", PARENT, "0")),
    (EXTEND.replace("::1::", "::"), None, "video", ("a lighthouse", "low", "extend", PARENT, "0")),
    (READ, None, "imagine", ("MID_JOURNEY", "two foxes")),
    (READ, "two wolves —ar 3:2", "imagine", ("MID_JOURNEY", "two wolves --ar 3:2")),
    (SHORTER, None, "imagine", ("MID_JOURNEY", "a fox in snow")),
    (AGAIN, None, "describe", ("MID_JOURNEY", str(len(PICTURE)))),
]


@pytest.mark.parametrize(("button", "prompt", "kind", "words"), PAID)
async def test_refused_button_is_done_by_its_fallback(
    world: ServiceWorld, process: ServiceProcess, button: str, prompt: str | None, kind: str, words: tuple[str, ...]
) -> None:
    """One claim, one child; the capability is remembered, and the button not grayed."""
    world.relay.outcomes = [NO, *accepted("9001")]
    followups = await pressed(world, process, button, prompt=prompt)
    assert world.relay.sent[1:] == [Sent(kind, words, "mjbot:100")]
    assert claim_states(world) == {100: "accepted"}
    assert world.store.jobs[800].task_id == "9001"
    assert set(world.store.missing_capabilities) == {name_capability(button)}
    assert find_refusal_reason(button, followups.marked[-1].missing_capabilities) is None


@pytest.mark.parametrize(("button", "prompt", "kind", "words"), PAID)
async def test_button_known_to_be_refused_is_not_sent(
    world: ServiceWorld, process: ServiceProcess, button: str, prompt: str | None, kind: str, words: tuple[str, ...]
) -> None:
    """The first request is the fallback."""
    await learnt(world, button)
    world.relay.outcomes = [*accepted("9001")]
    await pressed(world, process, button, prompt=prompt)
    assert world.relay.sent == [Sent(kind, words, "mjbot:100")]


@pytest.mark.parametrize("button", [ANIMATE, AGAIN])
@pytest.mark.parametrize("failure", [PictureGone(PICTURE), PictureUnavailable(PICTURE, status=403)])
async def test_failing_picture_link_is_replaced_by_the_copy_on_the_pressed_message(
    world: ServiceWorld, process: ServiceProcess, button: str, failure: PictureError
) -> None:
    """The picture attached to the message itself is sent, as its link is renewed."""
    world.pictures.failures[PICTURE] = failure
    world.editor.links[700] = "https://cdn.test/attachments/5/1/copy-of-it.png"
    world.relay.outcomes = [NO, *accepted("9001")]
    await pressed(world, process, button)
    assert str(len(world.editor.links[700])) in world.relay.sent[1].words
    assert claim_states(world) == {100: "accepted"}


@pytest.mark.parametrize("failure", [PictureUnreadable, PictureTooLarge, PictureUnavailable])
async def test_picture_too_large_to_send_is_sent_as_a_link(
    world: ServiceWorld, process: ServiceProcess, failure: type[PictureError]
) -> None:
    """A link is better than nothing, while it lives."""
    world.pictures.failures[PICTURE] = failure(PICTURE)
    world.relay.outcomes = [NO, *accepted("9001")]
    await pressed(world, process, ANIMATE)
    assert world.relay.sent[1:] == [Sent("video", ("a lighthouse", PICTURE, "high"), "mjbot:100")]


async def learnt(world: ServiceWorld, button: str) -> None:
    now = world.clock.now()
    await world.store.save_missing_capability(
        name_capability(button), "unknown_action", at=now, until=now.replace(year=2027)
    )


async def test_button_is_grayed_if_its_fallback_is_refused_too(world: ServiceWorld, process: ServiceProcess) -> None:
    """Only then; and nothing is paid."""
    world.relay.outcomes = [NO, ActionUnsupported("no route", lasting=True)]
    followups = await pressed(world, process, ANIMATE)
    assert claim_states(world) == {100: "refused"}
    assert followups.closed == [800]
    assert find_refusal_reason(ANIMATE, followups.marked[-1].missing_capabilities) == "no route"


async def test_fallback_without_its_picture_is_refused_unbilled(world: ServiceWorld, process: ServiceProcess) -> None:
    """The picture is fetched under the claim, and that may fail."""
    world.pictures.failures[PICTURE] = PictureGone(PICTURE)
    world.relay.outcomes = [NO]
    followups = await pressed(world, process, AGAIN)
    assert [type(error) for error in followups.refused] == [PictureGone]
    assert claim_states(world) == {100: "refused"}
    assert len(world.relay.sent) == 1


async def test_fallback_with_a_lost_answer_is_not_sent_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """As for any request."""
    world.relay.outcomes = [NO, SubmitOutcomeUnknown("timeout")]
    await pressed(world, process, ANIMATE)
    await world.clock.advance(120.0)
    assert claim_states(world) == {100: "unknown"}
    assert len(world.relay.sent) == 2


def shown_clip(followups: FakePressFollowups) -> bool:
    return followups.clips == [("U2", CLIPS[1], True)]


def shown_words(followups: FakePressFollowups) -> bool:
    return [word.text for word in followups.words[0].ranked_words] == ["a fox", "in", "deep", "snow", "very"]


@pytest.mark.parametrize(("button", "shown"), [(CLIP, shown_clip), (DETAILS, shown_words)])
async def test_clip_or_text_that_the_task_has_is_shown_for_free(
    world: ServiceWorld, process: ServiceProcess, button: str, shown: Callable[[FakePressFollowups], bool]
) -> None:
    """First after a refusal, then at once, to everyone, without a claim."""
    world.relay.outcomes = [NO]
    followups = await pressed(world, process, button)
    assert shown(followups)
    assert followups.closed == [800]
    assert followups.refused == []
    assert claim_states(world) == {100: "refused"}
    again = FakePressFollowups()
    await process.presses.submit_press(press(101, MINH, button, guild_id=99), again)
    assert shown(again)
    assert again.opened == []
    assert set(claim_states(world)) == {100}
    assert len(world.relay.sent) == 1


async def test_clip_that_cannot_be_downloaded_is_linked(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its link is shown in any case."""
    await learnt(world, CLIP)
    world.pictures.failures[CLIPS[1]] = PictureGone(CLIPS[1])
    followups = await pressed(world, process, CLIP)
    assert followups.clips == [("U2", CLIPS[1], False)]


async def test_clip_without_a_link_is_refused(world: ServiceWorld, process: ServiceProcess) -> None:
    """Old relays link only the first."""
    await learnt(world, CLIP)
    world.store.snapshots[PARENT] = parent(CLIP).model_copy(update={"video_urls": CLIPS[:1]})
    with pytest.raises(ActionUnsupported):
        await process.presses.submit_press(press(button=CLIP), FakePressFollowups())


# ---------------------------------------------------------------------------------------------------- Imagine all


async def test_imagine_all_sends_each_line_with_its_own_claim(world: ServiceWorld, process: ServiceProcess) -> None:
    """Four claims, four children, one after the other, without a cooldown between them."""
    world.relay.outcomes = [NO, *accepted("1", "2", "3", "4")]
    followups = await pressed(world, process, ALL)
    ids = [derive_claim_id(100, line) for line in range(4)]
    assert ids[0] == 100
    assert claim_states(world) == dict.fromkeys(ids, "accepted")
    assert [sent.words[1] for sent in world.relay.sent[1:]] == [
        "a fox --ar 1:1",
        "two foxes",
        "three foxes",
        "four foxes",
    ]
    assert len({sent.state for sent in world.relay.sent[1:]}) == 4
    assert followups.opened == ["Imagine all"] * 4
    assert {row.task_id: row.claim_id for row in world.store.jobs.values()} == dict(zip("1234", ids, strict=True))


async def test_each_line_of_imagine_all_counts_as_one_of_several(world: ServiceWorld, process: ServiceProcess) -> None:
    """So that a limit for several tasks at once allows as many tasks as it says."""
    await learnt(world, ALL)
    world.relay.outcomes = list(accepted("1", "2", "3", "4"))
    await pressed(world, process, ALL)
    made = [(claim.submits or 1, claim.cost.kinds) for claim in world.store.claimed.values()]
    assert made == [(1, frozenset({CostKind.SEVERAL}))] * 4


@pytest.mark.parametrize("refused", [RelayBusy("23"), SubmitOutcomeUnknown("timeout")])
async def test_imagine_all_stops_at_the_first_line_that_fails(
    world: ServiceWorld, process: ServiceProcess, refused: RelayBusy | SubmitOutcomeUnknown
) -> None:
    """The person is not told the same thing four times, and pays for nothing unknown."""
    await learnt(world, ALL)
    world.relay.outcomes = [*accepted("1"), refused, *accepted("3")]
    await pressed(world, process, ALL)
    assert len(world.relay.sent) == 2
    assert len(claim_states(world)) == 2


ALL_IDS = [SubmitResponse.model_validate({"code": 1, "result": "1,2,3,4"})]


@pytest.mark.parametrize("limits", [{"daily_submits_per_person": 2}, {"daily_submits": 3}, {"daily_submits": 1}])
@pytest.mark.parametrize("is_missing", [False, True])
async def test_imagine_all_beyond_the_daily_limit_is_refused_unsent(
    world: ServiceWorld, limits: dict[str, int], *, is_missing: bool
) -> None:
    """It needs four of the day, whether the relay draws all lines itself or the bot draws one by one."""
    world.allow(**limits)
    if is_missing:
        await learnt(world, ALL)
    async with world.process() as process:
        with pytest.raises(DailyLimitReached) as refused:
            await pressed(world, process, ALL)
    assert (refused.value.tasks, refused.value.left) == (4, *limits.values())
    assert world.relay.sent == []
    assert claim_states(world) == {}


@pytest.mark.parametrize(
    ("outcomes", "billed"),
    [
        (ALL_IDS, 4),
        ([SubmitResponse.model_validate({"code": 1, "result": "1,2"})], 2),
        ([SubmitResponse.model_validate({"code": 22, "result": "1,2,3,4,5,6"})], 6),
        ([SubmitOutcomeUnknown("timeout")], 4),
        ([SubmitOutcomeUnknown("no id", accepted=True)], 4),
        ([NO, *accepted("1", "2", "3", "4")], 4),
        ([NO, *accepted("1"), RelayBusy("3")], 1),
        ([RelayBusy("3")], 0),
    ],
)
async def test_imagine_all_counts_the_tasks_that_it_made(
    world: ServiceWorld, process: ServiceProcess, outcomes: list[SubmitResponse | RelayError], billed: int
) -> None:
    """Four are counted before the answer, so that no other press uses what is left; if it is lost, four as well."""
    world.store.snapshots[PARENT] = parent(ALL)
    world.relay.outcomes, world.relay.submit_seconds = list(outcomes), 1.0
    await process.presses.submit_press(press(button=ALL), FakePressFollowups())
    assert await count_usage(world) == 4
    await world.clock.advance(10.0)
    assert await count_usage(world) == billed


async def test_four_clicks_on_imagine_all_make_no_more_tasks_than_allowed(world: ServiceWorld) -> None:
    """On four descriptions, at the same moment, with eight tasks a day allowed."""
    world.allow(daily_submits_per_person=8)
    world.relay.outcomes = [*ALL_IDS * 4]
    for number in range(4):
        world.store.snapshots[f"p{number}"] = parent(ALL).model_copy(update={"id": f"p{number}"})
    presses = [
        replace(press(200 + n, button=ALL, task_id=f"p{n}"), place=place(710 + n), task_id=f"p{n}") for n in range(4)
    ]
    async with world.process() as process:
        clicks = [process.presses.submit_press(one, FakePressFollowups(10 * one.place.message_id)) for one in presses]
        ended = await asyncio.gather(*clicks, return_exceptions=True)
        await world.clock.advance(10.0)
    assert [type(end) for end in ended] == [type(None), type(None), DailyLimitReached, DailyLimitReached]
    assert (len(world.relay.sent), await count_usage(world)) == (2, 8)


async def count_usage(world: ServiceWorld) -> int:
    """Return how many submits of the day count for the person."""
    seen: list[Usage] = []
    probe = Claim(id=999, person_id=1, guild_id=6, message_id=0, task_id="", button="probe", made_at=world.clock.now())
    await world.store.create_claim(probe, seen.append)
    del world.store.claimed[999]
    return seen[0].person_submits_today


class ForgetfulStore(FakeStore):
    """A store that is away whenever a missing capability is saved."""

    async def save_missing_capability(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Fail."""
        raise StoreUnavailable(capability)


async def test_imagine_all_continues_if_the_capability_cannot_be_saved(world: ServiceWorld) -> None:
    """It is saved another time; the other lines are not left out without a word."""
    world.store = ForgetfulStore(world.clock.now)
    world.relay.outcomes = [NO, *accepted("1", "2", "3", "4")]
    async with world.process() as process:
        await pressed(world, process, ALL)
    assert [sent.kind for sent in world.relay.sent] == ["action", *["imagine"] * 4]


async def test_relay_that_draws_all_lines_itself_has_one_claim(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its answer names all children, and each gets a message of its own."""
    world.relay.outcomes = [SubmitResponse.model_validate({"code": 1, "result": "1,2,3,4"})]
    for child in "1234":
        world.relay.set(task(child, Status.SUCCESS))
    followups = await pressed(world, process, ALL)
    await world.clock.advance(10.0)
    assert claim_states(world) == {100: "accepted"}
    assert len(world.relay.sent) == 1
    assert followups.opened == ["Imagine all"] * 4
    assert {row.task_id for row in world.store.jobs.values()} == set("1234")
    assert all(world.editor.scenes_of(800 + n)[-1].picture for n in range(4))


async def test_imagine_all_with_a_modal_waits_for_the_person(world: ServiceWorld, process: ServiceProcess) -> None:
    """If the relay asks for a modal for all lines, the person answers it from the child's message."""
    world.relay.outcomes = [ASKS_FOR_MODAL.model_copy(update={"result": "1"})]
    await pressed(world, process, ALL)
    assert [sent.kind for sent in world.relay.sent] == ["action"]


@pytest.mark.parametrize("interaction", [1, 1_400_000_000_000_000_000, (1 << 62) - 1])
def test_claim_ids_of_one_interaction_are_unique(interaction: int) -> None:
    """They differ in bits that no interaction id has, and fit a signed column."""
    ids = [derive_claim_id(interaction, line) for line in range(4)]
    assert len(set(ids)) == 4
    assert all(-(1 << 63) <= one < 1 << 63 for one in ids)
    assert all(one < 0 or one >= 1 << 62 for one in ids[1:])


async def test_process_that_dies_between_lines_pays_each_once() -> None:
    """At any step: no line is drawn twice, or without its claim, and no message says "Sending" forever."""
    for stop_at in count(1):
        world, steps = ServiceWorld(lease=timedelta(minutes=1)), Steps(stop_at)
        world.relay.submit_seconds = 1.0
        world.relay.outcomes = [NO, *accepted("1", "2", "3", "4")]
        for child in "1234":
            world.relay.set(task(child, Status.SUCCESS))
        world.store.snapshots[PARENT] = parent(ALL)
        try:
            async with world.process(steps) as process:
                followups = steps.through(FakePressFollowups(), failing=False)
                pressing = asyncio.ensure_future(process.presses.submit_press(press(button=ALL), followups))
                await asyncio.wait({pressing})
                await world.clock.advance(0.0 if steps.is_dead else 30.0)
        except asyncio.CancelledError:
            assert steps.is_dead
        sent = len(world.relay.sent)
        async with world.process():
            await world.clock.advance(120.0)
        assert len(world.relay.sent) == sent
        tags = [one.state for one in world.relay.accepted]
        assert len(tags) == len(set(tags))
        claims = {claim.tag: claim.state for claim in world.store.claimed.values()}
        assert all(claims[tag] in {ClaimState.ACCEPTED, ClaimState.UNKNOWN} for tag in tags)
        assert ClaimState.SUBMITTING not in claims.values()
        assert all(row.task_id for row in world.store.jobs.values() if row.id not in world.store.closed)
        if not steps.is_dead:
            assert tags == [f"mjbot:{derive_claim_id(100, line)}" for line in range(4)]
            break
    assert stop_at > 40


# ---------------------------------------------------------------------------------------------------- modals


async def test_modal_prefill_is_the_line_of_its_button(world: ServiceWorld, process: ServiceProcess) -> None:
    """That of a description, or of a shortened prompt; else the task's prompt."""
    world.store.snapshots[PARENT] = parent(READ)
    assert await process.presses.get_modal_prefill(PARENT, viewer(), hash_custom_id(READ)) == "two foxes"
    world.store.snapshots[PARENT] = parent(SHORTER)
    assert await process.presses.get_modal_prefill(PARENT, viewer(), hash_custom_id(SHORTER)) == "a fox in snow"
    assert await process.presses.get_modal_prefill(PARENT, viewer()) == SHORTENED


async def test_modal_of_a_line_is_checked_before_the_claim(world: ServiceWorld, process: ServiceProcess) -> None:
    """What Midjourney would refuse is reported at once."""
    with pytest.raises(PromptRefused):
        await pressed(world, process, READ, prompt="a fox --stylize 9999")
    assert claim_states(world) == {}


async def test_person_who_may_not_spend_cannot_use_a_fallback(world: ServiceWorld) -> None:
    """The fallback is paid as well."""
    world.allow(press_policy="requester")
    await learnt(world, ANIMATE)
    async with world.process() as process:
        world.store.snapshots[PARENT] = parent(ANIMATE)
        with pytest.raises(NotTheRequester):
            await process.presses.submit_press(press(100, MINH, ANIMATE), FakePressFollowups())
    assert all(state is ClaimState.REFUSED for state in claim_states(world).values())


# ------------------------------------------------------------------------------ what the bot offers itself


OFFERED_U2, OFFERED_V3, OFFERED_REROLL = "MJ::JOB::upsample::2", "MJ::JOB::variation::3", "MJ::JOB::reroll::0"
OFFERED = [
    (OFFERED_U2, None, "change", (PARENT, "UPSCALE", "2")),
    (OFFERED_V3, None, "change", (PARENT, "VARIATION", "3")),
    (OFFERED_V3, "a lighthouse", "change", (PARENT, "VARIATION", "3")),
    (OFFERED_REROLL, None, "change", (PARENT, "REROLL", "1")),
    (READ, "two wolves", "imagine", ("MID_JOURNEY", "two wolves")),
    (READ, None, "imagine", ("MID_JOURNEY", "two foxes")),
    (SHORTER, None, "imagine", ("MID_JOURNEY", "a fox in snow")),
]


def buttonless(button: str, **more: Any) -> Task:  # noqa: ANN401
    """Make the finished task that has that button on a relay that sends none, as the relay tells it."""
    action, text = "IMAGINE", ""
    if button in {READ, ALL}:
        action, text = "DESCRIBE", LINES
    elif button == SHORTER:
        action, text = "SHORTEN", SHORTENED
    given = {"id": PARENT, "action": action, "status": "SUCCESS", "imageUrl": PICTURE, "prompt": "a lighthouse"}
    return Task.model_validate({**given, "properties": {"finalPrompt": text}, **more})


async def press_offered(
    world: ServiceWorld, process: ServiceProcess, button: str, *, prompt: str | None = None, kept: bool = True
) -> FakePressFollowups:
    """Press a button that the bot offers; where the snapshot is not `kept`, of the task as the relay tells it."""
    if kept:
        world.store.snapshots[PARENT] = add_offered_buttons(buttonless(button), relay_sends_none=False)
    world.relay.set(buttonless(button))
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=button), followups, prompt=prompt)
    await world.clock.advance(1.0)
    return followups


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(("button", "prompt", "kind", "words"), OFFERED)
async def test_offered_button_is_always_done_by_its_fallback(
    world: ServiceWorld,
    process: ServiceProcess,
    button: str,
    prompt: str | None,
    kind: str,
    words: tuple[str, ...],
    *,
    kept: bool,
) -> None:
    """One request; nothing is remembered, as nothing was refused, and the message keeps its buttons."""
    world.relay.outcomes = [*accepted("9001")]
    followups = await press_offered(world, process, button, prompt=prompt, kept=kept)
    assert world.relay.sent == [Sent(kind, words, "mjbot:100")]
    assert claim_states(world) == {100: "accepted"}
    assert world.store.missing_capabilities == {}
    assert [one.buttons for one in followups.redrawn] == [build_offered_buttons(buttonless(button))]


async def test_offered_imagine_all_draws_each_line(world: ServiceWorld, process: ServiceProcess) -> None:
    """One by one, each with its claim."""
    world.relay.outcomes = [*accepted("9001", "9002", "9003", "9004")]
    await press_offered(world, process, ALL)
    await world.clock.advance(5.0)
    assert [sent.words[1] for sent in world.relay.sent] == ["a fox --ar 1:1", "two foxes", "three foxes", "four foxes"]
    assert {sent.kind for sent in world.relay.sent} == {"imagine"}


async def test_modal_prefill_of_an_offered_line(world: ServiceWorld, process: ServiceProcess) -> None:
    """Also if the snapshot was saved before its buttons were offered."""
    world.store.snapshots[PARENT] = buttonless(READ)
    assert await process.presses.get_modal_prefill(PARENT, viewer(), hash_custom_id(READ)) == "two foxes"


async def test_new_prompt_is_refused_if_the_fallback_takes_none(world: ServiceWorld, process: ServiceProcess) -> None:
    """From a modal that was opened before: unbilled, and the person is told."""
    followups = await press_offered(world, process, OFFERED_V3, prompt="two foxes")
    assert [type(error) for error in followups.refused] == [PromptChangeUnsupported]
    assert world.relay.sent == []
    assert claim_states(world) == {100: "refused"}


@pytest.mark.parametrize(
    "refused", [ParentUnchangeable("关联任务不允许执行变化"), ParentGone("关联任务不存在或已失效")]
)
async def test_refused_change_is_unbilled(world: ServiceWorld, process: ServiceProcess, refused: RelayError) -> None:
    """The refusal is about that picture, so nothing is remembered."""
    world.relay.outcomes = [refused]
    followups = await press_offered(world, process, OFFERED_U2)
    assert followups.refused == [refused]
    assert claim_states(world) == {100: "refused"}
    assert world.store.missing_capabilities == {}


async def test_offered_button_is_grayed_if_the_relay_lacks_its_fallback(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """There is no other way left, and the check says so."""
    world.relay.outcomes = [NO]
    followups = await press_offered(world, process, OFFERED_U2)
    assert followups.refused == [NO]
    refused = followups.marked[-1].missing_capabilities
    assert find_refusal_reason(OFFERED_U2, refused, offered=True) == "unknown_action"
    assert find_refusal_reason(OFFERED_V3, refused, offered=True) is None
    assert summarize_refusals({**refused, BUTTONS_CAPABILITY: ""})[0] == {"U": "unknown_action"}


async def test_relays_own_button_is_pressed_once_it_exists(world: ServiceWorld, process: ServiceProcess) -> None:
    """A message that still shows the offered button is pressed like one that was edited since."""
    own = "MJ::JOB::upsample::2::aa"
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS)
    world.relay.set(task(status=Status.SUCCESS, action="IMAGINE"))
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=OFFERED_U2), followups)
    await world.clock.advance(1.0)
    assert world.relay.sent == [Sent("action", (PARENT, own), "mjbot:100")]


@pytest.mark.parametrize("button", ["plain", "MJ:JOB:upsample", ":"])
async def test_button_with_a_malformed_custom_id_is_not_sent(
    world: ServiceWorld, process: ServiceProcess, button: str
) -> None:
    """new-api panics over a customId without "::", or closes the connection: refused before anything is claimed."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, buttons=(Button(custom_id=button, label="?"),))
    followups = FakePressFollowups()
    with pytest.raises(ActionUnsupported) as refused:
        await process.presses.submit_press(press(button=button), followups)
    assert refused.value.lasting
    assert (world.relay.sent, world.store.claimed, followups.opened) == ([], {}, [])
    assert find_refusal_reason(button, {}) is not None
