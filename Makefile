PYTHON ?= python3
BIN := .venv/bin
# Always the private server: a LEARNHUB_DB_URL of the shell may name a database that no demo belongs in.
LEARNHUB := env -u LEARNHUB_DB_URL $(BIN)/learnhub-db

.DEFAULT_GOAL := help
.PHONY: help setup up down schema test test-calendar bench bench-quick

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: .venv/installed  ## Install the toolkit into .venv

up: setup  ## Start a MySQL of its own, build the database, fill it with the demo; safe to repeat
	@$(LEARNHUB) server start
	@$(LEARNHUB) apply
	@$(LEARNHUB) seed demo
	@$(LEARNHUB) call fold_counters >/dev/null
	@env -u LEARNHUB_DB_URL sh sql/seeds/demo/tour.sh
	@$(LEARNHUB) server url

down: setup  ## Stop what up started; the data stay
	@$(LEARNHUB) server stop

schema: setup  ## Write the schema that the files build to sql/schema.sql
	@$(LEARNHUB) server start
	@$(LEARNHUB) dump

test: setup  ## Run the whole suite on a real MySQL
	@$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-calendar: setup  ## Run the tests that depend on the calendar; .ci/calendar runs them on other days
	@$(BIN)/pytest -q -m calendar --numprocesses auto --dist loadfile --no-loadscope-reorder

bench: .venv/benchmark  ## Measure flash sales, apply and seeds beside what others do; writes docs/benchmarks.md
	@$(BIN)/python bench/flash_sale.py
	@$(LEARNHUB) server start
	@$(BIN)/python bench/apply.py "$$($(LEARNHUB) server url)"
	@$(BIN)/python bench/seed.py "$$($(LEARNHUB) server url)"

bench-quick: .venv/benchmark  ## Measure flash sales in two minutes: the ratios only
	@$(BIN)/python bench/flash_sale.py quick

.venv/benchmark: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'error: $(PYTHON) is missing or older than 3.11, name a newer one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'error: $(PYTHON) cannot make a .venv, apt-get install python3-venv' >&2; exit 1; }
	@echo 'installing into .venv'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
