# Two commands for a fresh machine: `make site` and `make test`. Both make a virtual environment of their own.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin

.PHONY: site test test-slow lint format bench bench-gallery models-table peers alive wheel clean

site: $(VENV)/.installed
	$(BIN)/filter-gallery build -c config.yaml

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --cov --cov-report=term

test-slow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Shares of filters whose pictures are alive, on the bundled network and on the second one.
alive: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.alive demo tests/data/residual.keras

# Tables in benchmarks/README.md: about half an hour on two idle cores.
bench: $(VENV)/.installed-dev peers
	$(BIN)/python -m benchmarks

# The whole gallery of a network of 2,944 filters, for time and memory: as long again.
bench-gallery: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks gallery

# The table of docs/models.md: every network of keras.applications, random weights.
models-table: $(VENV)/.installed-dev
	$(BIN)/python -m tools.models_table

# tf-keras-vis and xplique, which `make bench` measures against, in an environment of their own.
peers: $(PEERS)/.installed

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) $(PEERS) build dist .coverage* .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --no-deps -r benchmarks/peers/requirements.txt
	touch $@
