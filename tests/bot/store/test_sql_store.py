"""What a store promises, asked of SQLite and of the fake alike; then what only a database can get wrong."""

import asyncio
import logging
import multiprocessing
import os
import re
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta, timezone
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, insert, select, text

from bot.entities import (
    Claim,
    ClaimState,
    LineagePair,
    Notify,
    Person,
    PersonSettings,
    PressedButton,
    TaskFilter,
    TaskSummary,
    Usage,
)
from bot.errors import AlreadyClaimed, CooldownActive, SettingsError, StoreUnavailable
from bot.midjourney.request_options import Speed
from bot.midjourney.task import Button, Properties, Status, Task
from bot.ports import Store
from bot.store import SqlStore, open_store, parse_database_url
from bot.store.engine import create_engine as create_async
from bot.store.engine import sqlite_path
from bot.store.migrator import MIGRATIONS_DIR
from bot.store.rows import job_to_row, task_from_row, task_to_row
from bot.store.schema import claims, jobs, metadata, people
from tests.fakes.store import FakeStore
from tests.fakes.stored import NOON, a_claim, a_job, later, open_jobs


def allow(_: Usage) -> None:
    """A judge without objections."""


async def accepted(store: Store, claim: Claim, child_id: str) -> None:
    await store.create_claim(claim, allow)
    await store.settle_claim(claim.id, ClaimState.ACCEPTED, child_id)


class TestJobs:
    async def test_a_job_comes_back_as_it_went_in(self, store: Store) -> None:
        """Every field survives, those of the place and of the requester too."""
        job = a_job(1, pressed="U2", done="Picture 2", parent_id="p", parent_link="l", claim_id=9, notify=True)
        job = replace(job, form_sent=True, place=replace(job.place, guild_id=0, ephemeral=True, reachable=False))
        await store.open_job(job)
        assert job == await store.find_job(1)
        assert job.place.token == "token"

    async def test_a_message_nobody_follows_has_no_job(self, store: Store) -> None:
        """An unknown message is None."""
        assert await store.find_job(1) is None

    async def test_open_jobs_are_those_not_closed_oldest_first(self, store: Store) -> None:
        """Closing takes a job from the list, not from the store."""
        for message_id in (3, 1, 2):
            await store.open_job(a_job(message_id))
        await store.close_job(1)
        await store.close_job(99)
        assert [a_job(2), a_job(3)] == list(await open_jobs(store))
        assert a_job(1) == await store.find_job(1)

    async def test_a_closed_job_may_be_opened_again(self, store: Store) -> None:
        """Looking again follows the same message once more."""
        await store.open_job(a_job(1))
        await store.close_job(1)
        await store.open_job(a_job(1, born_at=later(50)))
        assert [a_job(1, born_at=later(50))] == list(await open_jobs(store))

    async def test_a_change_is_written_and_opens_nothing(self, store: Store) -> None:
        """An open job gets its task's id; a closed one stays closed; an unknown one is not made."""
        await store.open_job(a_job(1, ""))
        await store.update_job(a_job(1, "t9"))
        assert [a_job(1, "t9")] == list(await open_jobs(store))
        await store.close_job(1)
        await store.update_job(a_job(1, "t9", notify=True))
        await store.update_job(a_job(2))
        assert list(await open_jobs(store)) == []
        assert a_job(1, "t9", notify=True) == await store.find_job(1)
        assert await store.find_job(2) is None

    async def test_a_form_that_was_sent_stays_so(self, store: Store) -> None:
        """Whoever read the row before writes it without; only what refused the form takes that back."""
        await store.open_job(a_job(1))
        await store.open_job(a_job(1, form_sent=True))
        await store.open_job(a_job(1))
        await store.update_job(a_job(1, notify=True))
        assert a_job(1, notify=True, form_sent=True) == await store.find_job(1)
        await store.open_job(a_job(1), form_again=True)
        assert a_job(1) == await store.find_job(1)
        await store.update_job(a_job(1, form_sent=True))
        assert a_job(1, form_sent=True) == await store.find_job(1)

    async def test_jobs_of_a_task_come_newest_first(self, store: Store) -> None:
        """Open and closed alike; jobs without a task belong to none."""
        for job in (a_job(1), a_job(3), a_job(2), a_job(4, "t2"), a_job(5, "")):
            await store.open_job(job)
        await store.close_job(3)
        assert [job.id for job in await store.list_jobs_of_task("t1")] == [3, 2, 1]
        assert list(await store.list_jobs_of_task("")) == []

    async def test_a_claim_leads_to_the_job_it_opened(self, store: Store) -> None:
        """Jobs nothing was paid for have claim 0, which leads nowhere."""
        await store.open_job(a_job(1))
        await store.open_job(a_job(2, claim_id=9))
        assert a_job(2, claim_id=9) == await store.find_job_of_claim(9)
        assert await store.find_job_of_claim(0) is None
        assert await store.find_job_of_claim(8) is None

    async def test_recent_names_each_task_of_a_person_once(self, store: Store) -> None:
        """The newest message stands for its task; others' tasks and unsent ones are left out."""
        for job in (a_job(1), a_job(2, "t2"), a_job(3), a_job(4, ""), a_job(5, "t3", requester=Person(8, "ann"))):
            await store.open_job(job)
        await store.save_snapshot(
            Task.model_validate({"id": "t1", "prompt": "a cat", "status": "IN_PROGRESS", "progress": "46%"})
        )
        cat = TaskSummary("t1", "a cat", "IN_PROGRESS", 46, a_job(3).place.link, later(3), is_followed=True)
        unseen = TaskSummary("t2", "", "", None, a_job(2).place.link, later(2), is_followed=True)
        assert [cat, unseen] == list(await store.list_recent_tasks(7, 10))
        assert [cat] == list(await store.list_recent_tasks(7, 1))

    async def test_recent_tells_what_was_pressed_for_a_task(self, store: Store) -> None:
        """Whichever of a person's messages was told; what comes of it is told by its buttons, and by what was done."""
        picks = [{"customId": f"MJ::JOB::upsample::{number}::x"} for number in range(1, 5)]
        for job in (
            a_job(1, pressed="V1", done="Varied"),
            a_job(2, "t2", pressed="U2", done="Picture 2"),
            a_job(3, pressed="", done=""),
            a_job(4, "t2", pressed="Theirs", done="Z", requester=Person(8, "ann")),
            a_job(5, "t3", pressed="", done=""),
        ):
            await store.open_job(job)
        await store.save_snapshot(Task.model_validate({"id": "t1", "action": "VARIATION", "buttons": picks}))
        await store.save_snapshot(Task.model_validate({"id": "t3", "action": "SWAP_FACE"}))
        told = [(one.task_id, one.pressed, one.result_description) for one in await store.list_recent_tasks(7, 10)]
        assert told == [("t3", "", "Swap face"), ("t1", "V1", "Four pictures"), ("t2", "U2", "Picture 2")]
        listed, _ = await store.list_tasks(7, TaskFilter.ALL, skip=0, limit=10)
        assert {(one.task_id, one.pressed, one.result_description) for one in listed} == set(told)

    @pytest.mark.parametrize(
        ("which", "listed"),
        [
            (TaskFilter.ALL, ["t4", "t1", "t6", "t5", "t3", "t2"]),
            (TaskFilter.RUNNING, ["t4", "t1"]),
            (TaskFilter.DONE, ["t6", "t3"]),
            (TaskFilter.FAILED, ["t5", "t2"]),
        ],
    )
    async def test_tasks_come_in_parts_running_ones_first(
        self, store: Store, which: TaskFilter, listed: list[str]
    ) -> None:
        """Those of that kind, each once, newest first behind those still followed; each part tells how many."""
        ends = {2: Status.CANCEL, 3: Status.SUCCESS, 4: Status.IN_PROGRESS, 5: Status.FAILURE, 6: Status.SUCCESS}
        for number in range(1, 7):
            await store.open_job(a_job(number, f"t{number}"))
            if number in ends:
                await store.save_snapshot(Task(id=f"t{number}", status=ends[number]))
        for message_id in (2, 3, 5):
            await store.close_job(message_id)
        await store.open_job(a_job(8, "t9", requester=Person(8, "ann")))
        await store.open_job(a_job(7, ""))
        found: list[str] = []
        for skip in range(0, len(listed), 2):
            part, total = await store.list_tasks(7, which, skip=skip, limit=2)
            assert total == len(listed)
            found += [one.task_id for one in part]
        assert found == listed
        assert await store.list_tasks(7, which, skip=len(listed), limit=2) == ([], 0)

    async def test_a_private_message_has_no_link(self, store: Store) -> None:
        """Once it is out of sight nothing leads to it."""
        await store.open_job(a_job(1, ephemeral=True))
        assert [one.link for one in await store.list_recent_tasks(7, 1)] == [""]

    async def test_what_is_followed_no_more_does_not_run(self, store: Store) -> None:
        """Watched in vain for too long, it stands where its age puts it, and says that nobody looks."""
        await store.open_job(a_job(1))
        await store.open_job(a_job(2, "t2"))
        await store.save_snapshot(Task(id="t1", status=Status.IN_PROGRESS))
        await store.close_job(1)
        found, _ = await store.list_tasks(7, TaskFilter.ALL, skip=0, limit=9)
        assert [(one.task_id, one.is_followed) for one in found] == [("t2", True), ("t1", False)]
        assert [one.task_id for one in (await store.list_tasks(7, TaskFilter.RUNNING, skip=0, limit=9))[0]] == ["t2"]

    async def test_a_dropped_job_is_gone(self, store: Store) -> None:
        """Open or closed, and one that is gone already is no news."""
        for message_id in (1, 2):
            await store.open_job(a_job(message_id))
        await store.close_job(2)
        for message_id in (1, 2, 2, 3):
            await store.delete_job(message_id)
        assert list(await store.list_jobs_of_task("t1")) == []
        assert await store.find_job(1) is None


class TestSnapshots:
    async def test_the_last_snapshot_is_kept(self, store: Store) -> None:
        """A newer one replaces it, progress alone included."""
        task = Task(id="t1", prompt="a cat \x00", status=Status.IN_PROGRESS, buttons=(Button(custom_id="x"),))
        for progress in (None, 3, 46, 46):
            await store.save_snapshot(task.model_copy(update={"progress": progress}))
        assert task.model_copy(update={"progress": 46}) == await store.find_snapshot("t1")
        assert await store.find_snapshot("t2") is None


class TestClaims:
    async def test_a_claim_is_written_as_submitting(self, store: Store) -> None:
        """It is there before the submit, with all its fields."""
        await store.create_claim(a_claim(1), allow)
        assert [a_claim(1)] == list(await store.list_claims(ClaimState.SUBMITTING))

    async def test_an_interaction_claims_once(self, store: Store) -> None:
        """The same id a day later, with all else different, is still the same interaction."""
        await store.create_claim(a_claim(1), allow)
        again = a_claim(1, "U2", person_id=8, message_id=2, made_at=later(86_400))
        with pytest.raises(AlreadyClaimed):
            await store.create_claim(again, allow)
        await store.settle_claim(1, ClaimState.REFUSED)
        with pytest.raises(AlreadyClaimed):
            await store.create_claim(again, allow)

    @pytest.mark.parametrize("state", [ClaimState.SUBMITTING, ClaimState.ACCEPTED, ClaimState.UNKNOWN])
    async def test_a_double_click_claims_once(self, store: Store, state: ClaimState) -> None:
        """One person, one button, one message, less than 3 s apart, in either order of the clocks."""
        await store.create_claim(a_claim(1, made_at=NOON), allow)
        await store.settle_claim(1, state, "child")
        for seconds in (2.999, 0, -2.999):
            with pytest.raises(AlreadyClaimed) as twin:
                await store.create_claim(a_claim(2, made_at=later(seconds)), allow)
            assert (1, 7) == (twin.value.claim_id, twin.value.person_id)
        # What is, or may be, on its way is longer in the way than a twin.
        end = 3 if state is ClaimState.ACCEPTED else 300
        await store.create_claim(a_claim(3, made_at=later(end)), allow)

    @pytest.mark.parametrize("changes", [{}, {"person_id": 8}, {"message_id": 2}, {"person_id": 8, "message_id": 2}])
    async def test_a_press_on_its_way_is_claimed_by_nobody_else(self, store: Store, changes: dict[str, Any]) -> None:
        """Whoever presses that button of that task, on whichever message; a known end, or five minutes, lets go.

        An unknown end is none: a process that starts calls so what another one is sending at that moment.
        """
        await store.create_claim(a_claim(1, made_at=NOON), allow)
        await store.settle_claim(1, ClaimState.UNKNOWN)
        for seconds in (-1, 0, 4, 299.999):
            with pytest.raises(AlreadyClaimed) as rival:
                await store.create_claim(replace(a_claim(2, made_at=later(seconds)), **changes), allow)
            assert (1, 7) == (rival.value.claim_id, rival.value.person_id)
        await store.create_claim(replace(a_claim(3, made_at=later(300)), **changes), allow)
        await store.settle_claim(1, ClaimState.ACCEPTED, "child")
        await store.settle_claim(3, ClaimState.ACCEPTED, "child")
        await store.create_claim(replace(a_claim(4, made_at=later(304)), **changes), allow)

    async def test_presses_of_no_task_are_not_the_same(self, store: Store) -> None:
        """What has no task yet is told apart by its message alone."""
        await store.create_claim(a_claim(1, task_id="", made_at=NOON), allow)
        await store.create_claim(a_claim(2, task_id="", message_id=2, made_at=NOON), allow)

    @pytest.mark.parametrize("changes", [{"person_id": 8}, {"button": "U2"}, {"message_id": 2}])
    async def test_another_press_is_no_double_click(self, store: Store, changes: dict[str, Any]) -> None:
        """Another person, button or message makes it another press, once the first is not on its way any more."""
        await accepted(store, a_claim(1), "child")
        await store.create_claim(replace(a_claim(1), id=2, **changes), allow)
        assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [2]

    async def test_a_refused_press_may_be_tried_again_at_once(self, store: Store) -> None:
        """Nothing was paid, so nothing is in the way."""
        await store.create_claim(a_claim(1, made_at=NOON), allow)
        await store.settle_claim(1, ClaimState.REFUSED)
        await store.create_claim(a_claim(2, made_at=later(0.5)), allow)
        assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [2]

    async def test_the_judge_is_told_what_counts(self, store: Store) -> None:
        """This UTC day's claims that may have been paid, the person's and all; the last of any day, refused or not."""
        midnight = NOON.replace(hour=0)
        seen: list[Usage] = []
        east = timezone(timedelta(hours=14))
        await store.create_claim(a_claim(1, "a", made_at=midnight - timedelta(seconds=1)), seen.append)
        await store.create_claim(a_claim(2, "b", made_at=midnight.astimezone(east)), seen.append)
        await store.create_claim(a_claim(3, "c", made_at=NOON), seen.append)
        await store.create_claim(a_claim(4, "d", made_at=later(1), person_id=8), seen.append)
        await store.settle_claim(3, ClaimState.REFUSED)
        await store.settle_claim(4, ClaimState.UNKNOWN)
        await store.create_claim(a_claim(5, "e", made_at=later(2)), seen.append)
        expected = [
            Usage(0, 0, None),
            Usage(0, 0, midnight - timedelta(seconds=1)),
            Usage(1, 1, midnight),
            Usage(0, 2, None),
            Usage(1, 2, NOON),
        ]
        assert expected == seen

    async def test_what_the_relay_bills_is_what_counts(self, store: Store) -> None:
        """A free window counts as nothing, a billed one and its form as two, and one that is not known as one."""
        seen: list[Usage] = []
        for number, submits in enumerate((0, 2, 1, None), 1):
            await store.create_claim(a_claim(number, f"b{number}", made_at=later(number)), allow)
            await store.settle_claim(number, ClaimState.ACCEPTED, f"child {number}", submits=submits)
        await store.settle_claim(3, ClaimState.ACCEPTED, "child 3")
        await store.create_claim(a_claim(9, "e", made_at=later(9)), seen.append)
        assert [(one.person_submits_today, one.all_submits_today) for one in seen] == [(4, 4)]
        known = [await store.find_claim(number) for number in range(1, 5)]
        assert [claim.submits for claim in known if claim] == [0, 2, 1, None]

    async def test_claims_are_found_by_the_task_they_led_to(self, store: Store) -> None:
        """A form's claim leads to the form's own task; what led nowhere is found by nothing."""
        for number in range(1, 6):
            await store.create_claim(a_claim(number, f"b{number}"), allow)
        await store.settle_claim(2, ClaimState.ACCEPTED, "c1")
        await store.settle_claim(1, ClaimState.ACCEPTED, "c2")
        await store.settle_claim(3, ClaimState.UNKNOWN, "c1")
        await store.settle_claim(4, ClaimState.UNKNOWN)
        found = await store.list_claims_of_children(["c1", "c2", "c3", ""])
        assert [(claim.id, claim.child_id) for claim in found] == [(1, "c2"), (2, "c1"), (3, "c1")]
        assert list(await store.list_claims_of_children([])) == []

    async def test_what_the_judge_raises_leaves_no_claim(self, store: Store) -> None:
        """The refusal passes through as it is, and the same interaction may ask again."""

        def refuse(_: Usage) -> None:
            raise CooldownActive(1)

        with pytest.raises(CooldownActive):
            await store.create_claim(a_claim(1), refuse)
        await store.create_claim(a_claim(1), allow)

    async def test_claims_are_listed_by_state_oldest_first(self, store: Store) -> None:
        """A settled claim changes its list, with its child."""
        for claim_id in (3, 1, 2):
            await store.create_claim(a_claim(claim_id, f"U{claim_id}"), allow)
        await store.settle_claim(2, ClaimState.ACCEPTED, "child")
        assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [1, 3]
        settled = a_claim(2, "U2", state=ClaimState.ACCEPTED, child_id="child")
        assert [settled] == list(await store.list_claims(ClaimState.ACCEPTED))

    async def test_what_is_known_of_a_claim_is_not_forgotten(self, store: Store) -> None:
        """A process that found it unsettled does not overrule the one that settled it; the reverse is news."""
        await accepted(store, a_claim(1, "a"), "child")
        await store.settle_claim(1, ClaimState.UNKNOWN)
        await store.create_claim(a_claim(2, "b"), allow)
        await store.settle_claim(2, ClaimState.UNKNOWN)
        await store.settle_claim(2, ClaimState.ACCEPTED, "late")
        await store.settle_claim(99, ClaimState.ACCEPTED, "nobody's")
        assert [claim.child_id for claim in await store.list_claims(ClaimState.ACCEPTED)] == ["child", "late"]

    async def test_only_a_claim_without_an_end_is_given_back(self, store: Store) -> None:
        """One whose task was met meanwhile stays accepted; of one that is given back nothing was billed."""
        for number in range(1, 5):
            await store.create_claim(a_claim(number, f"b{number}"), allow)
        await store.settle_claim(1, ClaimState.UNKNOWN)
        await store.settle_claim(2, ClaimState.UNKNOWN)
        await store.settle_claim(2, ClaimState.ACCEPTED, "met")
        await store.settle_claim(3, ClaimState.REFUSED)
        assert [await store.mark_claim_unbilled(number) for number in (1, 2, 3, 4, 99)] == [
            True,
            False,
            False,
            False,
            False,
        ]
        assert await store.mark_claim_unbilled(1) is False
        found = [await store.find_claim(number) for number in range(1, 5)]
        assert [(claim.state, claim.submits, claim.child_id) for claim in found if claim] == [
            (ClaimState.REFUSED, 0, ""),
            (ClaimState.ACCEPTED, None, "met"),
            (ClaimState.REFUSED, None, ""),
            (ClaimState.SUBMITTING, None, ""),
        ]

    async def test_claims_that_were_billed_come_newest_first(self, store: Store) -> None:
        """Those that led to a task, made before a time, and not known to be free; no more than asked for."""
        for number in range(1, 9):
            await store.create_claim(a_claim(number, f"b{number}", made_at=later(10 * number)), allow)
        for number, submits in ((1, None), (2, 0), (3, 1), (4, 2), (8, 1)):
            await store.settle_claim(number, ClaimState.ACCEPTED, f"child {number}", submits=submits)
        await store.settle_claim(5, ClaimState.UNKNOWN)
        await store.settle_claim(6, ClaimState.REFUSED)
        await store.settle_claim(7, ClaimState.ACCEPTED)
        assert [claim.id for claim in await store.list_billed_claims(later(80), 9)] == [4, 3, 1]
        assert [claim.id for claim in await store.list_billed_claims(later(81), 2)] == [8, 4]


class TestMarks:
    async def test_the_newest_press_of_each_button_is_marked(self, store: Store) -> None:
        """Only accepted ones of this task, with whether the child has ended."""
        await store.open_job(a_job(12, "v", ephemeral=True))
        await accepted(store, a_claim(1, "U1"), "old")
        await accepted(store, a_claim(11, "U1"), "new")
        await accepted(store, a_claim(12, "V1"), "v")
        await accepted(store, a_claim(13, "V1", task_id="t2", message_id=2), "elsewhere")
        await store.create_claim(a_claim(14, "V2"), allow)
        await store.save_snapshot(Task(id="new", status=Status.SUCCESS))
        await store.save_snapshot(Task(id="v", status=Status.IN_PROGRESS))
        expected = {"U1": PressedButton("new", "", is_finished=True), "V1": PressedButton("v", "", is_finished=False)}
        assert expected == await store.find_pressed_buttons("t1")

    @pytest.mark.parametrize("status", [Status.FAILURE, Status.CANCEL])
    async def test_a_child_that_failed_marks_nothing(self, store: Store, status: Status) -> None:
        """Its button may be pressed again; an older child that did well is shown instead."""
        await accepted(store, a_claim(1, "U1"), "good")
        await accepted(store, a_claim(11, "U1"), "bad")
        await accepted(store, a_claim(12, "U2"), "bad")
        await store.save_snapshot(Task(id="bad", status=status))
        await store.open_job(a_job(50, "good", ephemeral=True))
        await store.open_job(a_job(51, "bad"))
        assert {"U1": PressedButton("good", "", is_finished=False)} == await store.find_pressed_buttons("t1")

    @pytest.mark.parametrize("status", [None, Status.SUBMITTED, Status.IN_PROGRESS, Status.MODAL])
    @pytest.mark.parametrize("follows", [{"task_id": "c1"}, {"task_id": "", "claim_id": 1}])
    async def test_an_unfinished_child_counts_while_it_is_followed(
        self, store: Store, status: Status | None, follows: dict[str, Any]
    ) -> None:
        """By an open message of its own or of its press; one that everybody gave up keeps no button."""
        await accepted(store, a_claim(1, "U1"), "c1")
        await accepted(store, a_claim(2, "U2"), "c2")
        if status is not None:
            await store.save_snapshot(Task(id="c1", status=status))
        await store.open_job(a_job(51, "somebody's", claim_id=9))
        assert await store.find_pressed_buttons("t1") == {}
        await store.open_job(a_job(50, **follows))
        assert {"U1"} == set(await store.find_pressed_buttons("t1"))
        await store.close_job(50)
        assert await store.find_pressed_buttons("t1") == {}
        await store.save_snapshot(Task(id="c1", status=Status.SUCCESS))
        assert {"U1"} == set(await store.find_pressed_buttons("t1"))

    async def test_a_mark_tells_where_its_link_leads(self, store: Store) -> None:
        """The server and channel of the linked message; nowhere where there is none to link."""
        await accepted(store, a_claim(1, "U1"), "c1")
        await accepted(store, a_claim(2, "U2"), "c2")
        await store.open_job(a_job(50, "c1", claim_id=1))
        await store.open_job(a_job(51, "c2", claim_id=2, ephemeral=True))
        expected = {
            "U1": PressedButton("c1", a_job(50).place.link, is_finished=False, guild_id=30, channel_id=20),
            "U2": PressedButton("c2", "", is_finished=False),
        }
        assert expected == await store.find_pressed_buttons("t1")

    async def test_a_mark_links_to_the_message_its_press_opened(self, store: Store) -> None:
        """Before any newer message of the same child; never to one that only its requester sees."""
        await accepted(store, a_claim(1, "U1"), "c1")
        await accepted(store, a_claim(2, "U2"), "c2")
        await accepted(store, a_claim(3, "U3"), "c3")
        await store.open_job(a_job(50, "c1", claim_id=1))
        await store.open_job(a_job(51, "c1"))
        await store.open_job(a_job(52, "c2", claim_id=2, ephemeral=True))
        await store.open_job(a_job(53, "c2"))
        await store.open_job(a_job(54, "c3", claim_id=3, ephemeral=True))
        links = {button: mark.link for button, mark in (await store.find_pressed_buttons("t1")).items()}
        assert {"U1": a_job(50).place.link, "U2": a_job(53).place.link, "U3": ""} == links

    async def test_an_untouched_task_has_no_marks(self, store: Store) -> None:
        """No press, no mark."""
        assert await store.find_pressed_buttons("t1") == {}


class TestKin:
    async def test_both_ways_are_known_the_oldest_first(self, store: Store) -> None:
        """What the tasks were made of, and what was made of them; each pair once, and nobody else's."""
        await accepted(store, a_claim(1, "U1", task_id="grid"), "single")
        await accepted(store, a_claim(8, "V1", task_id="grid"), "varied")
        await accepted(store, a_claim(2, "Z", task_id="single"), "zoomed")
        await accepted(store, a_claim(3, "U2", task_id="other"), "stranger")
        await store.open_job(a_job(4, "single", parent_id="grid"))
        pairs = [LineagePair("grid", "single"), LineagePair("single", "zoomed"), LineagePair("grid", "varied")]
        assert pairs[:2] == list(await store.list_lineage_pairs(["single"], 9))
        assert pairs == list(await store.list_lineage_pairs(["grid", "single"], 9))
        assert pairs[:2] == list(await store.list_lineage_pairs(["grid", "single"], 2))

    async def test_a_job_knows_a_parent_that_no_claim_tells_of(self, store: Store) -> None:
        """Upwards only, as that is what has an index."""
        await store.open_job(a_job(1, "child", parent_id="parent"))
        assert [LineagePair("parent", "child")] == list(await store.list_lineage_pairs(["child"], 9))
        assert [] == list(await store.list_lineage_pairs(["parent", ""], 9))

    async def test_what_is_not_accepted_or_no_child_is_no_kin(self, store: Store) -> None:
        """Nor a command, nor a form, which is answered on the child itself."""
        await store.create_claim(a_claim(1, "U1"), allow)
        await store.settle_claim(1, ClaimState.UNKNOWN)
        await store.create_claim(a_claim(2, "U2"), allow)
        await store.settle_claim(2, ClaimState.REFUSED)
        await accepted(store, a_claim(3, "form", task_id="t1"), "t1")
        await accepted(store, a_claim(4, "imagine", task_id=""), "t1")
        await store.open_job(a_job(5, "t1"))
        assert [] == list(await store.list_lineage_pairs(["t1", ""], 9))
        assert [] == list(await store.list_lineage_pairs([], 9))

    async def test_jobs_of_many_tasks_come_newest_first(self, store: Store) -> None:
        """Open or closed, at most so many, and none without a task."""
        for number, task_id in enumerate(("a", "b", "c", "a", ""), 1):
            await store.open_job(a_job(number, task_id))
        await store.close_job(2)
        assert [4, 2, 1] == [job.id for job in await store.list_jobs_of_tasks(["a", "b", ""], 9)]
        assert [4, 2] == [job.id for job in await store.list_jobs_of_tasks(["a", "b"], 2)]
        assert [] == list(await store.list_jobs_of_tasks([], 9))


class TestRefusals:
    async def test_a_refusal_holds_until_its_time(self, store: Store) -> None:
        """The last word about a kind counts, and ends when it said."""
        await store.save_missing_capability("p", "no pan", at=NOON, until=later(600))
        await store.save_missing_capability("a", "down", at=NOON, until=later(60))
        await store.save_missing_capability("p", "no pan at all", at=later(1), until=later(500))
        assert await store.find_missing_capabilities(later(59)) == {"p": "no pan at all", "a": "down"}
        assert await store.clear_missing_capabilities() == 2
        assert await store.find_missing_capabilities(later(59)) == {}
        assert await store.clear_missing_capabilities() == 0
        await store.save_missing_capability("p", "no pan at all", at=later(1), until=later(500))
        await store.save_missing_capability("a", "down", at=NOON, until=later(60))
        assert await store.find_missing_capabilities(later(60)) == {"p": "no pan at all"}
        assert await store.find_missing_capabilities(later(500)) == {}

    async def test_a_refusal_has_its_time(self, store: Store) -> None:
        """That of the last one, as long as it holds."""
        assert await store.find_refusal_time("p", NOON) is None
        await store.save_missing_capability("p", "no pan", at=NOON, until=later(60))
        await store.save_missing_capability("p", "no pan", at=later(1), until=later(60))
        assert await store.find_refusal_time("p", later(59)) == later(1)
        assert await store.find_refusal_time("p", later(60)) is None
        assert await store.find_refusal_time("a", later(59)) is None


class TestPeople:
    async def test_who_chose_nothing_has_the_defaults(self, store: Store) -> None:
        """No row need be written for anybody."""
        assert PersonSettings() == await store.find_person_settings(7)

    async def test_a_choice_comes_back_as_it_went_in(self, store: Store) -> None:
        """Every field, each person's own; a change starts from what was chosen before."""
        chosen = PersonSettings(remix=True, defaults="--ar 3:2", speed=Speed.RELAX, notify=Notify.ALWAYS)
        assert chosen == await store.update_person_settings(7, lambda _: chosen)
        assert chosen == await store.find_person_settings(7)
        assert PersonSettings() == await store.find_person_settings(8)
        changed = await store.update_person_settings(7, lambda settings: replace(settings, speed=None))
        assert changed == replace(chosen, speed=None) == await store.find_person_settings(7)

    async def test_changes_at_once_all_count(self, store: Store) -> None:
        """Two clicks on a panel are two transactions: none forgets what the other wrote."""
        fields: list[dict[str, Any]] = [
            {"remix": True}, {"defaults": "--tile"}, {"speed": Speed.FAST}, {"notify": Notify.NEVER},
        ]  # fmt: skip
        changes = [lambda settings, field=field: replace(settings, **field) for field in fields]
        await asyncio.gather(*(store.update_person_settings(7, change) for change in changes))
        wanted = PersonSettings(remix=True, defaults="--tile", speed=Speed.FAST, notify=Notify.NEVER)
        assert wanted == await store.find_person_settings(7)

    async def test_who_takes_all_back_has_no_row(self, sql: SqlStore) -> None:
        """At once; and what an earlier version kept of nobody's choice goes with the next sweep."""
        await sql.update_person_settings(7, lambda settings: replace(settings, remix=True))
        await sql.update_person_settings(7, lambda _: PersonSettings())
        assert await people_kept(sql) == []
        async with sql.database.write_engine.begin() as connection:
            nothing = asdict(PersonSettings())
            rows = [{"person_id": 7, **nothing}, {"person_id": 8, **nothing, "speed": "relax"}]
            await connection.execute(insert(people), [*rows, {"person_id": 9, **nothing, "notify": "by owl"}])
        await sql.delete_expired(NOON)
        assert await people_kept(sql) == [8, 9]

    async def test_a_choice_beside_one_that_takes_all_back_counts(self, store: Store) -> None:
        """Whichever comes first: neither fails for the other's row."""
        for _ in range(5):
            await asyncio.gather(
                store.update_person_settings(7, lambda _: PersonSettings()),
                store.update_person_settings(7, lambda settings: replace(settings, remix=True)),
                store.update_person_settings(7, lambda _: PersonSettings()),
                store.update_person_settings(8, lambda settings: replace(settings, remix=True)),
            )
            assert (await store.find_person_settings(8)).remix

    async def test_what_a_newer_version_wrote_is_read_as_nothing_chosen(self, sql: SqlStore) -> None:
        """During a deploy an old process may read what a new one's panel wrote."""
        await sql.update_person_settings(7, lambda settings: replace(settings, remix=True))
        async with sql.database.write_engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE people SET speed = 'ludicrous', notify = 'by owl'")
        assert PersonSettings(remix=True) == await sql.find_person_settings(7)


async def people_kept(sql: SqlStore) -> list[int]:
    rows = await sql.database.read(select(people.c.person_id).order_by(people.c.person_id))
    return [row["person_id"] for row in rows]


async def every_answer(store: Store) -> list[str]:
    """Call every method; return the names of those that did not raise StoreUnavailable."""
    calls: dict[str, Callable[[], Any]] = {
        "open_job": lambda: store.open_job(a_job(1)),
        "update_job": lambda: store.update_job(a_job(1)),
        "close_job": lambda: store.close_job(1),
        "delete_job": lambda: store.delete_job(1),
        "count_open_jobs": store.count_open_jobs,
        "find_job": lambda: store.find_job(1),
        "list_jobs_of_task": lambda: store.list_jobs_of_task("t"),
        "list_jobs_of_tasks": lambda: store.list_jobs_of_tasks(["t"], 1),
        "list_lineage_pairs": lambda: store.list_lineage_pairs(["t"], 1),
        "find_job_of_claim": lambda: store.find_job_of_claim(1),
        "list_recent_tasks": lambda: store.list_recent_tasks(7, 1),
        "list_tasks": lambda: store.list_tasks(7, TaskFilter.ALL, skip=0, limit=1),
        "save_snapshot": lambda: store.save_snapshot(Task(id="t")),
        "find_snapshot": lambda: store.find_snapshot("t"),
        "find_snapshots": lambda: store.find_snapshots(["t"]),
        "find_claim": lambda: store.find_claim(1),
        "verify_claim": lambda: store.verify_claim(1),
        "renew_claim": lambda: store.renew_claim(1),
        "delete_expired": lambda: store.delete_expired(NOON),
        "create_claim": lambda: store.create_claim(a_claim(1), allow),
        "settle_claim": lambda: store.settle_claim(1, ClaimState.REFUSED),
        "list_claims": lambda: store.list_claims(ClaimState.ACCEPTED),
        "mark_claim_unbilled": lambda: store.mark_claim_unbilled(1),
        "list_billed_claims": lambda: store.list_billed_claims(NOON, 1),
        "list_claims_of_children": lambda: store.list_claims_of_children(["t"]),
        "find_pressed_buttons": lambda: store.find_pressed_buttons("t"),
        "save_missing_capability": lambda: store.save_missing_capability("p", "no", at=NOON, until=NOON),
        "clear_missing_capabilities": store.clear_missing_capabilities,
        "find_missing_capabilities": lambda: store.find_missing_capabilities(NOON),
        "find_refusal_time": lambda: store.find_refusal_time("p", NOON),
        "find_person_settings": lambda: store.find_person_settings(7),
        "update_person_settings": lambda: store.update_person_settings(7, lambda settings: settings),
    }
    names = {name for name in vars(Store) if not name.startswith("_")}
    assert names == set(calls)
    answered: list[str] = []
    for name, call in calls.items():
        try:
            await call()
        except StoreUnavailable:
            continue
        answered.append(name)
    return answered


class TestFailures:
    async def test_every_method_says_that_the_database_is_broken(self, sql: SqlStore, url: str) -> None:
        """Tables gone from under it: StoreUnavailable from each method, and nothing else."""
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in metadata.tables:
                connection.execute(text(f"DROP TABLE {table}"))
        engine.dispose()
        assert await every_answer(sql) == []

    async def test_the_fake_can_be_down_as_well(self) -> None:
        """Services are tested against the same failure."""
        fake = FakeStore(lambda: NOON)
        fake.down = True
        assert await every_answer(fake) == []

    async def test_a_full_disk_claims_nothing(self, sql: SqlStore) -> None:
        """The claim is refused, leaves no row behind, and the store works on when there is room again."""
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1")
        big = a_claim(1, "x" * 100_000)
        with pytest.raises(StoreUnavailable):
            await sql.create_claim(big, allow)
        assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        await sql.create_claim(big, allow)

    async def test_a_read_only_database_claims_nothing(self, sql: SqlStore) -> None:
        """Reads go on; a claim is refused."""
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(StoreUnavailable):
            await sql.create_claim(a_claim(1), allow)
        assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []

    async def test_a_deleted_file_claims_nothing(self, sql: SqlStore, tmp_path: Path) -> None:
        """SQLite itself would write on into the deleted file."""
        (tmp_path / "data").rename(tmp_path / "elsewhere")
        with pytest.raises(StoreUnavailable):
            await sql.create_claim(a_claim(1), allow)
        (tmp_path / "elsewhere").rename(tmp_path / "data")
        assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []

    async def test_a_claim_waits_for_another_process_and_then_gives_up(self, sql: SqlStore, url: str) -> None:
        """A database locked for good is StoreUnavailable, and no claim."""
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout=10")
        other = sqlite3.connect(str(parse_database_url(url).database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await sql.create_claim(a_claim(1), allow)
        other.execute("ROLLBACK")
        other.close()
        assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []

    async def test_a_file_that_is_no_database_cannot_be_opened(self, tmp_path: Path) -> None:
        """Garbage, and a path through a file, are StoreUnavailable at the start."""
        (tmp_path / "garbage").write_bytes(b"not a database at all " * 100)
        for path in (tmp_path / "garbage", tmp_path / "garbage" / "below" / "mjbot.db"):
            with pytest.raises(StoreUnavailable):
                async with open_store(f"sqlite:///{path}", now=lambda: NOON):
                    pass

    async def test_a_server_that_is_not_there_cannot_be_opened(self) -> None:
        """PostgreSQL's absence is StoreUnavailable too."""
        with pytest.raises(StoreUnavailable):
            async with open_store("postgresql://mjbot@127.0.0.1:1/mjbot", now=lambda: NOON):
                pass

    async def test_an_error_tells_no_token(self, sql: SqlStore, url: str) -> None:
        """Interaction tokens are parameters of the statement that failed, and errors end in logs."""
        async with sql.database.write_engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE jobs")
        job = a_job(1)
        with pytest.raises(StoreUnavailable) as caught:
            await sql.open_job(replace(job, place=replace(job.place, token="s3cret")))
        assert "s3cret" not in f"{caught.value} {caught.value.__cause__}"


def claim_in_process(url: str, first: int, start: Barrier, won: "Queue[list[int]]") -> None:
    """Claim 40 presses under ids of this process's own, and say which were won."""

    async def run() -> list[int]:
        async with open_store(url, now=lambda: NOON) as store:
            await asyncio.to_thread(start.wait)
            mine: list[int] = []
            for press in range(40):
                try:
                    await store.create_claim(a_claim(first + press, f"b{press}", made_at=NOON), allow)
                except AlreadyClaimed:
                    continue
                mine.append(press)
            return mine

    won.put(asyncio.run(run()))


class TestTwoProcesses:
    def test_each_press_is_claimed_by_one_of_them(self, either_url: str) -> None:
        """Two processes that start, migrate and claim at the same moment on one database: each press is won once."""
        spawn = multiprocessing.get_context("spawn")
        start, won = spawn.Barrier(2), spawn.Queue()
        processes = [
            spawn.Process(target=claim_in_process, args=(either_url, first, start, won)) for first in (100, 200)
        ]
        for process in processes:
            process.start()
        first, second = won.get(timeout=60), won.get(timeout=60)
        for process in processes:
            process.join()
        won.close()
        won.join_thread()
        assert list(range(40)) == sorted(first + second)

    async def test_one_moment_of_many_tasks_claims_once(self, either_url: str) -> None:
        """Two stores on one database and a hundred clicks on one button: one claim."""
        async with open_store(either_url, now=lambda: NOON) as sql, open_store(either_url, now=lambda: NOON) as other:
            tries = (store.create_claim(a_claim(n, made_at=NOON), allow) for n, store in enumerate([sql, other] * 50))
            ended = await asyncio.gather(*tries, return_exceptions=True)
        assert [end for end in ended if not isinstance(end, AlreadyClaimed)] == [None]

    async def test_the_limit_holds_for_presses_of_one_moment(self, either_url: str) -> None:
        """What the judge is told and what is written are one step."""

        def at_most_five(usage: Usage) -> None:
            if usage.all_submits_today >= 5:
                raise CooldownActive(1)

        async with open_store(either_url, now=lambda: NOON) as sql, open_store(either_url, now=lambda: NOON) as other:
            tries = (store.create_claim(a_claim(n, f"b{n}"), at_most_five) for n, store in enumerate([sql, other] * 20))
            await asyncio.gather(*tries, return_exceptions=True)
            assert len(await sql.list_claims(ClaimState.SUBMITTING)) == 5


class TestMigrations:
    async def test_they_end_at_the_schema_in_the_code(self, either_url: str) -> None:
        """A column or an index added to one and not to the other is found here."""

        def differences(connection: Connection) -> list[Any]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata))

        async with (
            open_store(either_url, now=lambda: NOON) as store,
            store.database.read_engine.connect() as connection,
        ):
            assert await connection.run_sync(differences) == []

    async def test_many_starters_migrate_once_and_say_so_once(
        self, either_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line at INFO from the one that did it; a later start says nothing."""

        async def start() -> None:
            async with open_store(either_url, now=lambda: NOON) as store:
                assert list(await open_jobs(store)) == []

        with caplog.at_level(logging.INFO):
            await asyncio.gather(*(start() for _ in range(4)))
            await start()
        assert [record.getMessage() for record in caplog.records] == ["database schema migrated from nothing to 0005"]

    async def test_rows_of_an_older_version_go_on(self, either_url: str) -> None:
        """The first schema with an open job and a submit under way: both are free for whoever starts next."""

        def first_schema(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS_DIR))
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")

        address = parse_database_url(either_url)
        if file := sqlite_path(address):
            file.parent.mkdir()
        engine = create_async(address, pooled=False)
        async with engine.begin() as connection:
            await connection.run_sync(first_schema)
            row = {name: value for name, value in job_to_row(a_job(1)).items() if name != "notified"}
            await connection.execute(jobs.insert().values(**row, closed_at=None))
            row = {name: value for name, value in asdict(a_claim(1)).items() if name != "submits"}
            await connection.execute(claims.insert().values(row))
        await engine.dispose()
        async with open_store(either_url, now=lambda: later(600), owner="new") as store:
            assert [a_job(1)] == list(await store.process_leases.take_over_jobs(9))
            assert [a_claim(1)] == list(await store.process_leases.list_orphaned_claims())

    async def test_a_newer_database_is_used_as_it_is(self, sql: SqlStore, url: str) -> None:
        """During a deploy an old process may start beside a new one; migrations only add."""
        async with sql.database.write_engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        async with open_store(url, now=lambda: NOON) as old:
            await old.open_job(a_job(1))

    async def test_rows_outlive_the_process(self, url: str) -> None:
        """What was written before is there after, and closing leaves no write-ahead log behind."""
        async with open_store(url, now=lambda: NOON) as store:
            await store.open_job(a_job(1))
        path = Path(str(parse_database_url(url).database))
        assert [path.name] == [file.name for file in path.parent.iterdir()]
        async with open_store(url, now=lambda: NOON) as store:
            assert [a_job(1)] == list(await open_jobs(store))


def wal_size(store: SqlStore) -> int:
    return Path(f"{store.database.file}-wal").stat().st_size


class TestSqlite:
    async def test_it_is_tuned_for_many_small_writes(self, sql: SqlStore) -> None:
        """Write-ahead log, no sync per commit, patience with other processes, foreign keys."""
        pragmas = {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 5000, "foreign_keys": 1}
        async with sql.database.read_engine.connect() as connection:
            found = {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in pragmas}
        assert pragmas == found

    async def test_nobody_else_on_the_machine_can_read_it(self, url: str, tmp_path: Path) -> None:
        """Interaction tokens stand in it: folder, file and write-ahead log are its owner's alone."""
        before = os.umask(0o022)
        try:
            async with open_store(url, now=lambda: NOON) as store:
                await store.open_job(a_job(1))
                folder = tmp_path / "data"
                modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
        finally:
            os.umask(before)
        private = {"mjbot.db": 0o600, "mjbot.db-wal": 0o600, "mjbot.db-shm": 0o600}
        assert {"data": 0o700, **private} == modes

    async def test_keeping_the_same_again_writes_nothing(self, sql: SqlStore) -> None:
        """The write-ahead log does not grow."""
        await sql.save_snapshot(Task(id="t1", prompt="a cat"))
        size = wal_size(sql)
        for _ in range(20):
            await sql.save_snapshot(Task(id="t1", prompt="a cat"))
        assert size == wal_size(sql)
        await sql.save_snapshot(Task(id="t1", prompt="a dog"))
        assert size < wal_size(sql)

    async def test_snapshots_of_one_moment_share_a_commit(self, sql: SqlStore) -> None:
        """A thousand tasks that change at once cost a transaction or two, and the last of each task is kept."""
        commits: list[object] = []
        event.listen(sql.database.read_engine.sync_engine, "commit", commits.append)
        await asyncio.gather(*(sql.save_snapshot(Task(id=f"t{n % 50}", prompt=f"{n}")) for n in range(200)))
        assert len(commits) <= 2
        assert [f"{n}" for n in range(150, 200)] == [
            kept.prompt for n in range(50) if (kept := await sql.find_snapshot(f"t{n}"))
        ]

    async def test_snapshots_that_fail_together_do_not_stop_the_next(self, sql: SqlStore) -> None:
        """Each caller hears of it, and a later one is kept."""
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA query_only=ON")
        ended = await asyncio.gather(*(sql.save_snapshot(Task(id=f"t{n}")) for n in range(3)), return_exceptions=True)
        assert [StoreUnavailable] * 3 == [type(end) for end in ended]
        async with sql.database.read_engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA query_only=OFF")
        await sql.save_snapshot(Task(id="t9"))
        assert Task(id="t9") == await sql.find_snapshot("t9")

    async def test_closing_lets_writes_end_and_then_refuses(self, url: str) -> None:
        """What is under way at the end is kept; what comes later is told so, and opens nothing anew."""
        async with open_store(url, now=lambda: NOON) as store:
            calls = [
                asyncio.ensure_future(store.open_job(a_job(1))),
                asyncio.ensure_future(store.save_snapshot(Task(id="t1"))),
            ]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await asyncio.gather(*calls)
        assert await every_answer(store) == []
        async with open_store(url, now=lambda: NOON) as store:
            assert [a_job(1)] == list(await open_jobs(store))
            assert Task(id="t1") == await store.find_snapshot("t1")

    async def test_a_cancelled_call_leaves_the_store_usable(self, sql: SqlStore) -> None:
        """A call may be given up at any moment; the one connection goes back, and no lock stays behind."""
        for steps in range(25):
            call = asyncio.ensure_future(sql.create_claim(a_claim(steps + 1, f"b{steps}"), allow))
            for _ in range(steps):
                await asyncio.sleep(0.0002)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        async with asyncio.timeout(2):
            await sql.create_claim(a_claim(99, "last"), allow)
        assert 99 in [claim.id for claim in await sql.list_claims(ClaimState.SUBMITTING)]

    @pytest.mark.parametrize(
        ("ask", "index"),
        [
            (lambda store: store.count_open_jobs(), "jobs_open"),
            (lambda store: store.list_jobs_of_task("t1"), "jobs_by_task"),
            (lambda store: store.list_jobs_of_tasks(["t1", "t2"], 9), "jobs_by_task"),
            (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "claims_by_task"),
            (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "claims_by_child"),
            (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "jobs_by_task"),
            (lambda store: store.find_job_of_claim(1), "jobs_by_claim"),
            (lambda store: store.list_recent_tasks(7, 10), "jobs_by_requester"),
            (lambda store: store.list_tasks(7, TaskFilter.FAILED, skip=20, limit=10), "jobs_by_requester"),
            (lambda store: store.list_claims(ClaimState.SUBMITTING), "claims_by_state"),
            (lambda store: store.find_pressed_buttons("t1"), "claims_by_task"),
            (lambda store: store.create_claim(a_claim(1), allow), "claims_by_person"),
            (lambda store: store.create_claim(a_claim(1), allow), "claims_by_day"),
        ],
    )
    async def test_no_query_reads_a_whole_table(self, sql: SqlStore, ask: Callable[[Store], Any], index: str) -> None:
        """SQLite's own plan names the index that was made for the query, and scans no table."""
        asked: list[tuple[str, Any]] = []

        def note(_connection: object, _cursor: object, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
            if statement.startswith("SELECT"):
                asked.append((statement, parameters))

        event.listen(sql.database.read_engine.sync_engine, "before_cursor_execute", note)
        await ask(sql)
        event.remove(sql.database.read_engine.sync_engine, "before_cursor_execute", note)
        plan: list[str] = []
        async with sql.database.read_engine.connect() as connection:
            for statement, parameters in asked:
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plan += [str(row.detail) for row in rows]
        assert any(index in line for line in plan), plan
        scans = [line for line in plan if line.startswith("SCAN ") and "INDEX" not in line]
        assert [line for line in scans if line.split()[1] in metadata.tables] == [], plan


class TestDatabaseUrl:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("sqlite:///data/mjbot.db", "sqlite+aiosqlite:///data/mjbot.db"),
            ("sqlite:////data/mjbot.db\n", "sqlite+aiosqlite:////data/mjbot.db"),
            ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
            ("postgres://u:p%40@h:5432/d", "postgresql+asyncpg://u:p%40@h:5432/d"),
            ("postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d"),
            ("postgres://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
            ("postgresql://h/d?sslmode=verify-full", "postgresql+asyncpg://h/d?ssl=verify-full"),
            (
                "postgresql://h/d?sslmode=require&channel_binding=require&connect_timeout=9&pgbouncer=true",
                "postgresql+asyncpg://h/d?ssl=require",
            ),
            ("postgresql:///d?host=/run/postgresql", "postgresql+asyncpg:///d?host=%2Frun%2Fpostgresql"),
        ],
    )
    def test_a_platforms_url_is_understood(self, given: str, expected: str) -> None:
        """As SQLAlchemy and the asynchronous drivers want it; libpq's options that asyncpg lacks are dropped."""
        assert expected == parse_database_url(given).render_as_string(hide_password=False)

    def test_asyncpg_gets_the_other_options_in_a_dsn(self) -> None:
        """It takes a root certificate's path only there."""
        url = parse_database_url("postgresql://u:p@h/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem&application_name=mj")
        assert url.query == {
            "ssl": "verify-ca",
            "dsn": "postgresql:///?sslrootcert=%2Fetc%2Fca.pem&application_name=mj",
        }

    @pytest.mark.parametrize(
        "wrong",
        [
            "",
            "s3cret",
            "mysql://u:s3cret@h/d",
            "sqlite://",
            "sqlite:///:memory:",
            "postgres://u:s3cret@h:port/d",
            "postgres://u:s3cret@h/d?sslmode=s3cret",
        ],
    )
    def test_a_wrong_url_is_refused_without_repeating_it(self, wrong: str) -> None:
        """The variable and what is wrong are named, a password never."""
        with pytest.raises(SettingsError) as caught:
            parse_database_url(wrong)
        assert caught.value.problems[0][0] == "DATABASE_URL"
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ("mysql://u:p@h/d", "use sqlite:///data/mjbot.db for a file, or postgresql://"),
            ("data/mjbot.db", "use sqlite:///data/mjbot.db for a file, or postgresql://"),
            ("${{Postgres.DATABASE_URL}}", "is the service called Postgres?"),
            ("${{ My db.DATABASE_URL }}", "is the service called My db?"),
            ("${{DATABASE_URL}}", "is the service called Postgres?"),
        ],
    )
    def test_a_wrong_url_is_told_with_the_next_step(self, wrong: str, said: str) -> None:
        """What to put instead; a reference that Railway left as it stands is told as one."""
        with pytest.raises(SettingsError, match=re.escape(said)):
            parse_database_url(wrong)


words = st.text(max_size=20)
tasks = st.builds(
    Task,
    id=st.text(min_size=1, max_size=20),
    prompt=words,
    status=st.sampled_from(Status),
    fail_reason=words,
    image_urls=st.lists(words.filter(bool), max_size=2),
    buttons=st.lists(st.builds(Button, custom_id=words, label=words), max_size=2),
    properties=st.builds(Properties, final_prompt=words),
)


@given(task=tasks, progress=st.none() | st.integers(0, 100))
def test_any_snapshot_comes_back_as_it_went_in(task: Task, progress: int | None) -> None:
    """Though the model reads the wire, where progress is "46%" and 100 % with a reason is a failure."""
    kept = task.model_copy(update={"progress": progress})
    assert kept == task_from_row(task_to_row(kept))
