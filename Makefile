# Two commands do everything: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# one thread a process: the tests and the benchmark run several processes, and results do not depend on it
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test test-browser lint format docs bench bench-smoke calibrate cities counties pictures clean

help:
	@echo "make demo       install into $(VENV), run the main job on the embedded data, write report/"
	@echo "make test       install what the tests need, run them"
	@echo "make test-browser  the report page in headless Chromium, installed if absent"
	@echo "make lint       ruff, mypy, import-linter"
	@echo "make cities     the four questions on the simulated panel of Chinese cities"
	@echo "make counties   the studies of the US counties (needs the network, or SPATIALHEALTH_DATA)"
	@echo "make calibrate  Monte-Carlo check of bias and coverage (hours; one of them: python -m tests.calibration_robust)"
	@echo "make bench      speed and memory beside peers, written to docs/benchmarks.md (hours; ONLY=lattice,panels for some)"
	@echo "make bench-smoke  the same scripts on small sizes: correctness only, in a minute"
	@echo "make pictures   the pictures of the README and the docs"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  (echo "Python 3.11 or newer is needed; make PYTHON=/path/to/python3.11 demo" && exit 1)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# one stamp an extra, renewed when the project's metadata change
$(VENV)/.core: $(VENV)/bin/python pyproject.toml setup.cfg
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.%: $(VENV)/.core
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

demo: $(VENV)/.core
	$(BIN)/spatialhealth demo --out report

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 tests
	$(BIN)/python -m pytest -n 2 --doctest-modules spatialhealth

test-browser: $(VENV)/.test $(VENV)/.browser tests/browser/node_modules/axe-core/axe.min.js
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	SPATIALHEALTH_BROWSER=1 $(BIN)/python -m pytest tests/browser

# axe-core as its lock file pins it
tests/browser/node_modules/axe-core/axe.min.js: tests/browser/package-lock.json
	@command -v npm >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends npm)
	npm ci --prefix tests/browser --no-audit --no-fund --silent
	@touch $@

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

cities: $(VENV)/.core
	$(BIN)/spatialhealth study examples/china_cities/study.toml --out report/china_cities

counties: $(VENV)/.core
	$(BIN)/spatialhealth study examples/us_counties/study.toml --out report/us_counties
	$(BIN)/spatialhealth study examples/us_counties/panel.toml --out report/us_counties_panel
	$(BIN)/spatialhealth study examples/us_counties/hospital.toml --out report/us_counties_hospital

calibrate: $(VENV)/.test
	for study in tests/calibration*.py; do $(BIN)/python -m tests.$$(basename $$study .py) || exit 1; done

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.run $(if $(ONLY),--only $(ONLY))

bench-smoke: $(VENV)/.bench
	$(BIN)/python -m benchmarks.run --smoke $(if $(ONLY),--only $(ONLY))

pictures: $(VENV)/.core
	$(BIN)/python docs/make_pictures.py

clean:
	rm -rf $(VENV) tests/browser/node_modules build dist report *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
