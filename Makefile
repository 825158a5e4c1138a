# Two commands for a fresh machine: `make site` and `make test`. Both make a virtual environment of their own.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: site test test-slow lint format bench alive wheel clean

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

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist .coverage* .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@
