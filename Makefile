# demo, test, coverage, chaos, soak, lint, types, bench, record, lock: each does its own set-up, into .venv.
# Python is looked for from /, so that a version manager that lacks the version of .python-version
# (which is for the hosting platforms) does not stand in the way.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: demo test coverage chaos soak lint types lock bench record

# RELAY=newapi-2025, newapi-2026, onehub or midjourney-proxy plays with what that relay software can do.
demo: $(READY)
	$(PY) -m sandbox

# Collecting takes twice as long where pytest may not keep the modules that it has rewritten.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest

# Most tests wait for something, so two at once keep a core busy; each worker has a PostgreSQL, so eight are enough.
WORKERS ?= $(shell $(PY) -c 'import os; print(min(2 * (os.cpu_count() or 1), 8))')

test: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

# Which lines and branches no test reaches; it takes three times as long as the tests alone.
coverage: $(READY)
	$(PYTEST) -n $(WORKERS) --dist worksteal --cov --cov-report=term $(PYTEST_ARGS)

# What the wire tests do to the process, at full size: about ten minutes.
chaos: $(READY)
	MJBOT_CHAOS=1 $(PY) -m pytest -q -s tests/wire/test_kill.py tests/wire/test_two_processes.py tests/wire/test_rolling_deploy.py

# What takes minutes of real time, as it does with a real relay: about six minutes.
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

bench: $(READY)
	$(PY) -m benchmarks

$(READY): requirements-dev.txt
	@python=$$(cd / && for name in python3 python3.13 python3.12 python3.11; do \
		$$name -c 'import sys; print(sys.executable) if sys.version_info >= (3, 11) else sys.exit(1)' 2>/dev/null && break; done); \
	test -n "$$python" || { echo "mjbot needs Python 3.11 or newer: install it (Debian, Ubuntu: apt install python3)."; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make a virtual environment here: install its venv package (Debian, Ubuntu: apt install python3-venv)."; exit 1; }; \
	"$$python" -m venv $(VENV)
	@echo "Installing what mjbot needs into $(VENV) (once, about a minute) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

record: $(READY)
	MJBOT_RECORD=1 $(PY) -m pytest -q -m browser

lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-header --python-version 3.11 pyproject.toml --group dev -o requirements-dev.txt
