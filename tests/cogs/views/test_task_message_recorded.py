"""Every recorded answer of a relay, as an answer to /mjstatus or to a press: what the person sees."""

import re
from pathlib import Path

import pytest

from tests.recordings import Recorded, names, recorded
from tests.worlds.simcord import SimcordWorld, open_simcord_world, show

ID = "1754300000123417"

STATUS = {
    # As the task that was asked for: what the message says in the end.
    "10_fetch_fresh_empty_status": "⏳ Queued",
    "11_fetch_submitted": "⏳ Queued",
    "12_fetch_in_progress_preview": "🎨 Drawing, 46%",
    "14_fetch_imagine_success_grid": "✅ Four pictures in",
    "15_fetch_upscale_success_v7_discord": "✅ Upscaled in",
    "18_fetch_describe_success": "✅ Described in",
    "19_fetch_shorten_success": "✅ Shortened in",
    "23_fetch_modal_waiting": "✋ Waiting for lien to confirm",
    "26_fetch_failure_banned": "❌ Midjourney refused this prompt",
    "27_fetch_failure_invalid_parameter": "❌ .*parameter",
    "28_fetch_failure_gateway_timeout": "❌ .*too long",
    "30_fetch_success_without_image": "✅ .*hasn't delivered the picture",
    "31_fetch_cancel": "🚫 Canceled",
    "49_fetch_video_success": "✅ Four clips in",
    "51_notify_hook_payload_plus_style": "✅ Four pictures in",
}
REFUSED_STATUS = {
    # As a refusal to tell: what the person alone is told.
    "32_fetch_unknown_id_newapi_400": "has no task",
    "34_err_401_invalid_key": "the relay does not know `MJ_API_KEY`",
    "35_err_401_key_quota_exhausted": "is used up",
    "41_err_429_group_saturated": "too busy",
    "42_err_500_panic": "didn't respond properly",
}
ACCEPTED = {
    # As the answer to a press: what the child's message says.
    "01_submit_imagine_ok": "⏳ Queued",
    "02_submit_imagine_queued_direct22": "⏳ Queued, 3 ahead",
    "03_submit_imagine_queued_rewritten_to_1": "⏳ Queued, 3 ahead",
    "09_submit_existing_21_with_image": "⏳ Queued",
    "20_action_inpaint_needs_modal_21": "✋ Waiting for lien to confirm",
    "21_action_custom_zoom_needs_modal_21_zh": "✋ Waiting for lien to confirm",
    "22_action_remix_rewritten_code1_but_modal": "✋ Waiting for lien to confirm",
    "24_modal_submit_ok_same_id": "⏳ Queued",
    "04_submit_queue_full_23": "⏳ The service's queue is full",
    "40_err_400_do_request_failed_5": "❔ Unknown whether it was accepted",
    "46_image_seed_ok": "⏳ Queued",
    "47_upload_discord_images_ok": "❔ Unknown whether it was accepted",
    "48_video_submit_ok": "⏳ Queued",
}
REFUSED = {
    # As the answer to a press that nothing came of: what the person alone is told.
    "05_submit_banned_24": "doesn't allow",
    "06_submit_no_account_3": "no free account for this",
    "34_err_401_invalid_key": "the relay does not know `MJ_API_KEY`",
    "35_err_401_key_quota_exhausted": "is used up",
    "37_err_503_no_channel": "right now",
    "38_err_400_unknown_action": "doesn't support",
    "39_err_400_quota_not_enough": "is used up",
    "41_err_429_group_saturated": "too busy",
    "42_err_500_panic": "doesn't support",
}


def test_every_recorded_answer_is_tried() -> None:
    """A new file is put into one of the tables, or named here with its own test."""
    assert {"52_image_proxy_expired_404", *STATUS, *REFUSED_STATUS, *ACCEPTED, *REFUSED} == set(names())


def _answer(w: SimcordWorld, row: Recorded) -> None:
    """Make the relay answer every read with that task alone."""
    w.relay.script("list", 200, [row.body], times=200)
    w.relay.script("fetch", 200, row.body, times=200)


@pytest.mark.parametrize("name", STATUS)
async def test_each_recorded_task_is_shown_by_mjstatus(tmp_path: Path, name: str) -> None:
    """The message is the one that the reference calls for."""
    row = recorded(name)
    async with open_simcord_world(tmp_path) as w:
        _answer(w, row)
        result = await w.slash(w.member, "mjstatus", id=row.body["id"])
        assert result.response is not None
        shown = result.response.id
        await w.until(lambda: (now := w.message(shown)) and re.search(STATUS[name], show(now), re.DOTALL))


@pytest.mark.parametrize("name", REFUSED_STATUS)
async def test_each_recorded_refusal_of_mjstatus_has_its_text(tmp_path: Path, name: str) -> None:
    """One private sentence, and no message is left."""
    row = recorded(name)
    async with open_simcord_world(tmp_path) as w:
        if row.status != 400:  # where an id is unknown, lists are merely empty
            w.relay.script("list", row.status, row.body, times=20)
        w.relay.script("fetch", row.status, row.body, times=20)
        assert REFUSED_STATUS[name] in await w.told(await w.slash(w.member, "mjstatus", id=ID))
        await w.until(lambda: not w.public)


@pytest.mark.parametrize("name", ACCEPTED)
async def test_each_recorded_press_answer_is_shown(tmp_path: Path, name: str) -> None:
    """The child goes on, or says that the outcome is unknown."""
    row = recorded(name)
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        w.relay.script("action", row.status, row.body, content_type=row.content_type)
        await w.child(await w.click(w.member, parent, "U1"), ACCEPTED[name])


@pytest.mark.parametrize("name", REFUSED)
async def test_each_recorded_refusal_of_a_press_has_its_text(tmp_path: Path, name: str) -> None:
    """One private sentence; the child is taken back, and nothing is paid."""
    row = recorded(name)
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        # Only the parser of customIds is known to panic before anything is sent.
        fallback = recorded("38_err_400_unknown_action") if name == "42_err_500_panic" else row
        for route, answer in (("action", row), ("change", fallback)):
            w.relay.script(route, answer.status, answer.body, content_type=answer.content_type, times=3)
        assert REFUSED[name] in await w.told(await w.click(w.member, parent, "U1"))
        await w.until(lambda: len(w.public) == 1)
        assert not w.relay.submits


async def test_each_recorded_picture_answer_is_shown(tmp_path: Path) -> None:
    """The link of an old picture has died, which is said; that of a new one may come; the buttons stay."""
    row = recorded("52_image_proxy_expired_404")
    async with open_simcord_world(tmp_path) as w:
        w.relay.script("picture", row.status, row.body, times=20)
        w.relay.script("image", row.status, row.body, times=20)
        recent = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"))
        assert recent.response is not None
        assert "The picture is on its way" in show(await w.titled(recent.response.id, "✅"))
        result = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid", age=24 * 3600.0))
        assert result.response is not None
        shown = await w.titled(result.response.id, "✅")
        assert "link" in show(shown)
        assert "has expired" in show(shown)
        assert "[U1]" in show(shown)
