# `make demo` and `make test` are all that a fresh machine needs: Debian with Python 3.11 to 3.13 and make.
.POSIX:
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= ../shared/corpus

.PHONY: help setup screenshots demo test test-browser lint format wheel-check fixtures bench docs deploy-check fuzz faults \
	audit lock clean

help:
	@echo "make demo         set up, then check and pack fixtures/shots; the result is in out/shots-verified"
	@echo "make test         set up, then run the tests"
	@echo "make test-browser the page and the reports in Chromium, some minutes"
	@echo "make lint         ruff and mypy"
	@echo "make wheel-check  build the wheel, install it in an empty environment, run the demo there"
	@echo "make deploy-check  the cluster image's steps in an empty environment, and a batch on two dask workers"
	@echo "make fuzz         ten thousand broken files, some minutes"
	@echo "make faults       the command killed at 50 random moments, some minutes"
	@echo "make audit        known holes in the locked packages, and everybody's licences"
	@echo "make lock         write .ci/requirements.lock anew from pyproject.toml"
	@echo "make fixtures     build the fixtures again (Blender needed: pip install bpy)"
	@echo "make bench        all benchmarks, CORPUS=folder"
	@echo "make screenshots  the pictures in docs/images (Chromium needed)"
	@echo "make docs         docs/messages.md and the help text in README.md"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml .ci/requirements.lock .ci/setup-system.sh
	sh .ci/setup-system.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@code=0; $(BIN)/verify-media fixtures/shots --out out/shots-verified || code=$$?; \
	echo "exit code $$code; open out/shots-verified/report.html"; test $$code -le 1

test: setup
	$(BIN)/python -W error -c "import verify_media"
	$(BIN)/pytest -n 2 --ignore tests/web/test_browser.py

test-browser: setup
	$(BIN)/pytest tests/web/test_browser.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

wheel-check: setup
	sh .ci/wheel-check.sh $(BIN)/python

deploy-check: setup
	sh deploy/check.sh $(BIN)/python

fuzz: setup
	$(BIN)/python tests/fuzz/run.py --cases 10000
	HYPOTHESIS_PROFILE=many $(BIN)/pytest tests/fuzz

faults: setup
	$(BIN)/python bench/faults.py

audit: setup
	$(BIN)/python .ci/audit.py

lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	sh .ci/lock.sh build/lock/bin/uv

fixtures: setup
	$(BIN)/python fixtures/build.py

bench: setup
	for file in bench/*.py; do $(BIN)/python $$file $(CORPUS) || exit 1; done

screenshots: demo
	$(BIN)/python docs/screenshots.py out/shots-verified/report.html fixtures/shots docs/images

docs: setup
	$(BIN)/python -m verify_media.messages > docs/messages.md
	$(BIN)/python .ci/readme_help.py

clean:
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache
