# Rooms of the house. `make demo` and `make test` need nothing but a fresh Debian or Ubuntu.
#
#   make demo            a simulated town for a day, with proof; its page stays up until Ctrl-C
#   make demo ONCE=1     the same, and ends
#   make test            everything that must hold
#   make fresh           demo and test of HEAD in minimal Debians 12 and 13, as root (WORDS="--help": what else)
#   make faults          what happens to every sink and source when things break, as a table and as faults.json;
#                        KILLS=50: so many SIGKILLs each, PAGE=1: also into docs/faults.md
#   make bench           the figures, as a table and as bench.json; ARGS=gateway for that part only
#   make mutants         faults put into the firmware on purpose, and who finds them; ARGS="--only journal"
#   make package         the gateway as a Debian package, in build/ (ARGS="--architecture arm64" for a Raspberry Pi)
#   make sbom            what is in that package, as CycloneDX, in build/
#   make image           that package as an OCI image, in build/, without a Docker engine; as root
#   make generate        what is made from spec/channels.toml
#   make fast            compiles the gateway's reader of frames; needs a C compiler
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Files of tests side by side; those that start boards and brokers keep a core busy.
JOBS ?= 2
# SIGKILLs for each sink and source in `make faults`.
KILLS ?= 10
# Stubs of MicroPython replace the standard library's, so they live apart from the environment.
STUBS := .cache/micropython-stubs

.PHONY: demo test check fresh faults bench mutants package sbom image generate fast clean

demo: $(VENV)/.ready
	$(BIN)/luftpegel demo $(if $(ONCE),--once) $(ARGS)

test: check
	$(BIN)/pytest --numprocesses=$(JOBS) --dist=loadfile $(ARGS)

check: $(VENV)/.ready-to-develop $(STUBS)/.ready
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m luftpegel_tools.image.firmware_check --stubs $(STUBS)
	$(BIN)/python -m luftpegel_tools.generate --check

fresh:
	PYTHONPATH=tools $(PYTHON) -m luftpegel_tools.fresh $(WORDS)

faults: $(VENV)/.ready-to-develop
	rm -f faults.json
	-LUFTPEGEL_FAULTS=faults.json LUFTPEGEL_KILLS=$(KILLS) $(BIN)/pytest -q tests/faults/test_cells.py $(ARGS)
	$(BIN)/python -m tests.faults.report faults.json $(if $(PAGE),docs/faults.md)

bench: $(VENV)/.ready-to-develop
	$(BIN)/python -m luftpegel_tools.figures $(ARGS)

mutants: $(VENV)/.ready-to-develop
	$(BIN)/python -m luftpegel_tools.rig.mutants $(ARGS)

package: $(VENV)/.ready-to-develop
	$(BIN)/python -m luftpegel_tools.packaging $(ARGS)

sbom: $(VENV)/.ready-to-develop
	$(BIN)/python -m luftpegel_tools.packaging --sbom $(ARGS)

image: package
	$(BIN)/python -m luftpegel_tools.packaging.image $(ARGS)

generate: $(VENV)/.ready
	$(BIN)/python -m luftpegel_tools.generate

fast: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group fast
	$(BIN)/python -m luftpegel_tools.packaging.compile_wire

clean:
	rm -rf $(VENV) .cache build bench.json faults.json

$(VENV)/.ready: pyproject.toml tools/make_environment.sh
	PYTHON=$(PYTHON) tools/make_environment.sh $(VENV)
	$(BIN)/python -m pip install --quiet --quiet --editable '.[all]'
	touch $@

$(VENV)/.ready-to-develop: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

$(STUBS)/.ready: $(VENV)/.ready pyproject.toml
	$(BIN)/python -m pip install --quiet --upgrade --target $(STUBS) --group firmware-stubs
	touch $@
