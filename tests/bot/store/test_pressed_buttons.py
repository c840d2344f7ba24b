"""A task's pressed buttons, on every kind of store."""

from typing import Any

import pytest

from bot.entities import PressedButton
from bot.midjourney.task import Status, Task
from bot.ports import Store
from tests.fakes.sample_rows import a_claim, a_job, allow, write_accepted_claim


async def test_the_newest_accepted_press_of_each_button_is_found(store: Store) -> None:
    await store.open_job(a_job(12, "v", ephemeral=True))
    await write_accepted_claim(store, a_claim(1, "U1"), "old")
    await write_accepted_claim(store, a_claim(11, "U1"), "new")
    await write_accepted_claim(store, a_claim(12, "V1"), "v")
    await write_accepted_claim(store, a_claim(13, "V1", task_id="t2", message_id=2), "elsewhere")
    await store.create_claim(a_claim(14, "V2"), allow)
    await store.save_snapshot(Task(id="new", status=Status.SUCCESS))
    await store.save_snapshot(Task(id="v", status=Status.IN_PROGRESS))
    expected = {"U1": PressedButton("new", "", is_finished=True), "V1": PressedButton("v", "", is_finished=False)}
    assert expected == await store.find_pressed_buttons("t1")


@pytest.mark.parametrize("status", [Status.FAILURE, Status.CANCEL])
async def test_a_failed_child_does_not_count(store: Store, status: Status) -> None:
    """An older child that succeeded is found instead."""
    await write_accepted_claim(store, a_claim(1, "U1"), "good")
    await write_accepted_claim(store, a_claim(11, "U1"), "bad")
    await write_accepted_claim(store, a_claim(12, "U2"), "bad")
    await store.save_snapshot(Task(id="bad", status=status))
    await store.open_job(a_job(50, "good", ephemeral=True))
    await store.open_job(a_job(51, "bad"))
    assert {"U1": PressedButton("good", "", is_finished=False)} == await store.find_pressed_buttons("t1")


@pytest.mark.parametrize("status", [None, Status.SUBMITTED, Status.IN_PROGRESS, Status.MODAL])
@pytest.mark.parametrize("follows", [{"task_id": "c1"}, {"task_id": "", "claim_id": 1}])
async def test_an_unfinished_child_counts_while_an_open_job_follows_it(
    store: Store, status: Status | None, follows: dict[str, Any]
) -> None:
    """A job of the child or of its claim."""
    await write_accepted_claim(store, a_claim(1, "U1"), "c1")
    await write_accepted_claim(store, a_claim(2, "U2"), "c2")
    if status is not None:
        await store.save_snapshot(Task(id="c1", status=status))
    await store.open_job(a_job(51, "another task", claim_id=9))
    assert await store.find_pressed_buttons("t1") == {}
    await store.open_job(a_job(50, **follows))
    assert {"U1"} == set(await store.find_pressed_buttons("t1"))
    await store.close_job(50)
    assert await store.find_pressed_buttons("t1") == {}
    await store.save_snapshot(Task(id="c1", status=Status.SUCCESS))
    assert {"U1"} == set(await store.find_pressed_buttons("t1"))


async def test_a_pressed_button_has_the_server_and_channel_of_its_link(store: Store) -> None:
    await write_accepted_claim(store, a_claim(1, "U1"), "c1")
    await write_accepted_claim(store, a_claim(2, "U2"), "c2")
    await store.open_job(a_job(50, "c1", claim_id=1))
    await store.open_job(a_job(51, "c2", claim_id=2, ephemeral=True))
    expected = {
        "U1": PressedButton("c1", a_job(50).place.link, is_finished=False),
        "U2": PressedButton("c2", "", is_finished=False),
    }
    assert expected == await store.find_pressed_buttons("t1")


async def test_a_pressed_button_links_to_the_message_that_it_opened(store: Store) -> None:
    """If that is ephemeral, to another message of the child, or nowhere."""
    await write_accepted_claim(store, a_claim(1, "U1"), "c1")
    await write_accepted_claim(store, a_claim(2, "U2"), "c2")
    await write_accepted_claim(store, a_claim(3, "U3"), "c3")
    await store.open_job(a_job(50, "c1", claim_id=1))
    await store.open_job(a_job(51, "c1"))
    await store.open_job(a_job(52, "c2", claim_id=2, ephemeral=True))
    await store.open_job(a_job(53, "c2"))
    await store.open_job(a_job(54, "c3", claim_id=3, ephemeral=True))
    links = {button: mark.link for button, mark in (await store.find_pressed_buttons("t1")).items()}
    assert {"U1": a_job(50).place.link, "U2": a_job(53).place.link, "U3": ""} == links


async def test_a_task_without_presses_has_no_pressed_buttons(store: Store) -> None:
    assert await store.find_pressed_buttons("t1") == {}
