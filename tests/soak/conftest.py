"""Tests that take minutes of real time: what injected time shows in `make test`, once as it really is.

`make soak` runs them; without MJBOT_SOAK they are not collected.
"""

import os

collect_ignore_glob = [] if os.environ.get("MJBOT_SOAK") else ["test_*.py"]
