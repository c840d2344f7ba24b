"""A Dockerfile, read as far as ours goes: its instructions in order, and the exec form of commands."""

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    """One instruction, its name in capitals, and what follows on one line."""

    name: str
    text: str

    @property
    def argv(self) -> list[str]:
        """Return the words of the exec form; ValueError or TypeError where a shell would be asked."""
        words = json.loads(self.text.rpartition(" CMD ")[2] if self.name == "HEALTHCHECK" else self.text)
        if not isinstance(words, list):
            raise TypeError(f"{self.name} {self.text} is not in exec form")
        return [str(word) for word in words]


def read(text: str) -> list[Instruction]:
    """Read the instructions; comments are left out, and lines that end in a backslash go on."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = (line.split(maxsplit=1) for line in whole.splitlines())
    return [Instruction(name.upper(), rest) for name, rest in pairs]
