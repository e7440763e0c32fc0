# `make run` and `make test` set everything up themselves. `make help` lists the other targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# Unpacked distribution packages (promtool, Prometheus, node_exporter); installed programs take precedence.
export PATH := $(CURDIR)/$(BIN):$(PATH):$(CURDIR)/.tools/usr/bin
# Tests start boxwatch hundreds of times, and without compiled modules each start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

# Two groups of tests with real servers mostly wait, so run two workers more than two cores would need.
WORKERS ?= 4
# promtool takes a fifth less CPU if it collects garbage less often, on one core: the workers use the others.
PYTEST := GOGC=400 GOMAXPROCS=1 pytest --numprocesses $(WORKERS)

.PHONY: help run test test-all unit covered lint types package golden mutate proofs-all generated bench picture template tools promtools engine clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp tools ## plan, build and check the default deployment, and play an incident (demo.html)
	@boxwatch topology
	@boxwatch build --out generated
	@boxwatch check
	@boxwatch demo --once --history 6h --page demo.html

test: lint types covered package ## all checks: style, types, tests with a real Prometheus, the wheel

test-all: lint types $(VENV)/dev.stamp tools promtools engine ## all checks without sampling, and all tests on the wheel
	@$(PYTEST) --thorough --cov --cov-report=term:skip-covered $(ARGS)
	@tools/test-wheel.sh all
	@tools/proofs-all.sh
	@tools/generated.py 10000

unit: $(VENV)/dev.stamp tools ## a selection of tests (ARGS='-k replicas')
	@pytest -q $(ARGS)

covered: $(VENV)/dev.stamp tools promtools engine ## all tests, with the minimum coverage
	@$(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

lint: $(VENV)/dev.stamp ## style
	@ruff check .
	@ruff format --check .

types: $(VENV)/dev.stamp ## strict types
	@mypy

package: $(VENV)/dev.stamp tools ## build sdist and wheel, install the wheel into a new environment and try it
	@tools/test-wheel.sh

golden: $(VENV)/dev.stamp tools ## update the golden files from the current code, then test again
	@pytest -q --update-golden $(ARGS) || true
	@pytest -q $(ARGS)

mutate: $(VENV)/dev.stamp tools ## mutation testing of the rules (SUBJECT=memory_limit for one subject)
	@tools/mutate.py $(SUBJECT) $(ARGS)

proofs-all: $(VENV)/dev.stamp tools promtools ## all proofs on promtool 2.53 and 3.x, and the rules in vmalert
	@tools/proofs-all.sh

generated: $(VENV)/dev.stamp tools ## build generated deployments and check the output (EXAMPLES=10000 SEED=0)
	@tools/generated.py $(or $(EXAMPLES),1000) --seed $(or $(SEED),0) $(ARGS)

picture: $(VENV)/dev.stamp tools ## redraw the picture of the demo in the README
	@boxwatch demo --once --scenario replica-lost --history 6h --page docs/pictures/demo.svg

bench: $(VENV)/dev.stamp tools ## benchmarks of speed and memory, with ratios
	@python benchmarks/run.py $(ARGS)
	@python benchmarks/rules_evaluation.py
	@python benchmarks/verify.py
	@python benchmarks/backtest.py
	@python benchmarks/publish.py $(GRAFANA_CLIENT)

template: $(VENV)/run.stamp ## write the one-click template for Coolify's catalogue (DIR=build/coolify)
	@tools/template.py $(or $(DIR),build/coolify)

tools: ## unpack Prometheus, exporters and test databases into .tools unless installed
	@tools/prometheus.sh

promtools: ## unpack promtool 2.53 and 3.x and newer Alertmanagers for tests on several versions, if available
	@tools/promtools.sh || echo 'promtools: not available, so proofs run on one version only' >&2

engine: ## unpack a Docker engine and the stack's programs for the test that brings the stack up, if available
	@tools/engine.sh || echo 'engine: not available, so the compose file is not brought up' >&2

clean: ## remove all generated files
	@rm -rf $(VENV) .tools build dist generated demo.html *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(VENV)/run.stamp: setup.cfg constraints.txt
	@tools/setup.sh .
	@touch $@

$(VENV)/dev.stamp: setup.cfg constraints.txt
	@tools/setup.sh '.[dev]'
	@touch $@ $(VENV)/run.stamp
