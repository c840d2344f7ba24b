"""What the metrics counted since a moment: they are the process's, and so of every test before."""

from collections.abc import Mapping

from prometheus_client import REGISTRY

Key = tuple[str, tuple[str, ...]]


def _now() -> dict[Key, float]:
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.startswith("mjbot_") and "le" not in sample.labels
    }


class Counted:
    """Counts from its making on."""

    def __init__(self) -> None:
        self._before = _now()

    def by(self, name: str) -> Mapping[tuple[str, ...], float]:
        """Tell by how much each series of `name` moved, by its label values in the order of their names."""
        moved = {key: value - self._before.get(key, 0.0) for key, value in _now().items() if key[0] == name}
        return {labels: value for (_, labels), value in moved.items() if value}

    def of(self, name: str) -> float:
        """Tell by how much the one series of `name`, without labels, moved."""
        return self.by(name).get((), 0.0)
