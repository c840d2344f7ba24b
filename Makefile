# Every target but lock first installs what it needs into .venv, if that isn't done yet.
# The recipe looks for Python from /, because .python-version is for the hosting platforms: a version manager
# without that very version would refuse to run Python in this folder.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: demo test coverage chaos soak lint types messages lock bench record

# The bot in your browser. RELAY=newapi-2025, newapi-2026, onehub or midjourney-proxy chooses the relay to imitate.
demo: $(READY)
	$(PY) -m sandbox

# Without PYTHONDONTWRITEBYTECODE, because pytest collects twice as fast if it may cache the modules it rewrites.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest

# Three workers for each core, because most tests wait; at most twelve, because each first imports and collects all.
WORKERS ?= $(shell $(PY) -c 'import os; print(min(3 * (os.cpu_count() or 1), 12))')

test: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# The lines and branches that no test reaches; this takes three times as long as the tests alone.
coverage: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal --cov --cov-report=term $(PYTEST_ARGS)

# The wire tests that kill, stop and replace processes, at full size: about a quarter of an hour.
chaos: $(READY)
	MJBOT_CHAOS=1 $(PY) -m pytest -q -s tests/wire/test_kill.py tests/wire/test_bill.py tests/wire/test_two_processes.py tests/wire/test_rolling_deploy.py tests/wire/test_pooler.py

# The tests that wait as long as with a real relay and a real Discord: about 25 minutes, or 10 with -n 4.
soak: $(READY)
	MJBOT_SOAK=1 $(PY) -m pytest -q --durations=0 tests/soak $(PYTEST_ARGS)

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/codespell

types: $(READY)
	$(PY) -m mypy
	$(VENV)/bin/basedpyright

# The catalogs of translations: new texts of the code go into the .po files, and these into the .mo files.
messages: $(READY)
	$(PY) -m tests.message_catalogs

# mjbot beside a naive bot, in one table; `.venv/bin/python -m benchmarks takeover` measures one row.
bench: $(READY)
	$(PY) -m benchmarks

$(READY): requirements-dev.txt
	@python=$$(cd / && for name in python3 python3.13 python3.12 python3.11; do \
		$$name -c 'import sys; print(sys.executable) if sys.version_info >= (3, 11) else sys.exit(1)' 2>/dev/null && break; done); \
	test -n "$$python" || { echo "mjbot needs Python 3.11 or newer: install it (Debian, Ubuntu: apt install python3.11 python3.11-venv; macOS: brew install python; others: www.python.org/downloads)."; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make a virtual environment here: install its venv package (Debian, Ubuntu: apt install python3-venv, or python3.11-venv for Python 3.11)."; exit 1; }; \
	"$$python" -m venv $(VENV)
	@echo "Installing what mjbot needs into $(VENV) (once, about a minute) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# The pictures and the film in docs/, made again; needs Chromium.
record: $(READY)
	MJBOT_RECORD=1 $(PY) -m pytest -q -m browser

# Both requirements files, from pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-header --python-version 3.11 pyproject.toml --group dev -o requirements-dev.txt
