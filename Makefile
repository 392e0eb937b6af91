# `make help` lists the targets. Only Python 3.11+ and make need to be installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported; most installed modules never are.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --no-input --disable-pip-version-check \
	--only-binary :all: --require-hashes --no-compile

# A stamp exists once all packages of its lock file are installed.
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
# Exists during an installation: an interrupted installation starts again from the beginning.
UNDER_WAY := $(VENV)/.installing

# Compiles the catalogs in locale/ that have changed, in a tenth of a second.
CATALOGS := $(BIN)/python -m callbacks.catalogs

# Without stored compiled files, every start would compile the libraries again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run check test packages nightly bench chaos abuse messages lint audit format lock clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@echo
	@echo "  Ports: PORT=8000 SIMULATOR_PORT=8010 SHOP_PORT=8020. Data: DATA_DIR=.data. All settings: .env.example"

run: $(RUN_STAMP) ## run everything on this machine: form, admin, a shop, simulator; Ctrl-C stops it
	@$(CATALOGS) compile
	@exec $(BIN)/python -m callbacks.localrun --stop-with-parent

check: $(DEV_STAMP) ## all checks, and the tests that need neither a browser nor the whole product
	@exec $(BIN)/python -m callbacks.localrun.servers bash .ci/test -m "not product"

# Packages from the distribution and from the registry are installed at the same time; the virtual
# environment is made first, since it may need a package from the distribution too. pytest runs
# last, so that its summary is the last line.
test: ## all checks and all tests, as in .ci/run
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash .ci/venv
	@$(MAKE) --silent --no-print-directory --jobs 2 packages $(DEV_STAMP)
	@exec $(BIN)/python -m callbacks.localrun.servers bash .ci/test

packages:
	@bash .ci/packages

nightly: $(DEV_STAMP) ## try far more input on the parsers, the engine and opening hours; takes hours
	@exec $(BIN)/python -m pytest tests/voicenter/test_any_bytes.py \
		tests/lifecycle/test_machine.py tests/opening_hours/test_ten_years.py --timeout 0 --hypothesis-profile=nightly

bench: $(DEV_STAMP) ## measure the speed against a floor: the least that a view, a task and a POST cost here
	@$(CATALOGS) compile
	@exec $(BIN)/python -m tests.benchmarks

chaos: $(DEV_STAMP) ## break web, workers, PostgreSQL, Redis and provider; nobody may be lost or called twice
	@$(CATALOGS) compile
	@exec $(BIN)/python -m tests.chaos $(CHAOS)

abuse: $(DEV_STAMP) ## attack the running product as strangers and robots do; the limits on calls must hold
	@$(CATALOGS) compile
	@exec $(BIN)/python -m tests.abuse $(ABUSE)

messages: $(DEV_STAMP) ## update locale/ from the sentences in the code; then translate (docs/languages.md)
	@$(CATALOGS) update

lint: $(DEV_STAMP) ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(DEV_STAMP) ## look up known vulnerabilities of the installed packages; needs the network
	@exec $(BIN)/python .ci/audit.py

format: $(DEV_STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment and caches; DATA_DIR stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment ----------------------------------------------------------------------

$(RUN_STAMP): requirements-run.lock
	@$(call install,requirements-run.lock)
	@touch $@

# The development lock has the same versions and more, so it includes what `make run` needs.
$(DEV_STAMP): requirements-dev.lock requirements-run.lock
	@$(call install,requirements-dev.lock)
	@touch $@ $(RUN_STAMP)

define install
	PYTHON="$(PYTHON)" VENV="$(VENV)" bash .ci/venv || exit 1; \
	touch $(UNDER_WAY); \
	echo "Installing $(1) into $(VENV) ..."; \
	$(PIP_INSTALL) -r $(1) || { \
		echo "$(1) could not be installed: see above. Is a package registry reachable, and is" \
			"there a ready-made package for this system (x86_64 or arm64 Linux, macOS)?" >&2; \
		exit 1; }; \
	rm -f $(UNDER_WAY)
endef

# --- the lock files -------------------------------------------------------------------------------

LOCK := $(VENV)/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate --python-version 3.11 pyproject.toml

lock: $(DEV_STAMP) ## resolve the dependencies again into the three lock files
	@test -x $(VENV)/lock/bin/uv || { $(BIN)/python -m venv $(VENV)/lock && \
		$(VENV)/lock/bin/python -m pip install --quiet --only-binary :all: uv; }
	$(LOCK) --upgrade --all-extras --output-file requirements-dev.lock
	$(LOCK) --extra simulator --extra embedded -c requirements-dev.lock --output-file requirements-run.lock
	$(LOCK) -c requirements-dev.lock --output-file requirements.lock
