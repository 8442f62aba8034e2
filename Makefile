# What users and checks call; the work itself is in scripts/.
.PHONY: install run test clients bench bench-compare soak

# The interpreter of .venv: `make install PYTHON=python3.12` chooses another.
PYTHON ?= $(shell scripts/find-python)

PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
DONE := .venv/.done

install: $(DONE)/package

run: install
	.venv/bin/grantway serve --demo

test: install $(DONE)/requirements-test
	scripts/fetch-test-tools
	scripts/check

# Only the clients that others wrote and the tests drive (tests/clients): Node's and Python's.
clients: install
	scripts/fetch-test-tools python node

bench: install $(DONE)/requirements-test
	scripts/fetch-test-tools postgres node
	@if [ -x bench/run ]; then bench/run; else echo "there is no bench/run" >&2; exit 1; fi

# CPU time of a request, this tree against another commit: make bench-compare BASE=main~5
bench-compare: install $(DONE)/requirements-test
	@test -n "$(BASE)" || { echo "say which commit: make bench-compare BASE=main~5" >&2; exit 1; }
	.venv/bin/python -m bench.compare "$(BASE)"

# Load, crash, restart and check, ROUNDS times on one ENGINE (sqlite or postgres): docs/operations.md.
ROUNDS ?= 1000
ENGINE ?= sqlite

soak: install $(DONE)/requirements-test
	scripts/fetch-test-tools postgres
	.venv/bin/python -m bench.soak --rounds "$(ROUNDS)" --engine "$(ENGINE)" $(if $(SEED),--seed "$(SEED)")

# Empty files that say what is installed, so that nothing is installed twice.
$(DONE)/venv:
	@test -n "$(PYTHON)" || { echo "Grantway needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	@mkdir -p $(DONE) && touch $@

$(DONE)/requirements: requirements.txt $(DONE)/venv
	$(PIP) install --require-hashes -r requirements.txt
	@touch $@

# The build backend is checked by its hash too, but pip uses it in a folder of its own and leaves it out of .venv.
$(DONE)/package: pyproject.toml requirements-build.txt src/grantway/__init__.py $(DONE)/requirements
	rm -rf .venv/build
	$(PIP) download --require-hashes --no-deps --dest .venv/build -r requirements-build.txt
	$(PIP) install --no-deps --no-index --find-links .venv/build --editable .
	@touch $@

$(DONE)/requirements-test: requirements-test.txt $(DONE)/requirements
	$(PIP) install --require-hashes -r requirements-test.txt
	@touch $@
