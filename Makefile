# The two commands of the README are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests start a hundred processes: without bytecode each would compile the sources again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test quick check format lint types contracts migration manifests bench torture fixture lock clean

# The bot alone, from the lock file.
$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The bot and what its makers need, from the development lock file.
$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.installed ## The whole bot with the playground, no account needed (HEADLESS=1: a month in the terminal)
	$(BIN)/cercle demo $(if $(HEADLESS),--headless)

test: $(VENV)/.installed-dev ## All the tests
	$(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST)

quick: $(VENV)/.installed-dev lint types ## The everyday check, in about a minute: what tests/slow.py does not leave out
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not slow" $(PYTEST)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev
	$(BIN)/lint-imports --no-cache

migration: $(VENV)/.installed-dev ## The next migration, from storage/tables.py (NAME=add_something)
	$(BIN)/python -m tests.migration '$(NAME)'

manifests: $(VENV)/.installed-dev ## manifests/ again, from the code
	$(BIN)/python -m manifests.build

check: lint types contracts test ## Everything that has to be green

bench: $(VENV)/.installed-dev ## Ours against the others, as ratios; not part of the tests
	$(BIN)/python -m tests.bench

torture: $(VENV)/.installed-dev ## The proof by attack, about 40 minutes (SECONDS=60: a short run of every kind; SEED: repeats)
	SECONDS=$(SECONDS) SEED=$(SEED) $(BIN)/python -m tests.torture

fixture: $(VENV)/.installed-dev ## What a version leaves behind, for its successors to upgrade (VERSION=0.2.0)
	$(BIN)/python -m tests.versions $(VERSION)

lock: ## Pin again (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info
