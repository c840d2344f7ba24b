"""What a Python says that is too old for the bot, or that lacks its modules."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from bot import required_modules
from bot.required_modules import MODULES, explain_missing_modules

ROOT = Path(__file__).parents[2]
START = (ROOT / "bot" / "__init__.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 9, 2), (3, 10, 13)])
def test_an_old_python_is_told_which_one_is_needed(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", f"{'.'.join(map(str, version))} (main, Jan 1 2026)")
    with pytest.raises(SystemExit) as ended:
        exec(compile(START, "bot/__init__.py", "exec"), {})  # noqa: S102 - what an old Python runs first
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith(f"mjbot needs Python 3.11 or newer, and this is Python {'.'.join(map(str, version))}. ")
    for step in (".venv/bin/python -m bot", "apt install python3.11 python3.11-venv", "python3.11 -m venv .venv"):
        assert step in said


@pytest.mark.parametrize("package", ["bot", "sandbox"])
def test_what_an_old_python_reads_first_has_old_syntax(package: str) -> None:
    """Otherwise it would end in a SyntaxError."""
    source = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
    found = ast.walk(ast.parse(source, feature_version=(3, 4)))
    assert not [node for node in found if isinstance(node, ast.FunctionDef | ast.JoinedStr | ast.AnnAssign)]
    assert source.isascii()


def test_every_requirement_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.split(r"[^\w.-]", line)[0] for line in project["dependencies"]}
    assert set(MODULES) == required


@pytest.mark.parametrize(
    ("missing", "has_folder", "python", "platform", "said"),
    [
        (["aiohttp"], True, "", "linux", "lacks aiohttp: in {}, start the bot with .venv/bin/python -m bot."),
        (
            ["aiohttp", "emoji"], True, "", "win32",
            r"lacks aiohttp and emoji: in {}, start the bot with .venv\Scripts\python -m bot.",
        ),
        (
            ["structlog"], True, "/opt/mj/.venv/bin/python", "linux",
            (
                "lacks structlog: in {}, run /opt/mj/.venv/bin/python -m pip install --require-hashes "
                "-r requirements.txt."
            ),
        ),
        (
            list(MODULES), False, "", "darwin",
            (
                "lacks aiohttp, aiosqlite and 13 other modules: in {}, run python3 -m venv .venv, then "
                ".venv/bin/python -m pip install --require-hashes -r requirements.txt, then .venv/bin/python -m bot."
            ),
        ),
        (["a", "b", "c"], True, "", "linux", "lacks a, b and c: in {}, start the bot with .venv/bin/python -m bot."),
    ],
)  # fmt: skip
def test_missing_modules_are_named_with_what_to_run(
    missing: list[str], python: str, platform: str, said: str, tmp_path: Path, *, has_folder: bool
) -> None:
    if has_folder:
        (tmp_path / ".venv").mkdir()
    assert explain_missing_modules(missing, tmp_path, python, platform) == f"This Python {said.format(tmp_path)}"


def test_missing_modules_end_the_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    required_modules.require_modules()
    monkeypatch.setattr(required_modules, "find_spec", {"discord": None}.get)
    with pytest.raises(SystemExit) as ended:
        required_modules.require_modules()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("This Python lacks aiohttp, aiosqlite and 13 other modules: in ")
    with pytest.raises(SystemExit):
        required_modules.require_modules({"simcord": "simcord"}, program="sandbox")
    assert re.match(r"This Python lacks simcord: .* (requirements-dev.txt|-m sandbox)\.", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'multidict'", name="multidict"), "This Python can't import multidict ("),
        (ImportError("cannot import name 'X' from 'pydantic'", name="pydantic"), "This Python can't import pydantic ("),
        (ImportError("wrong ELF class", name="PIL._imaging"), "This Python can't import PIL (wrong ELF class): in "),
        (ImportError("cannot import name 'x'", name="bot.app"), ""),
        (ModuleNotFoundError("No module named 'cogs.x'", name="cogs.x"), ""),
        (ZeroDivisionError(), ""),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bot's own mistakes keep their traceback."""
    others: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _, error, __: others.append(error))
    required_modules.explain_failed_imports()
    sys.excepthook(type(error), error, None)
    assert capsys.readouterr().err.startswith(said)
    assert others == ([] if said else [error])
