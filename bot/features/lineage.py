"""Find the lineage of a task in the store: the tasks it was made from, and those made from it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.entities import Job
from bot.midjourney.task import Status, Task
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import Store

MAX_MEMBERS = 25
"""How many members are shown."""
_MAX_READ = 60
"""How many members are read: those that are hidden from the person take no place of the others."""
_MAX_GENERATIONS = 8
"""How many generations are read upwards, and from the oldest one downwards."""
_MAX_ROWS = 200
"""How many pairs of parent and child one query returns."""
_MAX_JOBS = 500
"""How many jobs one query returns."""


@dataclass(frozen=True)
class LineageMember:
    """One task of a lineage; `task` is its snapshot, with nothing but the id if the store has lost it.

    `path` says for each generation above it, and last for itself, whether that task is its parent's last child.
    `pressed` is what was pressed for the task, `done` what it made, both empty if unknown; `link` leads to a message
    about it that the person who asks may see.
    """

    task: Task
    path: tuple[bool, ...] = ()
    pressed: str = ""
    done: str = ""
    link: str = ""


@dataclass(frozen=True)
class Lineage:
    """The members, parents before children; `has_more` if some are left out that the person may see."""

    members: tuple[LineageMember, ...]
    has_more: bool = False


@dataclass
class _Tree:
    root: str
    children: dict[str, list[str]]
    left_out: set[str]
    """Relatives that were found and not read."""

    @property
    def ids(self) -> list[str]:
        return [task_id for task_id, _ in self.walk(self.root)]

    def without_leaves(self, hidden: Collection[str]) -> "_Tree":
        """Return the tree without hidden tasks, except those that lead to a shown one."""
        kept: dict[str, list[str]] = {}
        for task_id in reversed(self.ids):
            kept[task_id] = [child for child in self.children.get(task_id, []) if kept[child] or child not in hidden]
        return _Tree(self.root, kept, self.left_out)

    def walk(self, task_id: str, path: tuple[bool, ...] = ()) -> Iterator[tuple[str, tuple[bool, ...]]]:
        yield task_id, path
        children = self.children.get(task_id, [])
        for child in children:
            yield from self.walk(child, (*path, child == children[-1]))


class LineageFinder:
    """Finds lineages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._privacy = TaskPrivacy(store)

    async def find_lineage(self, task_id: str, viewer: Viewer) -> Lineage:
        """Return a task's lineage as that person may see it, with links to messages that they can see.

        A task that they may not see is left out. If a shown task was made from it, it is shown as an empty member. For
        the task itself, the lineage is that of an unknown one.
        """
        if await self._privacy.is_hidden(task_id, viewer):
            return Lineage((_make_member(task_id, (), {}, None, ""),))
        tree, order = await self._read_tree(task_id)
        ids = tree.ids
        tasks = await self._store.find_snapshots(ids)
        jobs = await self._store.list_jobs_of_tasks(ids, _MAX_JOBS)
        shown: dict[str, Job] = {}
        links: dict[str, str] = {}
        for job in jobs:
            is_visible = viewer.can_see(job.place)
            if not is_visible and job.requester.id != viewer.person_id:
                continue
            # The job of a press says best what was pressed; a job that only follows the task may not know.
            if job.task_id not in shown or (job.pressed and not shown[job.task_id].pressed):
                shown[job.task_id] = job
            if is_visible:
                links.setdefault(job.task_id, job.place.link)
        hidden = await self._find_hidden(ids, jobs, viewer) - {task_id}
        visible = [member_id for member_id in order if member_id not in hidden]
        cut = set(visible[MAX_MEMBERS:])
        members = tuple(
            LineageMember(Task(id="", status=Status.SUCCESS), path)
            if member_id in hidden
            else _make_member(member_id, path, tasks, shown.get(member_id), links.get(member_id, ""))
            for member_id, path in tree.without_leaves(hidden | cut).walk(ids[0])
        )
        return Lineage(members, bool(cut) or await self._can_see_any(tree.left_out, viewer))

    async def _find_hidden(self, ids: Collection[str], jobs: Sequence[Job], viewer: Viewer) -> set[str]:
        hidden = await self._privacy.find_unlisted(ids, jobs, viewer)
        if len(jobs) == _MAX_JOBS:  # some jobs were not read
            shown = {job.task_id for job in jobs if job.requester.id == viewer.person_id or viewer.can_see(job.place)}
            hidden |= set(ids) - shown
        return hidden

    async def _can_see_any(self, ids: Collection[str], viewer: Viewer) -> bool:
        """Return whether the person may know of one of the tasks: hidden relatives must not be told by their number."""
        if not ids:
            return False
        jobs = await self._store.list_jobs_of_tasks(ids, _MAX_JOBS)
        return bool(set(ids) - await self._find_hidden(ids, jobs, viewer))

    async def _read_tree(self, task_id: str) -> tuple[_Tree, list[str]]:
        """Read up to the oldest known ancestor, then down from it, generation by generation.

        The tasks are listed too in the order in which they are kept: the line to the task, then older generations.
        """
        line, older = await self._read_ancestors(task_id)
        tree = _Tree(line[0], {}, older)
        known, level = dict.fromkeys(line), [line[0]]
        for _ in range(_MAX_GENERATIONS + 1):
            pairs = await self._store.list_lineage_pairs(level, _MAX_ROWS)
            next_level: list[str] = []
            for pair in pairs:
                parent, child = pair.parent_id, pair.child_id
                if parent not in level or (child in known and (parent, child) not in pairwise(line)):
                    continue
                if child not in known and len(known) >= _MAX_READ:
                    tree.left_out.add(child)
                    continue
                known[child] = None
                tree.children.setdefault(parent, []).append(child)
                next_level.append(child)
            level = next_level
            if not level:
                return tree, list(known)
        pairs = await self._store.list_lineage_pairs(level, _MAX_ROWS)
        tree.left_out |= {pair.child_id for pair in pairs if pair.parent_id in level}
        return tree, list(known)

    async def _read_ancestors(self, task_id: str) -> tuple[list[str], set[str]]:
        """Return the task's ancestors, oldest first, and the task itself; and the next older one if it is left out."""
        line = [task_id]
        while True:
            pairs = await self._store.list_lineage_pairs(line[:1], _MAX_ROWS)
            parent = next((pair.parent_id for pair in pairs if pair.child_id == line[0]), "")
            if not parent or parent in line:
                return line, set()
            if len(line) > _MAX_GENERATIONS:
                return line, {parent}
            line.insert(0, parent)


def _make_member(
    task_id: str, path: tuple[bool, ...], tasks: Mapping[str, Task], job: Job | None, link: str
) -> LineageMember:
    task = tasks.get(task_id, Task(id=task_id, status=Status.FRESH))
    return LineageMember(task, path, job.pressed if job else "", job.done if job else "", link)
