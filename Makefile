# Tierline. `make` alone lists the targets; `make demo` and `make test` do all their own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench
RUN := $(BIN)/python -m services.cli
SOURCES := services shared tests deploy/grafana/source

##@ Start
.PHONY: help demo up test
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## a seeded support day in about a minute: four services, a broker, a database
	@$(RUN) demo $(ARGS)

up: $(READY) ## everything on the embedded servers, in the foreground; Ctrl-C stops it
	@$(RUN) up $(ARGS)

test: $(READY) ## set up and run the whole test suite (ARGS='-k sla' for a part of it)
	@$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal $(ARGS)

##@ Set up
.PHONY: setup lock clean
setup: $(READY) ## .venv with every dependency, hashed and locked

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Tierline needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) has no venv module. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV): about two minutes, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(READY) ## renew requirements/*.txt from pyproject.toml
	@set -e; \
	lock() { $(BIN)/uv pip compile "$${@:2}" --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file "requirements/$$1.txt"; }; \
	dev="--extra local --extra ical --extra apprise --extra otel --group dev"; \
	lock build --group build; \
	lock runtime pyproject.toml; \
	lock image pyproject.toml --extra backup --extra otel; \
	lock local pyproject.toml --extra local; \
	lock dev pyproject.toml $$dev; \
	lock bench pyproject.toml $$dev --group bench

$(BENCH): $(READY) requirements/bench.txt
	@echo "Installing what is measured against: about half a minute, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

clean: ## remove .venv and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

##@ Check
.PHONY: check lint types imports contracts contracts-check docs docs-check dashboards evidence-dashboards evidence-figures fix bench bench-intake bench-router bench-escalator bench-notifier quality prove-storm prove-router prove-escalator prove-notifier prove-clocks sim-routing
check: lint types imports contracts-check docs-check ## everything that needs no server

lint: $(READY) ## ruff: rules and format
	@$(BIN)/ruff check --quiet $(SOURCES) && $(BIN)/ruff format --check --quiet $(SOURCES) && echo "lint: clean"

fix: $(READY) ## what ruff can mend by itself
	@$(BIN)/ruff check --quiet --fix $(SOURCES); $(BIN)/ruff format --quiet $(SOURCES)

types: $(BENCH) ## mypy, strict; also over what is measured against
	@$(BIN)/mypy

imports: $(READY) ## the walls between services and layers
	@$(BIN)/lint-imports

bench: $(READY) ## webhook → assigned, open loop, on this machine (ARGS='--rate 100 --seconds 30')
	@$(BIN)/python -m tests.load.end_to_end $(ARGS)

bench-intake: $(READY) ## durable intake against a handler that stores nothing, and against one transaction a request
	@$(BIN)/python -m tests.load.intake $(ARGS)

bench-router: $(BENCH) ## what rules and matching cost; against FastStream, row locks and rule-engine (ARGS='--parts c --rounds 1')
	@$(BIN)/python -m tests.load.router $(ARGS)

bench-escalator: $(BENCH) ## what a deadline costs, how late it is told; against django-helpdesk and APScheduler (ARGS='--armed 10000000')
	@$(BIN)/python -m tests.load.escalator $(ARGS)

bench-notifier: $(READY) ## messages/s to 100 targets, one of them dead; 500 breaches in a minute for one manager (ARGS='--rounds 1')
	@$(BIN)/python -m tests.load.notifier $(ARGS)

quality: $(READY) ## how well it understands and judges: categories, signals, languages, duplicates, routing, SLA verdicts
	@$(BIN)/python -m tests.quality $(ARGS)

sim-routing: $(BENCH) ## who is late when Tierline gives out the tickets, and when others do (ARGS=--quick)
	@$(BIN)/python -m tests.simulation $(ARGS)

prove-storm: $(READY) ## twenty times what intake can take, for a minute (ARGS='--seconds 20')
	@$(BIN)/python -m tests.load.storm $(ARGS)

prove-clocks: $(READY) ## every clock against a second calculator, on random tickets in every time zone (ARGS='--cases 1000000 --seed 2', half an hour of two idle cores)
	@$(BIN)/python -m tests.reference $(ARGS)

prove-router: $(READY) ## contended assignments while routers are killed (ARGS='--assignments 1000000', two hours)
	@$(BIN)/python -m tests.load.router_proof $(ARGS)

prove-escalator: $(READY) ## deadlines while escalators, broker, database and clock fail (ARGS='--deadlines 100000', a quarter of an hour)
	@$(BIN)/python -m tests.load.escalator_proof $(ARGS)

prove-notifier: $(READY) ## ten thousand messages to receivers with every fault, the notifier killed every 5 s (ARGS='--notifications 1000')
	@$(BIN)/python -m tests.load.notifier_proof $(ARGS)

##@ Contracts and documents
contracts: $(READY) ## write the events' JSON Schemas from the code
	@$(RUN) contracts export

contracts-check: $(READY) ## schemas are fresh and only ever grow
	@$(RUN) contracts check

docs: $(READY) ## write docs/metrics.md and docs/settings.md from the code
	@for name in metrics settings; do $(RUN) docs $$name > docs/$$name.md || exit 1; done

dashboards: $(READY) ## write deploy/grafana/dashboards/*.json from deploy/grafana/source
	@$(BIN)/python -m deploy.grafana.source

evidence-dashboards: $(READY) ## ask a real Prometheus every query of every panel over a loaded system; writes docs/evidence/dashboards.md
	@TIERLINE_PROMETHEUS=$${TIERLINE_PROMETHEUS:-$$(.ci/debian-prometheus prometheus)} $(BIN)/python -m tests.load.dashboards $(ARGS)

evidence-figures: $(READY) ## put what benches and proofs left in build/ into docs/evidence/figures.md
	@$(BIN)/python -m tests.load.measured

docs-check: $(READY) ## generated documents are fresh, the shipped workflows load
	@for name in metrics settings; do \
	  $(RUN) docs $$name | diff -u docs/$$name.md - && echo "docs/$$name.md: fresh" || exit 1; done
	@$(RUN) workflow check deploy/workflow.yaml
	@$(RUN) workflow check deploy/workflow-demo.yaml
