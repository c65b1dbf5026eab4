# `make demo` and `make test` need Python (3.11 or newer) and git alone: they make .venv themselves.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

export OMP_NUM_THREADS ?= 1
export KERAS_BACKEND := torch

.PHONY: demo test lint property faults zoo bench format

# Trains an example on real data, and prints how well it reads digits that were held out.
demo: $(INSTALLED)
	$(BIN)/nndsl summary examples/digits.nn
	$(BIN)/python examples/demo.py

test: lint
	$(BIN)/pytest --numprocesses auto

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The property tests at their full size (minutes).
property: $(INSTALLED)
	$(BIN)/pytest tests --property

# Damaged checkpoints, and processes that are killed, at their full number (minutes).
faults: $(INSTALLED)
	$(BIN)/pytest tests --faults

# The models of examples/zoo and keras.applications against Keras, large ones too (minutes).
zoo: $(INSTALLED)
	$(BIN)/pytest tests/zoo --zoo

# Compares speeds in one process, by turns, and prints ratios.
bench: $(INSTALLED)
	$(BIN)/python benchmarks/run.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The stamp is as new as the last install; a change of the dependencies installs again.
$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nndsl needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
