# Two commands do everything: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# one thread a process: the tests and the benchmark run several processes, and results do not depend on it
export OPENBLAS_NUM_THREADS ?= 1
# what is run with the oldest libraries that the metadata allow
OLDEST := tests/panel tests/weights tests/models tests/impacts tests/scenario tests/mediation tests/heterogeneity tests/datasets \
    tests/attraction tests/imbalance

.PHONY: help demo test test-browser lint format docs dist oldest bench bench-smoke calibrate cities counties pictures qgis-plugin test-qgis clean

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
	@echo "make docs       these pages as a site, in docs/_build/html; warnings are errors, the notebook is run"
	@echo "make dist       wheel and sdist, checked, and the wheel tried in an empty environment"
	@echo "make oldest     tests with the oldest libraries that the metadata allow"
	@echo "make qgis-plugin  the plug-in of QGIS as a zip in dist/, checked against the rules of QGIS's repository"
	@echo "make test-qgis  install QGIS if it is absent (apt), test the plug-in in it, with and without its desktop;"
	@echo "                SUITE=trixie or forky for the newer QGIS of that Debian, in build/"
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

test-browser: $(VENV)/.test $(VENV)/.browser
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	SPATIALHEALTH_BROWSER=1 $(BIN)/python -m pytest tests/browser

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

docs: $(VENV)/.docs
	rm -rf docs/generated docs/auto_examples
	$(BIN)/python -m sphinx -b html -q -W --keep-going docs docs/_build/html
	$(BIN)/python -m pytest -q -p no:cacheprovider --nbmake docs/notebooks

dist: $(VENV)/.dist
	$(BIN)/python tools/check_dist.py

oldest: $(VENV)/.dist
	rm -rf .venv-oldest
	$(PYTHON) -m venv --without-pip .venv-oldest
	UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(BIN)/uv pip install -q --python .venv-oldest/bin/python --resolution lowest-direct '.[test]'
	.venv-oldest/bin/python -m pytest -q -n 2 -p no:cacheprovider -W ignore::DeprecationWarning $(OLDEST)

pictures: $(VENV)/.core
	$(BIN)/python docs/make_pictures.py

qgis-plugin: $(VENV)/.core
	$(BIN)/python tools/qgis_plugin.py build

test-qgis: $(VENV)/.test
	tools/test_qgis.sh $(BIN)/python $(SUITE)

clean:
	rm -rf $(VENV) build dist report *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
