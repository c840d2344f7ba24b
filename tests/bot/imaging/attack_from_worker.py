"""Run as a bot with secrets, whose image worker runs a stranger's code: print what each attempt of the code gave.

The code of `ATTEMPTS` stands for a fault in an image library. It is evaluated in the real worker process.
"""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from bot.errors import PictureWorkAborted
from bot.imaging.worker_process import ImageWorker
from bot.ops.process_secrets import hide_secrets

_BOT = "__import__('os').getppid()"
_LIBC = "__import__('ctypes').CDLL(None, use_errno=True)"
_CALL = "(lambda libc, errno: ({call}, errno()))(" + _LIBC + ", __import__('ctypes').get_errno)"
_READ_MEMORY = (
    "(lambda c, libc: (lambda iov: (libc.process_vm_readv({bot}, iov, 1, iov, 1, 0), c.get_errno()))"
    "((c.c_size_t * 2)(c.addressof(c.create_string_buffer(8)), 8)))(__import__('ctypes'), {libc})"
)
_READ = "open('/proc/' + str({process}) + '/{file}', 'rb').read(100_000)"
ATTEMPTS = {
    "own environment": _READ.format(process="'self'", file="environ"),
    "environment of the bot": _READ.format(process=_BOT, file="environ"),
    "memory of the bot": _READ.format(process=_BOT, file="mem"),
    "environment of the first process": _READ.format(process=1, file="environ"),
    "settings": f"open({str(Path('.env').resolve())!r}).read()",
    "a new file": "open('/tmp/mjbot-attack', 'w').write('x')",
    "a socket": _CALL.format(call="libc.socket(2, 1, 0)"),
    "another process": "__import__('os').fork()",
    "another program": "__import__('os').execv('/bin/sh', ['sh', '-c', 'echo attack'])",
    "trace the bot": _CALL.format(call=f"libc.ptrace(16, {_BOT}, None, None)"),
    "read the bot's memory": _READ_MEMORY.format(bot=_BOT, libc=_LIBC),
    "become root": "__import__('os').setresuid(0, 0, 0)",
    "more memory": "__import__('resource').setrlimit(2, (-1, -1))",
    "more files": "__import__('resource').setrlimit(7, (64, 64))",
    "a free descriptor": f"(__import__('os').close(0), {_READ.format(process=_BOT, file='environ')})",
}


async def run_attempts() -> dict[str, object]:
    """Evaluate each attempt in a worker process; an error's name stands for what it gave."""
    worker = ImageWorker()
    given: dict[str, object] = {}
    for name, code in ATTEMPTS.items():
        try:
            given[name] = repr(await worker.run(partial(eval, code)))
        except PictureWorkAborted as error:
            given[name] = error.reason
    await worker.close()
    return given


if __name__ == "__main__":
    hide_secrets()
    json.dump(asyncio.run(run_attempts()), sys.stdout)
