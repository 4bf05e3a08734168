# Needs Python 3.11+ with venv, and make. Everything else goes into .venv.
PYTHON ?= python3
PORT ?= 8000
BIN = .venv/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-services check format lock bench

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: export DJANGO_DEBUG = on
run: export LOG_FORMAT ?= console
run: export PORT := $(PORT)
run: .venv/.run  ## Set up what is missing and serve http://127.0.0.1:8000 (PORT=8001 for another port)
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py seed --demo --if-empty
	@echo "Starting on http://127.0.0.1:$(PORT) (PORT=8001 for another port); Ctrl-C stops it."
	@# One process, because the embedded default is SQLite; threads, so that pages load side by side.
	@$(BIN)/gunicorn -c config/gunicorn.py --workers 1 --threads 4 config.wsgi

# A developer's own settings reach `make run` only, not the tests and the gate.
ifneq ($(MAKECMDGOALS),run)
unexport DJANGO_SETTINGS_MODULE $(shell sed -n 's/^[^A-Z]\{0,1\}\([A-Z_]*\)=.*/\1/p' .env.example)
export DJANGO_SECRET_KEY = only-for-tests-and-checks-only-for-tests-and-checks
endif

# mylist must also work without the other apps: its own tests run again on its own settings.
test: .venv/.dev  ## The whole suite on the embedded default (SQLite, no Redis)
	$(BIN)/pytest
	$(BIN)/pytest mylist --ds=mylist.tests.settings

test-services: .venv/.dev  ## The same suite on PostgreSQL and Redis, started for it and stopped again
	$(BIN)/python scripts/with_services.py $(BIN)/pytest
	@# Once more with config.front before Django, which Django's test client goes around.
	TEST_FRONT=on $(BIN)/python scripts/with_services.py $(BIN)/pytest $(WITH_FRONT)
	$(BIN)/python scripts/with_services.py $(BIN)/pytest mylist --ds=mylist.tests.settings

# Those that read lists.
WITH_FRONT = accounts catalog/tests/test_curate.py $(patsubst %,config/tests/test_%.py,bad_input cards \
	conditional content_token cors kept_pages list_and_catalog logs metrics_page paths problems rate_limits)

check: .venv/.dev  ## The gate: lint, types, imports, migrations, deploy checks, schema, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_HTTPS=on $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python manage.py errors_page --check

# By the service as it runs (.venv), from outside (.venv-bench): what measures must not change it.
bench: .venv/.run .venv-bench/.bench  ## What a request costs, beside yardsticks: benchmarks/README.md
	.venv-bench/bin/python -m benchmarks $(BENCH)

format: .venv/.dev  ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(BIN)/uv  ## Write the requirements files anew from their .in files
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) benchmarks/requirements.in -o benchmarks/requirements.txt

# --universal: one lock for every platform and Python from 3.11; no addresses of anybody's mirror.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links

# The stamps skip an install while its lock is unchanged.
.venv/.run: requirements.txt | $(BIN)/python
.venv/.dev: requirements-dev.txt | $(BIN)/python
.venv/.run .venv/.dev:
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-bench/.bench: benchmarks/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(BIN)/uv: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
		"$(PYTHON) is missing or older than 3.11. On Debian and Ubuntu: sudo apt install python3-venv make," \
		"or name another one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
		"Python's venv is missing. On Debian and Ubuntu: sudo apt install python3-venv make"; exit 1; }
	$(PYTHON) -m venv --clear .venv
