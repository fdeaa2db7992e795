# Everything that people do here, each with its one line of help: make help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# Options for the program behind a target: make up ARGS=--detach
ARGS ?=
# Spanish words, and names of others, that look like English gone wrong
NOT_ENGLISH := te,pase,hace,momento,finde,responde,auxiliar,convertor,convertors,falso,eror,vender,canceles
# Rooms whose words are guests'
SPANISH := src/alojamientos/nlu/*,tests/corpus/*,tests/unit/nlu/*,tests/integration/conversation/*

##@ Run it
.PHONY: up down status logs
up: runtime ## Start everything and keep it running (ARGS=--detach, --reset, --traffic); Ctrl-C stops it
	@$(BIN)/alojamientos up $(ARGS)
down: runtime ## Stop everything, leaving no process
	@$(BIN)/alojamientos down
status: runtime ## Show every part: state, URL, pid, log file
	@$(BIN)/alojamientos status $(ARGS)
logs: runtime ## Follow the logs (ARGS='web', ARGS='--trace ID')
	@$(BIN)/alojamientos logs $(ARGS)

##@ Try it
.PHONY: simulate season verify bench nlu slo-sim
simulate: runtime ## Play a guest (ARGS='traffic --rate 2/s --minutes 5' plays many)
	@$(BIN)/alojamientos simulate $(or $(ARGS),booking)
season: runtime ## Play a month of guests, faults and killed processes, then audit it (ARGS='--days 30 --seed 2')
	@$(BIN)/alojamientos simulate season $(ARGS)
verify: runtime ## Check the running stack, with evidence per item
	@$(BIN)/alojamientos verify $(ARGS)
bench: setup ## Measure: every file of benchmarks/ (ARGS=--quick, or names)
	@$(BIN)/python -m benchmarks.run $(ARGS)
nlu: setup ## Read the corpus of messages: right, asked and wrong per slice (ARGS=--quick)
	@$(BIN)/python -m benchmarks.nlu $(ARGS)
slo-sim: setup ## Play years of traffic against the service levels' alerts (ARGS=--quick)
	@$(BIN)/python -m benchmarks.slo_sim $(ARGS)

##@ Develop
.PHONY: setup test fuzz mutants check format render lock
setup: ## Build the virtual environment with everything locked
	@scripts/setup dev
test: setup ## Run every test on real servers, with coverage (ARGS='-k name')
	@scripts/test $(ARGS)
fuzz: setup ## Play 200,000 hostile inputs of each format (ARGS='-k whatsapp')
	@$(BIN)/python -m pytest --no-cov -m fuzz --fuzz-cases 200000 $(ARGS)
mutants: setup ## Break every alert in small ways; at least 90 % must be noticed (ARGS='--only NAME')
	@$(BIN)/python -m tests.monitoring.tools.mutants $(ARGS)
check: setup ## Format, lint, types, layers, spelling, rendered files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell --ignore-words-list $(NOT_ENGLISH) --skip "$(SPANISH)" src tests benchmarks scripts docs Makefile *.md
	$(BIN)/alojamientos render --check
format: setup ## Format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
render: setup ## Write the files that are derived from the definitions and settings
	$(BIN)/alojamientos render
lock: setup ## Renew the hash-locked requirements from pyproject.toml
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml --extra servers -o requirements/runtime.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml --extra servers --extra asr --extra dev -o requirements/dev.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml -c requirements/runtime.txt -o requirements/production.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 requirements/build.in -o requirements/build.txt

##@ Help
.PHONY: help runtime
help: ## Show this
	@awk 'BEGIN {FS = ":[^#]*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:[^#]*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
runtime:
	@scripts/setup runtime
