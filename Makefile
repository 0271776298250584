# The site in six words: run, test, check, reset, lock, words; and two for the patient: simulate, bench.
PORT ?= 8000
STRIPE_PORT ?= 12111
PYTHON ?= python3
VENV = .venv
PY = $(VENV)/bin/python

.PHONY: run reset test check simulate chaos fuzz bench weight lighthouse lock update licences sbom words clean help

help:
	@echo "make run    the site with demo content on http://localhost:$(PORT)/  (PORT=, STRIPE_PORT=)"
	@echo "make test   every test: SQLite, PostgreSQL, and a real browser where there is one"
	@echo "make check  lint, types, import contracts, missing migrations, check --deploy"
	@echo "make simulate  a year of 1,000 readers while everything fails now and then (ARGS=\"--readers 100 --days 90\")"
	@echo "make chaos  break what the site stands on, under load, and look what is lost (ARGS=\"--only postgres\")"
	@echo "make fuzz   10,000 requests that nobody means, to every address (ARGS=2000, FUZZ_SEED=7 to repeat a run)"
	@echo "make leaks  every known way round a wall, at every address, as everybody who may not read"
	@echo "make weight  what a first visit to each page transfers; fails when a budget is passed"
	@echo "make lighthouse  Google's Lighthouse on a phone (needs Node); fails below 99, 100, 100, 100"
	@echo "make bench  how fast everything is beside its limit; SIZE=small for a quick look, SIZE=large for a million articles"
	@echo "make reset  forget the demo database, pictures and mail, so that make run starts over"
	@echo "make words  collect and compile what is said to readers in French, Dutch and German"
	@echo "make lock   resolve requirements/*.in into hash-locked requirements/*.txt"
	@echo "make update  the same with the newest versions, installed; prints what is different"
	@echo "make licences  the licence of every package and file that is not ours; fails at one nobody has agreed to"
	@echo "make sbom   what the site is made of, as CycloneDX JSON (ARGS=--all with the tools of the tests)"

run: $(VENV)/.base
	@PORT=$(PORT) STRIPE_PORT=$(STRIPE_PORT) $(PY) -m newsroom.run

test: $(VENV)/.test
	@$(PY) -m tests.run $(ARGS)

check: $(VENV)/.test
	@$(PY) -m tests.check

simulate: $(VENV)/.test
	@$(PY) -m tests.simulation $(ARGS)

chaos: $(VENV)/.test
	@$(PY) -m chaos $(ARGS)

fuzz: $(VENV)/.test
	@LOG_LEVEL=ERROR FUZZ_REQUESTS=$(or $(ARGS),10000) $(PY) -m pytest -q -n 2 --show-capture=no tests/security/test_fuzzing.py

leaks: $(VENV)/.test
	@LOG_LEVEL=ERROR LEAKS=all $(PY) -m pytest -q -n 2 --show-capture=no tests/security/test_leaks.py

bench: $(VENV)/.test
	@$(PY) -m bench $(if $(SIZE),--size $(SIZE)) $(ARGS)

weight: $(VENV)/.test
	@$(PY) -m bench.weight

lighthouse: $(VENV)/.test
	@$(PY) -m bench.lighthouse $(ARGS)

reset:
	rm -rf var

lock: $(VENV)/.test
	@$(PY) -m tests.supply_chain.update

update: $(VENV)/.test
	@$(PY) -m tests.supply_chain.update --upgrade

licences: $(VENV)/.test
	@$(PY) -m tests.supply_chain.licences

sbom: $(VENV)/.test
	@$(PY) -m tests.supply_chain.sbom $(ARGS)

words: $(VENV)/.test
	@$(PY) -m tests.words

clean: reset
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (found: $$($(PYTHON) --version))"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.base: requirements/base.txt | $(VENV)/bin/python
	@echo "Installing what the site runs on (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.base
	@echo "Installing what the tests need (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@
