# Every command a newcomer needs. Each sets up what it needs by itself and is quick the second time.

SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
LOCK  := $(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --no-strip-extras --generate-hashes -q
BUILD_DOCS := $(BIN)/zensical build --strict --clean
# Other crawlers, to compare with.
BENCH := .venv-bench
# What looks for known vulnerabilities, apart from what it looks at.
AUDIT := .venv-audit
# The first of these that is 3.11 or newer; `make PYTHON=/path/to/python3` chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)

.PHONY: help setup demo test test-fast test-all check audit docs format image-check bench bench-lists calibrate mutate fuzz chaos typescript lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## Virtual environment, dependencies, browser
	@$(BIN)/python -m crawler.engines.install

demo: setup  ## Run the whole service once over the sample sites
	@$(BIN)/socials demo

test: setup  ## All tests: unit, crawl, browser, Redis, service
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest

test-fast: $(READY)  ## Unit tests only, a few seconds
	@$(BIN)/python -m pytest tests/unit tests/contract

check: $(READY)  ## Linter, format, types, import rules, declared dependencies
	@echo "==> ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy"; $(BIN)/mypy
	@echo "==> import rules"; $(BIN)/lint-imports
	@echo "==> dependencies"; $(BIN)/deptry .
	@echo "==> documentation"; $(BUILD_DOCS)
	@$(MAKE) -s audit

audit: $(READY) $(AUDIT)/.ready  ## Known vulnerabilities of what the service runs with; without their data, the age of the lock
	@echo "==> vulnerabilities"; $(BIN)/python deploy/audit.py $(AUDIT)/bin/pip-audit requirements.lock

docs: $(READY)  ## The documentation as web pages, in build/docs
	@$(BUILD_DOCS)

format: $(READY)  ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench-lists: setup  ## Real lists beside a plain spider, in about three minutes; --long adds ten thousand sites
	@$(BIN)/python -m tests.bench.bench_lists --draw

model: setup  ## How many workers a load needs, in a simulation: docs/capacity.md (MEASURE=1 measures its costs anew)
	@$(BIN)/python -m tests.bench.model $(if $(MEASURE),--measure)

bench: setup $(BENCH)/.ready  ## Speed, cost and recall beside other crawlers, in about twelve minutes; prints, never judges
	@for name in classify proxy locks redis api files; do echo "==> $$name"; $(BIN)/python -m tests.bench.bench_$$name || exit 1; done
	@echo "==> ladder"; $(BIN)/python -m tests.bench.bench_ladder --crawlee-python $(BENCH)/bin/python --draw

calibrate: $(READY)  ## What the scores mean, and what each signal is worth: writes docs/scores.md
	@$(BIN)/python tests/bench/calibrate.py

mutate: $(READY)  ## Which changes to the URL grammar no table notices (half an hour)
	@$(BIN)/python -m pip install -q uv && $(BIN)/uv pip install -q --python $(BIN)/python --group mutate
	@nice -n 19 $(BIN)/mutmut run --max-children 2 >mutants.log 2>&1 || { tail -c 2000 mutants.log; exit 1; }
	@$(BIN)/mutmut results; tr '\r' '\n' <mutants.log | tail -n 1

fuzz: $(READY)  ## Read pages made of pieces of others for a minute (SECONDS=60 SEED=...); what breaks is kept in fuzz-findings
	@$(BIN)/python -m tests.fuzz.readers --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

chaos: setup  ## Kill and freeze every part of the service at random for ten minutes, then check its promises (MINUTES=10 SEED=...)
	@$(BIN)/python -m tests.chaos.drive --minutes $(or $(MINUTES),10) --report docs/chaos.md $(if $(SEED),--seed $(SEED))

typescript:  ## Client generator for the TypeScript test, from npm; without it that test is skipped
	@cd tests/service/typescript && npm ci --no-audit --no-fund

lock: $(READY)  ## Pin the whole dependency tree anew
	@$(BIN)/python -m pip install -q uv
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --group bench -o tests/bench/requirements.lock
	@$(LOCK) --group audit -o deploy/audit.lock

$(READY): requirements.lock requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3"; exit 1; }
	@echo "==> Making the virtual environment $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "==> Installing python3-venv"; apt-get update -q >/dev/null; apt-get install -y -q python3-venv >/dev/null; fi; \
		$(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); \
		echo "The module venv is missing; on Debian: sudo apt-get install python3-venv"; exit 1; }
	@echo "==> Installing the dependencies (a minute or two the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(AUDIT)/.ready: deploy/audit.lock
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -q --disable-pip-version-check -r deploy/audit.lock
	@touch $(AUDIT)/.ready

$(BENCH)/.ready: tests/bench/requirements.lock
	@echo "==> Installing what to compare with into $(BENCH)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install -q --disable-pip-version-check -r tests/bench/requirements.lock
	@touch $(BENCH)/.ready

test-all: $(READY)  ## Tests on every Python from 3.11 that this machine has (not part of CI)
	@$(BIN)/python -m pip install -q uv
	@for version in 3.11 3.12 3.13; do \
		python=; for each in python$$version $$HOME/.pyenv/versions/$$version*/bin/python; do \
			$$each -c '' >/dev/null 2>&1 && { python=$$each; break; }; done; \
		[ -n "$$python" ] || { echo "==> Python $$version is not on this machine"; continue; }; \
		echo "==> Python $$version ($$python)"; \
		$$python -m venv --clear $(VENV)-$$version && \
		$(BIN)/uv pip install -q -p $(VENV)-$$version -r requirements.lock -r requirements-dev.lock && \
		$(BIN)/uv pip install -q -p $(VENV)-$$version --no-deps --no-build-isolation -e . && \
		$(VENV)-$$version/bin/python -m pytest -q $(TESTS) || exit 1; done

image-check: $(READY)  ## Run the Dockerfile's steps in an empty Debian root and start the service there; root only, not part of CI
	@$(BIN)/python deploy/image_check.py "$$($(BIN)/python -c 'from worker.process.embedded_redis import find_redis_server as f; print(f())')"

clean:  ## Remove what the other commands made
	@rm -rf $(VENV) $(VENV)-3.1* $(BENCH) $(AUDIT) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants mutants.log dist build
