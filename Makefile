# Rooms of the house. `make demo` and `make test` need nothing but a fresh Debian or Ubuntu.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bench check generate clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

generate: $(VENV)/.ready
	$(BIN)/python -m luftpegel_tools.generate
