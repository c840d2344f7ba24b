"""The domain of mjbot and its composition root; Discord stays outside, in `cogs`."""

import sys

# Every other file may use the syntax of Python 3.11. This one also runs in older ones, which must get no further.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write(
        "mjbot needs Python 3.11 or newer, and this is Python " + sys.version.split()[0] + ". "
        "If the folder .venv exists here, run .venv/bin/python -m bot (on Windows .venv\\Scripts\\python -m bot). "
        "Otherwise install a newer Python (Debian, Ubuntu: sudo apt install python3.11 python3.11-venv; macOS: brew "
        "install python; Windows: winget install Python.Python.3.13; others: www.python.org/downloads), and use it to "
        "make the folder: python3.11 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.txt\n"
    )
    sys.exit(2)

from bot.required_modules import explain_failed_imports, require_modules

require_modules()
explain_failed_imports()
