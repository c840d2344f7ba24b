"""The watched tasks: what a snapshot changes."""

from bot.midjourney.task import Status, Task
from bot.polling.feeds import Feed
from bot.polling.watch_list import INCOMPLETE_RESULT_SECONDS, WatchedTask, WatchList
from tests.fakes.sample_entities import task


class CountingFeed(Feed):
    """Counts what is published."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[Task, bool]] = []

    def publish(self, task: Task, *, over: bool) -> None:
        super().publish(task, over=over)
        self.published.append((task, over))


def watch(seed: Task | None = None) -> tuple[WatchedTask, CountingFeed]:
    watched, feed = WatchList().add_task("1", 0.0, seed, 0.0), CountingFeed()
    watched.feeds.append(feed)
    return watched, feed


def test_an_identical_snapshot_is_not_published_again() -> None:
    """A row that has not changed gives the same object (see TaskRowCache), and costs nothing more."""
    watched, feed = watch()
    snapshot = task("1", progress=5)
    for second in range(5):
        watched.apply_snapshot(snapshot, float(second))
    assert feed.published == [(snapshot, False)]
    assert watched.task is snapshot
    assert watched.changed_at == 0.0


def test_a_changed_snapshot_is_merged_and_published() -> None:
    watched, feed = watch(task("1", progress=30))
    watched.apply_snapshot(task("1", progress=20), 1.0)
    watched.apply_snapshot(task("1", progress=46), 2.0)
    assert [published.progress for published, _ in feed.published] == [30, 46]
    assert watched.changed_at == 2.0


def test_an_identical_snapshot_is_published_as_the_last_one_after_a_minute() -> None:
    """A success without its picture is over then."""
    watched, feed = watch()
    snapshot = task("1", Status.SUCCESS, 100, image_url="", buttons=())
    for second in (0.0, 5.0, float(INCOMPLETE_RESULT_SECONDS)):
        watched.apply_snapshot(snapshot, second)
    assert feed.published == [(snapshot, False), (snapshot, True)]
