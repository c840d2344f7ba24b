"""The root of the error tree, and the errors of settings and of the database."""

from collections.abc import Sequence


class MjbotError(Exception):
    """The root: whatever mjbot itself raises."""


class SettingsError(MjbotError):
    """Settings are missing or malformed; `problems` names each variable and what is wrong, never a secret."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {problem}" for variable, problem in problems))
        self.problems = tuple(problems)


class StoreUnavailable(MjbotError):
    """The database cannot be read or written: nothing may be paid."""
