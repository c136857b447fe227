# The targets that people need. `make` alone lists them.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
# pip knows this machine's own package index; nothing of it is written into the project.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help install run test test-quick test-long bench check browser format texts lock

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

.venv/.run: requirements-run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Guildhall needs Python 3.11 or newer; PYTHON= names another one." >&2; exit 1; }
	@echo "· Installing into .venv (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing: install python3-venv." >&2; exit 1; }
	@$(PIP_INSTALL) -r requirements-run.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo "· Installing what the tests need"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

install: .venv/.run ## make .venv with the locked requirements

run: .venv/.run ## everything on this machine, with demo data (PORT=8000)
	@exec $(BIN)/python -m app demo --port $(PORT)

test: check browser ## all checks and all tests (what CI runs)
	@rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q -n 2 tests/quotas tests/bbb_client
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage report
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder tests/journeys tests/races tests/model tests/app

test-quick: check ## the tests of the loop: no browser, a little over a minute
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow" tests/quotas tests/bbb_client tests/app

test-long: .venv/.dev ## the proofs at full size: every race ten times, hundreds of random stories (a quarter of an hour)
	GUILDHALL_TESTS_LONG=1 $(BIN)/pytest -q -n 2 --dist loadfile tests/model tests/races tests/app/contributions/test_import_pages.py

bench: .venv/.dev ## how fast it is: fills a database, measures, writes docs/performance.md (20 minutes)
	@$(BIN)/python -m bench.run

check: .venv/.dev ## style, types, import contracts, templates
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@said=$$($(BIN)/djlint templates --check --lint 2>&1) || { echo "$$said"; exit 1; }

browser: .venv/.dev
	@$(BIN)/python -m tests.chromium

format: .venv/.dev ## rewrite sources in the house style
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djlint templates --reformat --quiet

UV := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --upgrade

texts: .venv/.dev ## collect the texts of the program into the catalogues of app/locale
	@$(BIN)/python -m tests.texts

lock: .venv/.dev ## newest versions of everything, with hashes, for every Python and platform
	@$(UV) -o requirements.txt
	@$(UV) --extra embedded -o requirements-run.txt
	@$(UV) --extra embedded --group dev -o requirements-dev.txt
