# Two commands do everything on a fresh Debian 12: `make run` tries it, `make test` proves it.
# tools/*.sh say what they install and why; everything of ours stays in .venv and ~/.cache/pbx-crm.
SHELL := /bin/bash
PY := .venv/bin/python
.PHONY: run setup setup-dev parts test quick real calls check unit bench lock messages first-revision

run: setup
	.venv/bin/pbx-crm demo

setup: .venv/.run-installed

.venv/.run-installed: requirements/run.txt pyproject.toml tools/venv.sh
	bash tools/venv.sh run

setup-dev: .venv/.dev-installed

.venv/.dev-installed: requirements/dev.txt pyproject.toml tools/venv.sh
	bash tools/venv.sh dev

# The real parts the tests stand on: PostgreSQL, MariaDB, Chromium, an Asterisk root.
parts: setup-dev
	bash tools/parts.sh

# Three runs: what needs no real part, on every core; then databases and browsers on every core, and beside
# them Asterisk's calls one after another, which mostly wait for phones. A phone call does not wait for a
# busy machine, so the databases and browsers step back for it.
QUICK := not postgresql and not mariadb and not browser and not asterisk

# What fails in one does not hide what the others say. A first run builds the parts beside the quick tests.
test: setup-dev
	@$(MAKE) --no-print-directory -k -j2 parts check quick; quick=$$?; \
	$(MAKE) --no-print-directory -k -j2 real calls && exit $$quick

quick: setup-dev
	$(PY) -m pytest -q -n auto --dist loadfile -m "$(QUICK)"

real: parts
	nice -n 15 $(PY) -m pytest -q -n auto --dist loadfile -m "not ($(QUICK)) and not asterisk"

calls: parts
	$(PY) -m pytest -q -m asterisk

check: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# For between two keystrokes: no real part, and not every recording.
unit: setup-dev
	$(PY) -m pytest -q -n auto --dist loadfile -m "$(QUICK) and not recordings"

bench: setup-dev
	$(PY) -m bench

lock: setup-dev
	bash tools/lock.sh

# After a change of db/tables, until the first release.
first-revision: setup-dev
	$(PY) tools/first_revision.py
	.venv/bin/ruff check -q --fix --ignore E501 pbx_crm/db/migrations/versions/first.py
	.venv/bin/ruff format -q pbx_crm/db/migrations/versions/first.py

messages: setup-dev
	bash tools/messages.sh
