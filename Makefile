# Every command a newcomer needs. Each sets up what it needs by itself and is quick the second time.

SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
# Other crawlers, to compare with.
BENCH := .venv-bench
# The first of these that is 3.11 or newer; `make PYTHON=/path/to/python3` chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)

.PHONY: help setup demo test test-fast check format bench calibrate mutate lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## Virtual environment, dependencies, browser
	@$(BIN)/python -m crawler.engines.install

demo: setup  ## Run the whole service once over the sample sites
	@$(BIN)/socials demo

test: setup  ## All tests: unit, crawl, browser, Redis, service
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest

test-fast: $(READY)  ## Unit tests only, a few seconds
	@$(BIN)/python -m pytest tests/unit tests/contract

check: $(READY)  ## Linter, format, types, import rules
	@echo "==> ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy"; $(BIN)/mypy
	@echo "==> import rules"; $(BIN)/lint-imports

format: $(READY)  ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup $(BENCH)/.ready  ## Speed, cost and recall beside other crawlers, in about ten minutes; prints, never judges
	@for name in classify proxy redis api; do echo "==> $$name"; $(BIN)/python -m tests.bench.bench_$$name || exit 1; done
	@echo "==> ladder"; $(BIN)/python -m tests.bench.bench_ladder --crawlee-python $(BENCH)/bin/python --draw

calibrate: $(READY)  ## What each ownership signal is worth on the labelled blocks
	@$(BIN)/python tests/bench/calibrate.py

mutate: $(READY)  ## Which changes to the URL grammar no table notices (half an hour)
	@$(BIN)/python -m pip install -q uv && $(BIN)/uv pip install -q --python $(BIN)/python --group mutate
	@nice -n 19 $(BIN)/mutmut run --max-children 2 >mutants.log 2>&1 || { tail -c 2000 mutants.log; exit 1; }
	@$(BIN)/mutmut results; tr '\r' '\n' <mutants.log | tail -n 1

lock: $(READY)  ## Pin the whole dependency tree anew
	@$(BIN)/python -m pip install -q uv && $(BIN)/uv pip compile pyproject.toml --group dev --universal \
		--python-version 3.11 --no-emit-index-url --no-annotate --no-header --generate-hashes -q -o requirements.lock
	@$(BIN)/uv pip compile --group bench --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
		--generate-hashes -q -o tests/bench/requirements.lock

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3"; exit 1; }
	@echo "==> Making the virtual environment $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "==> Installing python3-venv"; apt-get update -q >/dev/null; apt-get install -y -q python3-venv >/dev/null; fi; \
		$(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
		echo "The module venv is missing; on Debian: sudo apt-get install python3-venv"; exit 1; }
	@echo "==> Installing the dependencies (a minute or two the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(BENCH)/.ready: tests/bench/requirements.lock
	@echo "==> Installing what to compare with into $(BENCH)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install -q --disable-pip-version-check -r tests/bench/requirements.lock
	@touch $(BENCH)/.ready

clean:  ## Remove what the other commands made
	@rm -rf $(VENV) $(BENCH) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants mutants.log dist build
