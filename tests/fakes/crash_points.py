"""Count every step that work takes through its ports, and end the process, or fail, at one of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

_P = TypeVar("_P")


class Steps:
    """Each call of a port is two steps: before it happens, and after it has, before the caller learns of it.

    At step `stop_at` the process dies: from there on nothing that it does reaches the world. With `error`, only that
    step fails, and the process goes on.
    """

    def __init__(self, stop_at: int = 0, error: BaseException | None = None) -> None:
        self.stop_at = stop_at
        self.error = error
        self.taken: list[str] = []

    @property
    def is_dead(self) -> bool:
        """Whether the process has died."""
        return self.error is None and 0 < self.stop_at <= len(self.taken)

    def through(self, port: _P, *, failing: bool = True) -> _P:
        """Return the port with its steps counted; one that is not `failing` only dies."""
        return cast("_P", _Stepped(self, port, failing=failing))

    def take(self, name: str, *, failing: bool) -> None:
        """Take one step."""
        if self.error is None or failing:
            self.taken.append(name)
        if self.is_dead:
            raise asyncio.CancelledError
        if self.error is not None and failing and len(self.taken) == self.stop_at:
            raise self.error


class _Stepped:
    def __init__(self, steps: Steps, port: object, *, failing: bool) -> None:
        self._steps = steps
        self._port = port
        self._failing = failing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the port
        found = getattr(self._port, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def stepped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._steps.take(f"before {name}", failing=self._failing)
            # Looked up at each call: a test may replace a method of the port meanwhile.
            call: Callable[..., Awaitable[Any]] = getattr(self._port, name)
            result = await call(*args, **kwargs)
            self._steps.take(f"after {name}", failing=self._failing)
            return result

        setattr(self, name, stepped)  # the next access does not come here
        return stepped
