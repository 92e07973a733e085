# `make` alone prints the verbs. Every verb makes .venv first when it is missing; later runs start at once.

BIN   := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint report clean

help:  ## print these verbs
	@echo "make VERB, where VERB is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-9s %s\n", $$1, $$2 }'

demo: $(READY)  ## read in a real shop's year, show who stays, and open it in the browser
	@$(BIN)/holdfast demo

test: $(READY)  ## run all tests
	@$(BIN)/python -m pytest

bench: .venv/.bench-ready  ## Holdfast and its peers on the same events (BENCH="--events 30e6" for more)
	@$(BIN)/python -m benchmarks $(BENCH)

lint: $(READY)  ## style, types, and the order of the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

report: $(READY)  ## write demo/report.html again
	@test -f demo/holdfast.toml || { echo "there is no demo yet: make demo"; exit 1; }
	@$(BIN)/holdfast report -w demo

clean:  ## delete .venv, the demo and every cache (your own workspaces are elsewhere and stay)
	rm -rf .venv demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache benchmarks/data benchmarks/out

$(READY): requirements.lock pyproject.toml tools/make-venv
	@PYTHON="$(PYTHON)" tools/make-venv
	@touch $@

.venv/.extras-ready: $(READY) requirements-extras.lock
	@echo "Adding the extras spark, png and notebook to .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-extras.lock
	@touch $@

# The peers live in an environment of their own, so that their versions never disturb ours.
.venv/.bench-ready: $(READY) requirements-bench.lock
	@echo "Installing the peers into .venv/peers (once; about two minutes, 2 GB) ..."
	@test -x .venv/peers/bin/python || $(BIN)/python -m venv .venv/peers
	@.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@touch $@

# What a test compares with that must not disturb our own versions.
.venv/.oracle-ready: $(READY) requirements-bench.lock
	@echo "Installing retentioneering and Segment's client into .venv/oracle ..."
	@test -x .venv/oracle/bin/python || $(BIN)/python -m venv .venv/oracle
	@.venv/oracle/bin/python -m pip install --quiet --disable-pip-version-check -c requirements-bench.lock retentioneering
	@.venv/oracle/bin/python -m pip install --quiet --disable-pip-version-check segment-analytics-python==2.4.0
	@touch $@

# Segment's own Node client, at the versions of the lock.
.venv/.node-ready: $(READY) tests/server/node/package-lock.json
	@echo "Installing Segment's Node client into .venv/node ..."
	@mkdir -p .venv/node
	@cp tests/server/node/package.json tests/server/node/package-lock.json .venv/node/
	@cd .venv/node && npm ci --silent --no-audit --no-fund
	@touch $@
