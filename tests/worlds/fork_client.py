"""Start bot processes through tests.worlds.fork_server; the first call starts the server, which ends with the tests."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class ForkedProcess:
    """The part of asyncio.subprocess.Process that the wire tests use, for a process that the fork server owns."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, ending: asyncio.Task[int]) -> None:
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self._ending = ending

    @property
    def returncode(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        return self._ending.result() if self._ending.done() else None

    async def wait(self) -> int:
        """Wait for the process to end; return the exit code."""
        return await asyncio.shield(self._ending)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it still runs."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it ended, and its exit code is on its way
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL to the process, if it still runs."""
        self.send_signal(signal.SIGKILL)


@cache
def _fork_server() -> socket.socket:
    """Start the fork server of this test run; return the socket that takes requests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.worlds.fork_server"]
    with theirs:
        server = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdin=theirs.fileno())  # noqa: S603

    def stop() -> None:
        ours.close()
        server.wait()

    atexit.register(stop)
    return ours


async def fork_bot(folder: Path, env: Mapping[str, str], arguments: Sequence[str], *, limit: int) -> ForkedProcess:
    """Fork a bot process in `folder`, with only `env` as its environment; a line of its output is `limit` at most."""
    reports, server_reports = socket.socketpair()
    readable, writable = os.pipe()
    request = {"folder": str(folder), "env": dict(env), "arguments": list(arguments)}
    with server_reports:
        socket.send_fds(_fork_server(), [json.dumps(request).encode()], [writable, server_reports.fileno()])
    os.close(writable)
    output = asyncio.StreamReader(limit=limit)
    pipe = os.fdopen(readable, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), pipe)
    lines, writer = await asyncio.open_connection(sock=reports)
    pid = int(await lines.readline())

    async def end() -> int:
        code = int(await lines.readline())
        writer.close()
        return code

    return ForkedProcess(pid, output, asyncio.create_task(end(), name=f"end of process {pid}"))
