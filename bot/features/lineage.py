"""The family of a picture, as far as the store knows it: what it was made of, and what was made of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.entities import Job, Place
from bot.midjourney.task import Status, Task
from bot.ports import Store

MAX_MEMBERS = 25
"""How many members a family is shown with."""
_GENERATIONS = 8
"""How far up, and from there down, is looked."""
_AT_ONCE = 200
"""How many rows one look at the store may bring."""


@dataclass(frozen=True)
class LineageMember:
    """One task of a family: `task` is its snapshot, empty but for the id where the store has lost it.

    `path` tells for each generation above, and last for itself, whether it is the last child of its parent.
    `made_by` is what was pressed for it, `done` what came of it, both empty where nobody knows; `link` is a message
    of it which whoever asks may see.
    """

    task: Task
    path: tuple[bool, ...] = ()
    pressed: str = ""
    done: str = ""
    link: str = ""


@dataclass(frozen=True)
class Lineage:
    """The members as a tree is read, parents before children; `more` tells that some are left out."""

    members: tuple[LineageMember, ...]
    has_more: bool = False


@dataclass
class _Tree:
    root: str
    children: dict[str, list[str]]
    more: bool

    @property
    def ids(self) -> list[str]:
        return [task_id for task_id, _ in self.walk(self.root)]

    def without(self, hidden: Collection[str]) -> "_Tree":
        """Return the tree with neither of these at its ends."""
        kept: dict[str, list[str]] = {}
        for task_id in reversed(self.ids):
            kept[task_id] = [one for one in self.children.get(task_id, []) if kept[one] or one not in hidden]
        return _Tree(self.root, kept, self.more)

    def walk(self, task_id: str, path: tuple[bool, ...] = ()) -> Iterator[tuple[str, tuple[bool, ...]]]:
        yield task_id, path
        own = self.children.get(task_id, [])
        for child in own:
            yield from self.walk(child, (*path, child == own[-1]))


class LineageFinder:
    """Finds the family of a task."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_lineage(self, task_id: str, place: Place, person_id: int) -> Lineage:
        """Return a task's family as that person may see it, with links to those messages that may be seen from `place`.

        What only others' private messages, or other servers, tell of is left out; where something that is shown hangs
        on it, it has its place in the tree and nothing else.
        """
        tree = await self._tree(task_id)
        ids = tree.ids
        tasks = await self._store.find_snapshots(ids)
        jobs = await self._store.list_jobs_of_tasks(ids, _AT_ONCE)
        shown: dict[str, Job] = {}
        seen: dict[str, str] = {}
        for job in jobs:
            here = job.place.is_visible_from(place.guild_id, place.channel_id)
            if not here and job.requester.id != person_id:
                continue
            # What was pressed for it the job of the press says best, and any other only if it was told.
            if job.task_id not in shown or (job.pressed and not shown[job.task_id].pressed):
                shown[job.task_id] = job
            if here:
                seen.setdefault(job.task_id, job.place.link)
        # Of what no job is known any more nobody can tell; where not all were looked at, somebody could.
        told = set(ids) if len(jobs) == _AT_ONCE else {job.task_id for job in jobs}
        hidden = told - shown.keys() - {task_id}
        members = tuple(
            _member(one, path, tasks, shown.get(one), seen.get(one, "")) if one not in hidden else _nobody(path)
            for one, path in tree.without(hidden).walk(ids[0])
        )
        return Lineage(members, tree.more or bool(hidden))

    async def _tree(self, task_id: str) -> _Tree:
        """Look up to the oldest that is known, then down, generation by generation."""
        line, more = await self._line(task_id)
        tree = _Tree(line[0], {}, more)
        known, level = set(line), [line[0]]
        for _ in range(_GENERATIONS + 1):
            kin = await self._store.list_lineage_pairs(level, _AT_ONCE)
            tree.more |= len(kin) == _AT_ONCE
            below: list[str] = []
            for pair in kin:
                parent, child = pair.parent_id, pair.child_id
                if parent not in level or (child in known and not _follows(line, parent, child)):
                    continue
                if child not in known and len(known) >= MAX_MEMBERS:
                    tree.more = True
                    continue
                known.add(child)
                tree.children.setdefault(parent, []).append(child)
                below.append(child)
            level = below
            if not level:
                return tree
        tree.more |= any(pair.parent_id in level for pair in await self._store.list_lineage_pairs(level, _AT_ONCE))
        return tree

    async def _line(self, task_id: str) -> tuple[list[str], bool]:
        """Return the task's ancestors, the oldest first, and itself; and whether there are older ones."""
        line = [task_id]
        while True:
            kin = await self._store.list_lineage_pairs(line[:1], _AT_ONCE)
            parent = next((pair.parent_id for pair in kin if pair.child_id == line[0]), "")
            if not parent or parent in line:
                return line, False
            if len(line) > _GENERATIONS:
                return line, True
            line.insert(0, parent)


def _follows(line: list[str], parent: str, child: str) -> bool:
    """Tell whether these two stand one after the other in the line that leads to the task."""
    return parent in line and child in line and line.index(child) == line.index(parent) + 1


def _member(
    task_id: str, path: tuple[bool, ...], tasks: Mapping[str, Task], job: Job | None, link: str
) -> LineageMember:
    task = tasks.get(task_id, Task(id=task_id, status=Status.FRESH))
    return LineageMember(task, path, job.pressed if job else "", job.done if job else "", link)


def _nobody(path: tuple[bool, ...]) -> LineageMember:
    """Return what is shown of a task that is not this person's business: that something was made of it."""
    return LineageMember(Task(id="", status=Status.SUCCESS), path)
