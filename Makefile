# The way in. `make` lists the targets; each of them installs what it needs into .venv, once.
# Needed on the machine: Python 3.11 or newer, and make.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
# What is compiled is kept, whatever the machine says: the tests start many processes, and pytest rewrites each file of tests.
export PYTHONDONTWRITEBYTECODE :=

# The first Python that is new enough. Choose another with `make PYTHON=/path/to/python3 ...`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOCK_TOOL := .cache/lock
.PHONY: help
help: ## list the targets
	@echo "fhirpath-spine: treatment pathways of spinal tumours as a CDS Hooks service. Invented patients only."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(INSTALLED) ## show what the service says about invented patients, then keep serving (Ctrl-C ends it)
	@$(BIN)/fhirpath-spine demo

.PHONY: demo-once
demo-once: $(INSTALLED) ## show the same and end
	@$(BIN)/fhirpath-spine demo --once

.PHONY: demo-prod
demo-prod: $(INSTALLED) ## show production on this machine: signed calls, what is refused, and feedback
	@$(BIN)/python sandbox/demo_prod.py

# A worker that has nothing left takes from another, so that no core waits for the longest file.
.PHONY: test
test: $(INSTALLED) ## run the tests, on every core
	$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile=short

# Style, then the core, what comes in and goes out, and the plan of the house: what needs no process, port or profile set of its own.
CORE := tests/fhirpath tests/pathway tests/exchange tests/service $(addprefix tests/house/test_,faces.py layers.py source.py)
.PHONY: check
check: $(INSTALLED) ## a first answer in half a minute: style, and the tests of the core
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/python -m pytest -q -n auto --dist worksteal --hypothesis-profile=quick $(CORE)

.PHONY: lint
lint: $(INSTALLED) ## check style, types, layers and profiles
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/fhirpath-spine lint

.PHONY: mutants
mutants: $(INSTALLED) ## make every likely mistake in the profiles and print which ones no case notices (minutes)
	$(BIN)/fhirpath-spine test profiles --mutate

.PHONY: hapi
hapi: $(INSTALLED) ## start a real FHIR server (HAPI) with invented patients (needs Java 17 and Maven; Ctrl-C ends it)
	@$(BIN)/python sandbox/local_hapi.py

.PHONY: spark
spark: $(INSTALLED) ## install PySpark into .venv, for the population engine on Spark (needs Java 17; 450 MB)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements.spark.lock

.PHONY: conformance
conformance: $(INSTALLED) ## run the official FHIRPath suite and print the score (needs Maven)
	$(BIN)/python tests/fhirpath/conformance.py

.PHONY: bench
bench: $(INSTALLED) ## measure against other FHIRPath stacks, the whole call, and fetching from a FHIR server (about five minutes)
	$(BIN)/python -m benchmarks

CALLS := 100000
.PHONY: soak
soak: $(INSTALLED) ## make 100,000 calls of production and print how its memory grew (CALLS=2000 for a first look)
	SPINE_TEST_CALLS=$(CALLS) $(BIN)/python -m pytest -q -s -m thorough -k memory_does_not_grow tests/entrypoints/test_whole_production.py

.PHONY: lock
lock: ## write requirements.lock anew from pyproject.toml (RELOCK=--upgrade takes newer releases)
	@$(MAKE) --no-print-directory python-is-new-enough
	rm -rf $(LOCK_TOOL)
	$(PYTHON) -m venv $(LOCK_TOOL)
	$(LOCK_TOOL)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.uv.lock
	$(LOCK_TOOL)/bin/uv pip compile -q $(RELOCK) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-strip-extras --group dev pyproject.toml -o requirements.lock
	$(LOCK_TOOL)/bin/uv pip compile -q $(RELOCK) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-strip-extras --group spark -c requirements.lock -o requirements.spark.lock
	$(LOCK_TOOL)/bin/uv pip compile -q $(RELOCK) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-strip-extras --extra postgresql -c requirements.lock pyproject.toml -o requirements.production.lock

.PHONY: clean
clean: ## remove what the targets made: .venv, caches, builds
	rm -rf $(VENV) .cache/lock build dist sandbox/hapi/target .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: python-is-new-enough
python-is-new-enough:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "fhirpath-spine needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>/dev/null || echo missing)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }

# Every file that is installed is named in the lock with its hash, the build backend too: so the package itself is built
# without isolation. The lock is the whole set, so pip resolves nothing (a pip below 23.3 does not see that coverage[toml]
# is bound by the line of coverage, and would refuse): `pip check` says afterwards whether a package is missing.
$(INSTALLED): requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory python-is-new-enough MAKECMDGOALS="$(MAKECMDGOALS)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV); this takes a minute, once."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --disable-pip-version-check || { \
		echo "requirements.lock lacks what a package needs; mend it with: make lock" >&2; exit 1; }
	@touch $@
