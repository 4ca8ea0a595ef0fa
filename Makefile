# The two commands of the README are `make demo` and `make test`; both need only Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false
# Frames of tests are small: threads of one process would only get in the way of the other. Operations run with all.
test test-fast: export POLARS_MAX_THREADS := 1
# Each of the many processes that these commands start would otherwise compile anew all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup check fix test test-fast test-operations demo docs country-names migration bench clean

help: ## Show what each command does.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

# The stamp is rewritten when the lock changes, so `setup` costs nothing the second time.
$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.installed ## Make the virtual environment from requirements.lock.

check: setup ## Lint, check types and import rules.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup ## Mend what the linters can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup ## Run every test but those of operations.
	$(BIN)/python -m pytest --ignore tests/operations --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-fast: setup ## Run the tests that start no server and no process, with few examples a law: a minute.
	$(BIN)/python -m pytest --ignore tests/operations -m "not slow" --numprocesses 2 --dist worksteal --hypothesis-profile quick

test-operations: setup ## Run schedules, signals, kills and lost files against real servers; LONG=1: as often as promised.
	BANTAM_LONG_TESTS=$(LONG) $(BIN)/python -m pytest tests/operations --numprocesses 3 --dist loadfile --no-loadscope-reorder

demo: setup ## Refresh an embedded warehouse from a local imitation of HubSpot and Salesforce, twice, a week apart.
	$(BIN)/bantam demo

docs: setup ## Write docs/files.md from the declarations.
	$(BIN)/python -m flows.terminal.files_reference

country-names: setup ## Write the table of names of countries anew, after an update of babel or pycountry.
	$(BIN)/python -m transforms.values.country_names

migration: setup ## Write the next migration from the declared columns; WHY="what it is for".
	$(BIN)/python -m warehouse.migrations.generate "$(WHY)"
	$(BIN)/ruff format --quiet warehouse/migrations/versions

bench: setup ## Measure speed and memory as ratios in one run.
	$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment and all local state.
	rm -rf $(VENV) .bantam build *.egg-info
