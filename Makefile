# Everything CI does, and what a developer does every day.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= auto

.PHONY: up test check compile fmt bench generate clean

up: $(STAMP)  ## run the shop: http://localhost:8000
	$(BIN)/airside up examples/shop

test: compile  ## pass the tests
	@PYTHON=$(BIN)/python sh scripts/test-tools.sh
	AIRSIDE_SAM=$(CURDIR)/.venv-sam/bin/sam PYTEST="$(BIN)/python -m pytest -q" JOBS=$(JOBS) sh scripts/test.sh

check: $(STAMP)  ## lint, types, layers, size
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/python -m scripts.compile --check
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_tidy.py tests/test_docs.py

compile: $(STAMP)  ## the modules that every request passes, as machine code (after editing them)
	@$(BIN)/python -m scripts.compile

fmt: $(STAMP)
	$(BIN)/ruff format src tests benchmarks examples
	$(BIN)/ruff check --fix src tests benchmarks examples

bench: compile  ## print the figures of SPECIFICATION.md
	$(BIN)/python -m benchmarks

generate: $(STAMP)  ## docs/reference, from the code
	$(BIN)/python -m scripts.generate

clean:
	rm -rf $(VENV) .airside build src/airside/_compiled *.egg-info

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Airside needs Python 3.11 or later")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing, and compiling the hot path: a minute or two, once"
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $(STAMP)
