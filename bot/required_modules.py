"""Say how to start the bot if this Python cannot import the modules that it needs, instead of a traceback."""

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

MODULES = {
    "aiohttp": "aiohttp",
    "aiosqlite": "aiosqlite",
    "alembic": "alembic",
    "asyncpg": "asyncpg",
    "discord.py": "discord",
    "emoji": "emoji",
    "matplotlib": "matplotlib",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "pydantic": "pydantic",
    "pydantic-settings": "pydantic_settings",
    "python-dotenv": "dotenv",
    "sqlalchemy": "sqlalchemy",
    "structlog": "structlog",
    "tzdata": "tzdata",
}
"""What pyproject.toml requires, and the name under which each is imported."""
_ROOT = Path(__file__).parents[1]
_OWN_PACKAGES = {"bot", "cogs", "sandbox"}


def require_modules(modules: Mapping[str, str] = MODULES, *, program: str = "bot") -> None:
    """End the process with one sentence, and the status for a mistake that no restart mends, if modules are missing."""
    if missing := [name for name, module in modules.items() if find_spec(module) is None]:
        sentence = explain_missing_modules(missing, _ROOT, _find_environment(), sys.platform, program=program)
        print(sentence, file=sys.stderr)  # noqa: T201
        sys.exit(2)


def explain_failed_imports() -> None:
    """Let any other module that cannot be imported end the process with one sentence too: it may be too old."""
    report_others = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        module = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
        if module in {"", *_OWN_PACKAGES}:
            report_others(kind, error, trace)
            return
        remedy = _find_remedy(_ROOT, _find_environment(), sys.platform, "bot")
        print(f"This Python can't import {module} ({error}): {remedy}.", file=sys.stderr)  # noqa: T201

    sys.excepthook = report


def _find_environment() -> str:
    """Return this Python if it belongs to a virtual environment, else ""."""
    return "" if sys.prefix == sys.base_prefix else sys.executable


def explain_missing_modules(
    missing: Sequence[str], folder: Path, python: str, platform: str, *, program: str = "bot"
) -> str:
    """Say what to run in the project's folder to start a program.

    `python` is this one if it belongs to a virtual environment, else "".
    """
    return f"This Python lacks {_list_names(missing)}: {_find_remedy(folder, python, platform, program)}."


def _find_remedy(folder: Path, python: str, platform: str, program: str) -> str:
    scripts, make = (
        (r".venv\Scripts\python", "py -3 -m venv .venv")
        if platform == "win32"
        else (".venv/bin/python", "python3 -m venv .venv")
    )
    file = "requirements.txt" if program == "bot" else "requirements-dev.txt"
    install = f"{python or scripts} -m pip install --require-hashes -r {file}"
    if python:
        return f"in {folder}, run {install}"
    if (folder / ".venv").is_dir():
        return f"in {folder}, start the {program} with {scripts} -m {program}"
    return f"in {folder}, run {make}, then {install}, then {scripts} -m {program}"


def _list_names(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} other modules"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
