"""The hosting files at the project's top, each read by a real parser, and the start command that it gives."""

import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from honcho.environ import parse_procfile  # type: ignore[import-untyped]

from tests.hosting import dockerfile

ROOT = Path(__file__).resolve().parents[2]
PARSERS: dict[str, Callable[[str], Any]] = {".json": json.loads, ".toml": tomllib.loads, ".yaml": yaml.safe_load}


def text(name: str) -> str:
    """Return a file's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(name: str) -> Any:  # noqa: ANN401 - each file has its own shape
    """Parse a JSON, TOML or YAML file."""
    return PARSERS[Path(name).suffix](text(name))


def procfile() -> dict[str, str]:
    """Return the Procfile's commands by process type."""
    return dict(parse_procfile(text("Procfile")).processes)


def instructions(*names: str) -> list[dockerfile.Instruction]:
    """Return the Dockerfile's instructions of those names, or all."""
    return [one for one in dockerfile.read(text("Dockerfile")) if not names or one.name in names]


def unit() -> configparser.ConfigParser:
    """Return the systemd unit that README shows."""
    found = re.search(r"^```ini\n(.*?)^```", text("README.md"), re.MULTILINE | re.DOTALL)
    assert found, "README shows no unit"
    read = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(found[1])
    return read


def start_commands() -> dict[str, list[str]]:
    """Return what each file starts, as the words that its platform makes of it; Render and compose take the image's."""
    [image] = instructions("CMD")
    return {
        "Procfile": shlex.split(procfile()["worker"]),
        "railway.json": shlex.split(parsed("railway.json")["deploy"]["startCommand"]),
        "fly.toml": shlex.split(parsed("fly.toml")["processes"]["worker"]),
        "Dockerfile": image.argv,
        "README's unit": shlex.split(unit()["Service"]["ExecStart"]),
    }
