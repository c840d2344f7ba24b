"""Import the bot once, and fork one bot process for each request of the wire tests.

Importing the bot takes more than a second of CPU time, forking a few milliseconds. Stdin is a SOCK_SEQPACKET socket.
One message on it is one request: JSON with the folder, the environment and the arguments of the bot process. Two file
descriptors come with it: the pipe that becomes the stdout and stderr of the bot, and a socket on which the server
writes the process id, and later the exit code.
"""

import atexit
import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from functools import partialmethod
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import discord.state

from bot.__main__ import main

GUILD_READY_SECONDS = 0.5
"""How long discord.py waits for one more GUILD_CREATE before it counts as ready. Its default is two idle seconds."""

_MESSAGE_BYTES = 1 << 20


class Request(NamedTuple):
    """What a forked bot process needs to become `python -m bot`."""

    folder: str
    env: dict[str, str]
    arguments: list[str]
    output: int


class ForkServer:
    """Forks on request and reports exit codes until the tests close their end of the socket."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._running: dict[int, socket.socket] = {}
        self._wakeup, self._wakeup_writer = os.pipe()
        os.set_blocking(self._wakeup_writer, False)
        signal.set_wakeup_fd(self._wakeup_writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> Request | None:
        """Serve until there are no more requests, and return None; in each forked process, return its request."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj == self._wakeup:
                        os.read(self._wakeup, 4096)
                        self._report_exits()
                        continue
                    message, descriptors, _, _ = socket.recv_fds(self._requests, _MESSAGE_BYTES, 2)
                    if not message:
                        self._kill_all()
                        return None
                    if request := self._fork(message, *descriptors):
                        return request

    def _fork(self, message: bytes, output: int, reports: int) -> Request | None:
        client = socket.socket(fileno=reports)
        if pid := os.fork():
            os.close(output)
            self._running[pid] = client
            client.sendall(b"%d\n" % pid)
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for inherited in (self._requests, client, *self._running.values()):
            inherited.close()
        os.close(self._wakeup)
        os.close(self._wakeup_writer)
        return Request(output=output, **json.loads(message))

    def _report_exits(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._running.pop(pid) as client:
                client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))

    def _kill_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)


def run_bot(request: Request) -> int:
    """Run the bot as `python -m bot` would run in that folder with that environment; return the exit code."""
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(request.output, 1)
    os.dup2(request.output, 2)
    os.close(request.output)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.env)
    time.tzset()
    sys.argv[1:] = request.arguments
    # What was imported before the fork stays frozen: a process that collects it copies all of its memory first.
    gc.unfreeze = lambda: None
    return main(request.arguments)


def end_process(code: int) -> NoReturn:
    """End as the interpreter does, but leave the memory to the kernel: freeing all modules copies their pages first."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    initialize: Any = discord.state.ConnectionState.__init__
    discord.state.ConnectionState.__init__ = partialmethod(  # type: ignore[assignment]
        initialize, guild_ready_timeout=GUILD_READY_SECONDS
    )
    gc.collect()
    gc.freeze()
    own_request = ForkServer(socket.socket(fileno=os.dup(0))).serve()
    if own_request is None:
        sys.exit(0)
    end_process(run_bot(own_request))
