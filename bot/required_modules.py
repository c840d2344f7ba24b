"""Say how to start the bot if this Python lacks the modules that it needs, instead of a traceback."""

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

MODULES = {
    "aiohttp": "aiohttp",
    "aiosqlite": "aiosqlite",
    "alembic": "alembic",
    "asyncpg": "asyncpg",
    "discord.py": "discord",
    "emoji": "emoji",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "pydantic": "pydantic",
    "pydantic-settings": "pydantic_settings",
    "python-dotenv": "dotenv",
    "sqlalchemy": "sqlalchemy",
    "structlog": "structlog",
}
"""What pyproject.toml requires, and the name under which each is imported."""


def require_modules(modules: Mapping[str, str] = MODULES, *, program: str = "bot") -> None:
    """End the process with one sentence, and the status for a mistake that no restart mends, if modules are missing."""
    if missing := [name for name, module in modules.items() if find_spec(module) is None]:
        python = "" if sys.prefix == sys.base_prefix else sys.executable
        sentence = explain_missing_modules(missing, Path(__file__).parents[1], python, sys.platform, program=program)
        print(sentence, file=sys.stderr)  # noqa: T201
        sys.exit(2)


def explain_missing_modules(
    missing: Sequence[str], folder: Path, python: str, platform: str, *, program: str = "bot"
) -> str:
    """Say what to run in the project's folder to start a program.

    `python` is this one if it belongs to a virtual environment, else "".
    """
    scripts, make = (
        (r".venv\Scripts\python", "py -3 -m venv .venv")
        if platform == "win32"
        else (".venv/bin/python", "python3 -m venv .venv")
    )
    file = "requirements.txt" if program == "bot" else "requirements-dev.txt"
    install = f"{python or scripts} -m pip install --require-hashes -r {file}"
    if python:
        remedy = f"run {install}"
    elif (folder / ".venv").is_dir():
        remedy = f"start the {program} with {scripts} -m {program}"
    else:
        remedy = f"run {make}, then {install}, then {scripts} -m {program}"
    return f"This Python lacks {_list_names(missing)}: in {folder}, {remedy}."


def _list_names(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} other modules"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
