# Every command a person or CI needs. `make help` lists them.
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help setup test-setup demo test lint types faults bench screenshots lock pbx clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## the virtual environment, from the lock file
	@.ci/setup app

test-setup: ## all that the tests need: Asterisk, SIPp, a browser, PostgreSQL, Redis
	@.ci/setup tests

demo: ## a running call center with a real Asterisk and calls that keep arriving
	@.ci/setup demo
	@$(PY) -m callcenter demo

test: ## lint, types and every test, on the real Asterisk
	@.ci/setup tests
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy
	@$(PY) -m pytest -n 4 --dist worksteal -m "not alone" --durations=25
	@$(PY) -m pytest -n 2 --dist worksteal -m alone --durations=25

lint: ## style
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

types: ## types
	@$(PY) -m mypy

faults: ## cuts, kills, full disks under load, RUNS=100 SEED=1: afterwards nothing may be lost, double, stuck
	@.ci/setup tests
	@$(PY) -m tests.faults $(or $(RUNS),100) $(or $(SEED),1)

bench: ## what it must reach, each figure beside its baseline of the same run
	@.ci/setup tests
	@$(PY) -m benchmarks

screenshots: ## every screen, three languages, light and dark, wide and phone; and the pictures of the guides
	@.ci/setup tests
	@$(PY) -m tests.screens

lock: ## resolve the dependencies again, with hashes and without addresses
	@.ci/setup lock

clean: ## forget the virtual environment and the caches
	rm -rf .venv .cache
