# `make run` and `make test` do all the set-up themselves. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# Unpacked distribution packages (promtool, Prometheus, node_exporter); what is installed already is used first.
export PATH := $(CURDIR)/$(BIN):$(PATH):$(CURDIR)/.tools/usr/bin

# Real servers wait most of the time, so one worker more than there are cores.
WORKERS ?= 3
PYTEST := pytest --numprocesses $(WORKERS)

.PHONY: help run test test-all unit covered lint types package golden mutate proofs-all generated bench tools promtools clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp tools ## show the plan of the default deployment, build everything for it, check it
	@boxwatch topology
	@boxwatch build --out generated
	@boxwatch check

test: lint types covered package ## everything that proves it: style, types, tests with real Prometheus, the wheel

test-all: lint types $(VENV)/dev.stamp tools promtools ## the same with nothing sampled, and all tests on the wheel too
	@$(PYTEST) --thorough --cov --cov-report=term:skip-covered $(ARGS)
	@tools/test-wheel.sh all
	@tools/proofs-all.sh
	@tools/generated.py 10000

unit: $(VENV)/dev.stamp tools ## some of the tests, in seconds (ARGS='-k replicas')
	@pytest -q $(ARGS)

covered: $(VENV)/dev.stamp tools promtools ## the tests, with the coverage floor
	@$(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

lint: $(VENV)/dev.stamp ## style
	@ruff check .
	@ruff format --check .

types: $(VENV)/dev.stamp ## strict types
	@mypy

package: $(VENV)/dev.stamp tools ## build sdist and wheel, install the wheel in a fresh place, try all of it there
	@tools/test-wheel.sh

golden: $(VENV)/dev.stamp tools ## rewrite the stored results from what the code makes now, then test again
	@pytest -q --update-golden $(ARGS) || true
	@pytest -q $(ARGS)

mutate: $(VENV)/dev.stamp tools ## change the rules one place at a time; the proofs must notice (SUBJECT=memory_limit for one)
	@tools/mutate.py $(SUBJECT) $(ARGS)

proofs-all: $(VENV)/dev.stamp tools promtools ## all proofs on promtool 2.53 and 3.x as well, and the rules in vmalert
	@tools/proofs-all.sh

generated: $(VENV)/dev.stamp tools ## check what is built of deployments that nobody thought of (EXAMPLES=10000 SEED=0)
	@tools/generated.py $(or $(EXAMPLES),1000) --seed $(or $(SEED),0) $(ARGS)

bench: $(VENV)/dev.stamp tools ## speed and memory, as figures and ratios
	@python benchmarks/run.py $(ARGS)
	@python benchmarks/rules_evaluation.py
	@python benchmarks/publish.py $(GRAFANA_CLIENT)

tools: ## Prometheus, its exporters and databases to break, unpacked here if they are not installed
	@tools/prometheus.sh

promtools: ## promtool 2.53 and 3.x, which the proofs must hold on as well, unpacked here where they can be had
	@tools/promtools.sh || echo 'promtools: so the proofs are run on one version only' >&2

clean: ## remove everything that make made
	@rm -rf $(VENV) .tools build dist generated *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(VENV)/run.stamp: setup.cfg constraints.txt
	@tools/setup.sh .
	@touch $@

$(VENV)/dev.stamp: setup.cfg constraints.txt
	@tools/setup.sh '.[dev]'
	@touch $@ $(VENV)/run.stamp
