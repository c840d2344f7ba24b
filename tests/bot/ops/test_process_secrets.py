"""A bot hides its secrets from other processes of its user, and goes on with them itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows an environment in /proc")

SECRETS = {"DISCORD_TOKEN": "hunter2", "PGPASSWORD": "hunter2 = \n", "A_PLATFORM_S_OWN": "hünter2"}
BOT = """
import ctypes, json, os, sys
from bot.ops.process_secrets import hide_secrets
if {is_ordinary}:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is for a process that was started by that user
if {is_hidden}:
    hide_secrets()
print(json.dumps(dict(os.environ)), flush=True)
sys.stdin.readline()
"""
READ = """
import os, sys
if {is_ordinary}:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
for name in ("environ", "mem"):
    try:
        with open(f"/proc/{{sys.argv[1]}}/{{name}}", "rb") as file:
            print(file.read() if name == "environ" else "opened")
    except OSError as error:
        print(type(error).__name__)
"""


def look_from_another_process(*, is_ordinary: bool, is_hidden: bool = True) -> tuple[dict[str, str], list[str]]:
    """Start a bot with secrets; return its own environment, and what another process of its user sees."""
    bot = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", BOT.format(is_ordinary=is_ordinary, is_hidden=is_hidden)],
        env={"PYTHONPATH": str(ROOT), **SECRETS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with bot:
        assert bot.stdout is not None
        own = json.loads(bot.stdout.readline())
        seen = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", READ.format(is_ordinary=is_ordinary), str(bot.pid)],
            capture_output=True,
            check=True,
            timeout=60,
        )
        bot.communicate(b"\n", timeout=60)
    return own, seen.stdout.decode().splitlines()


IS_ROOT = os.geteuid() == 0


def test_environment_and_memory_are_refused_to_the_same_user() -> None:
    """Without `hide_secrets` they are not."""
    own, seen = look_from_another_process(is_ordinary=IS_ROOT)
    assert seen == ["PermissionError", "PermissionError"]
    assert SECRETS.items() <= own.items()
    _, seen = look_from_another_process(is_ordinary=IS_ROOT, is_hidden=False)
    assert "hunter2" in seen[0]


@pytest.mark.skipif(not IS_ROOT, reason="needs root")
def test_environment_is_empty_even_for_root() -> None:
    """Who may trace any process: only the copy on the heap is left, which is not in /proc."""
    own, seen = look_from_another_process(is_ordinary=False)
    assert "hunter2" not in str(seen)
    assert SECRETS.items() <= own.items()


def test_children_get_the_environment() -> None:
    code = "from bot.ops.process_secrets import hide_secrets as h; h(); import os; os.execvp('env', ['env', '-0'])"
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **SECRETS},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert {f"{name}={value}" for name, value in SECRETS.items()} <= set(ran.stdout.decode().split("\0"))
