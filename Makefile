# One entry for people and CI. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
PYTHON := .venv/bin/python
BIN := .venv/bin
STAMP := .venv/.installed
ARGS ?=
PYTEST := $(BIN)/pytest -n logical --maxprocesses 4 # tests/conftest.py says who shares a process
PACKAGES := app schema resolvers jobs services agents domain adapters
NODE_AT_LEAST := 20

.PHONY: help up install engines engines-down test-engines test checks lint types contracts migrations schema images unit clients tour crash-test fault-test seed lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

up: $(STAMP) ## install what is missing, then start everything; ARGS="--port 9000"
	@$(PYTHON) -m compileall -q $(PACKAGES) # also where PYTHONDONTWRITEBYTECODE is set: compiling anew costs seconds a start
	@exec $(BIN)/frontier up $(ARGS)

install: $(STAMP) ## make .venv and install the locked packages

$(PYTHON):
	@python=""; \
	for candidate in python3.12 python3.13 python3.14 python3 "$$HOME"/.pyenv/versions/3.*/bin/python3 /opt/homebrew/bin/python3; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.12 or newer with venv was found. Install one (Debian, Ubuntu: apt-get install python3 python3-venv), then run make again." >&2; exit 1; \
	fi; \
	echo "[1/3] making .venv with $$("$$python" --version)" >&2; \
	"$$python" -m venv .venv

$(STAMP): requirements.lock pyproject.toml | $(PYTHON)
	@began=$$SECONDS; \
	if [ "$$($(PYTHON) -m uv --version 2>/dev/null | cut -d' ' -f2)" != "$(UV_VERSION)" ]; then \
	  echo "[2/3] installing uv $(UV_VERSION)" >&2; \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"; \
	fi; \
	echo "[3/3] installing the $$(grep -c '==' requirements.lock) locked packages (a minute or two the first time)" >&2; \
	$(PYTHON) -m uv pip sync --python $(PYTHON) --require-hashes --compile-bytecode requirements.lock; \
	$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation --editable .; \
	echo "installed in $$((SECONDS - began)) s" >&2
	@touch $@

test: checks unit ## everything that CI checks

checks: lint types contracts migrations schema images ## everything but the tests

lint: $(STAMP) ## style and format
	@echo "== ruff"; $(BIN)/ruff check; $(BIN)/ruff format --check

types: $(STAMP) ## the strict type checker
	@echo "== mypy"; $(BIN)/mypy

contracts: $(STAMP) ## who may import whom
	@echo "== import-linter"; $(BIN)/lint-imports

migrations: $(STAMP) ## models and migrations agree
	@echo "== alembic check"; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	export DATABASE_URL="sqlite+aiosqlite:///$$folder/check.db"; \
	$(BIN)/frontier migrate && $(BIN)/frontier migrate --check

schema: $(STAMP) ## the committed SDL and docs/api are what is served, and break no client unnamed
	@echo "== schema"; $(BIN)/frontier schema | diff -u schema/schema.graphql - \
	  || { echo "The served schema changed: look at the difference, then run frontier schema > schema/schema.graphql" >&2; exit 1; }
	@$(PYTHON) -m evals.schema_changes
	@$(PYTHON) -m evals.api_docs --check

images: $(STAMP) ## the compose file is valid, the Dockerfile clean
	@echo "== check-jsonschema, hadolint"; $(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile

unit: $(STAMP) ## the tests; ARGS="-k votes"
	@echo "== pytest"; $(PYTEST) $(ARGS)

clients: $(STAMP) ## other people's clients against a server, under node; ARGS=apollo.test.mjs
	@echo "== clients"; \
	if ! node -e 'process.exit(+(process.versions.node.split(".")[0] < $(NODE_AT_LEAST)))' 2>/dev/null; then \
	  echo "tests/clients were not run: no node $(NODE_AT_LEAST) or newer"; [ -z "$${CI:-}" ]; exit; \
	fi; \
	cd tests/clients; [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; \
	cd ../..; $(PYTHON) -m tests.clients.run $(ARGS)

engines: $(STAMP) ## start real Postgres, Redis and Neo4j (Docker's, or else Debian's): eval "$(make engines)"
	@$(PYTHON) -m evals.engines up $(ARGS)

engines-down: $(STAMP) ## stop what `make engines` started, and keep its data
	@$(PYTHON) -m evals.engines down

test-engines: $(STAMP) ## the contracts on real engines, started where TEST_… names none; ARGS="-k votes"
	@urls="$$($(PYTHON) -m evals.engines up)"; eval "$$urls"; $(PYTEST) tests/contracts $(ARGS)

tour: $(STAMP) ## the README's tour against the running server
	@$(PYTHON) -m app.demo.tour $(ARGS)

crash-test: $(STAMP) ## kill a running system at every step; ARGS="--seed 7 --seeds 20 --database postgres"
	@$(PYTHON) -m evals.crashes $(ARGS)

fault-test: $(STAMP) ## pause, kill and restart engines under load; ARGS="--engine redis --fault pause --seconds 20"
	@$(PYTHON) -m evals.faults $(ARGS)

seed: $(STAMP) ## make the demo young again
	@$(BIN)/frontier seed --renew

lock: $(PYTHON) ## resolve pyproject.toml into requirements.lock anew
	@$(PYTHON) -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --group dev pyproject.toml -o requirements.lock

clean: ## remove caches and builds, keep .venv and .data
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
