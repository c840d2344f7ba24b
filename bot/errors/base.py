"""The root of the error tree, and the errors of settings and database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import dataclass_transform


@dataclass_transform(eq_default=False, field_specifiers=(field,))
class MjbotError(Exception):
    """Root of every error that the bot raises itself; subclasses declare what they carry as fields of a dataclass."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(eq=False, repr=False)(cls)


class SettingsError(MjbotError):
    """Settings are missing or malformed; `problems` pairs each variable with what is wrong, without secrets."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{variable}: {problem}" for variable, problem in problems))
        self.problems = tuple(problems)


class StoreUnavailable(MjbotError):
    """The database cannot be read or written, so that nothing may be billed.

    For the operator, `problem` is the rest of a sentence "The database ...", and `advice` the next step.
    """

    problem: str = "does not answer."
    advice: str = "Check DATABASE_URL, and whether the database is running."

    def __str__(self) -> str:
        return f"The database {self.problem} {self.advice}".rstrip()
