# Two commands for a fresh machine: `make site` and `make test`. Both make a virtual environment of their own.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
NODE := tests/browser/node_modules
SITE ?= site
COMPARISON ?= *
EXAMPLES ?= 10000
SEED ?= 0

.PHONY: site docs test test-slow coverage fuzz gates screenshots lint format hooks bench bench-gallery endurance models-table peers alive wheel clean

site: $(VENV)/.installed
	$(BIN)/filter-gallery build -c config.yaml

# The documentation, in docs/_build/html; the gallery that it shows is built first where there is none.
docs: $(VENV)/.installed-docs site/index.html
	$(BIN)/python -m sphinx -W --keep-going -j auto docs docs/_build/html

# One process a core: TensorFlow's own threads would only get into each other's way.
SHARED := TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
CORES := -n auto --maxprocesses 4 --dist worksteal

test: $(VENV)/.installed-dev $(if $(shell command -v npm),gates)
	$(SHARED) $(BIN)/python -m pytest $(CORES)

# Lighthouse by itself: it measures time.
test-slow: $(VENV)/.installed-dev $(if $(shell command -v npm),gates)
	$(BIN)/python -m pytest -m slow tests/browser/test_lighthouse.py
	$(SHARED) $(BIN)/python -m pytest -m slow $(CORES) --ignore=tests/browser/test_lighthouse.py

coverage: $(VENV)/.installed-dev $(if $(shell command -v npm),gates)
	$(SHARED) $(BIN)/python -m pytest $(CORES) --cov --cov-report=term

# Every command on projects that are changed at random: `make fuzz EXAMPLES=10000 SEED=1`, an hour or so.
fuzz: $(VENV)/.installed-dev
	$(SHARED) FILTER_GALLERY_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/properties --hypothesis-seed=$(SEED)

# axe, the W3C checker and Lighthouse, which judge the pages; the tests skip them where there is no npm.
gates: $(NODE)/.installed

# The pictures of docs/images, of a site that compares two models: `make screenshots SITE=folder COMPARISON=a~b`.
screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m tools.screenshots $(SITE) docs/images --comparison '$(COMPARISON)'

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# git runs the linters at every commit.
hooks: $(VENV)/.installed-dev
	$(BIN)/pre-commit install

# Shares of filters whose pictures are alive, on the bundled network and on the second one.
alive: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.alive demo tests/data/residual.keras

# Tables in benchmarks/README.md: about half an hour on two idle cores.
bench: $(VENV)/.installed-dev peers
	$(BIN)/python -m benchmarks

# The whole gallery of a network of 2,944 filters, for time and memory: as long again.
bench-gallery: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks gallery

# 50 builds killed at random moments, and 20 rounds of four at once: nothing is lost. A quarter of an hour.
endurance: $(VENV)/.installed-dev
	$(BIN)/python -m tools.endurance

# The table of docs/models.md: every network of keras.applications, random weights.
models-table: $(VENV)/.installed-dev
	$(BIN)/python -m tools.models_table

# tf-keras-vis and xplique, which `make bench` measures against, in an environment of their own.
peers: $(PEERS)/.installed

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) $(PEERS) $(NODE) build dist docs/_build .coverage* .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.installed-docs: pyproject.toml $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[docs]'
	touch $@

site/index.html: | $(VENV)/.installed
	$(BIN)/filter-gallery build -c config.yaml

$(NODE)/.installed: tests/browser/package-lock.json
	PUPPETEER_SKIP_DOWNLOAD=1 npm --prefix tests/browser ci --ignore-scripts --no-progress --loglevel=error
	touch $@

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --no-deps -r benchmarks/peers/requirements.txt
	touch $@
