"""The root of the error tree, and the errors of settings and database."""

from collections.abc import Sequence


class MjbotError(Exception):
    """Root of every error that the bot raises itself."""


class SettingsError(MjbotError):
    """Settings are missing or malformed; `problems` pairs each variable with what is wrong, without secrets."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {problem}" for variable, problem in problems))
        self.problems = tuple(problems)


class StoreUnavailable(MjbotError):
    """The database cannot be read or written, so that nothing may be billed."""
