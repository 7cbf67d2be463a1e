# Two commands do everything on a fresh Debian 12: `make run` tries it, `make test` proves it.
# tools/*.sh say what they install and why; everything of ours stays in .venv and ~/.cache/pbx-crm.
SHELL := /bin/bash
PY := .venv/bin/python
# Some machines tell Python to compile everything anew each time; for us it keeps what it compiled.
unexport PYTHONDONTWRITEBYTECODE
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

# For between two keystrokes: what every room promises, without real parts and started programs, without the
# recordings, without the files below (many pages, years of work, other processes), and with a few cases a
# property. About a minute on two cores, half of that is wanted; a new test that takes long belongs below.
ROOMS := domain db asterisk outside services pages
UNIT := $(addprefix tests/,$(ROOMS) test_rooms.py test_config.py test_docs.py test_logs.py)
LONG := $(addprefix db/test_,migrate killed_migration leases) $(addprefix asterisk/test_,cel_calls cdr_calls record) \
	$(addprefix services/test_,backfill call_days client_days call_hours call_report call_trend demo_past dry_runs forecasts \
	funnel_reports imports intake_disk intake_dry_runs intake_twice interpreter losses made_up_years \
	missed_report origin_reports plans region_reports report_slices robot_dry_runs scripted_day voice_answers voice_calls voice_hours \
	voice_plans) \
	$(addprefix pages/test_,all_routes api_client_acts api_settings board_bulk call_log card_acts card_forms \
	contact_erase contact_export contacts deal_files dialling forecast_page funnel_gate funnels gate_settings hostile_queries house \
	idle_sockets links lookup losses_page move_gate not_client origin_pages plan_page recordings region_pages \
	reminders reports robots settings today voice)
unit: setup-dev
	$(PY) -m pytest -q -n auto --dist worksteal --hypothesis-profile=unit \
		-m "$(QUICK) and not recordings and not thorough" $(patsubst %,--ignore=tests/%.py,$(LONG)) $(UNIT)

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
