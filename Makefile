# Two commands: `make run` opens the app, `make test` runs every test. Both set up all they need. `make check` looks
# without running; `make requirements` pins anew after a change of pyproject.toml.
VENV   := .venv
PYTHON := $(VENV)/bin/python
PORT   ?= 8501
INSTALL := $(PYTHON) -m pip install --disable-pip-version-check -q --require-hashes -r
# Three processes, since many a test waits for another; tests/conftest.py says which tests stay together.
PYTEST := $(PYTHON) -m pytest -n 3 --dist loadscope --no-loadscope-reorder
COMPILE  = $(VENV)/bin/uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
    --custom-compile-command "make requirements" $(UPGRADE)

.PHONY: run test quick check requirements lint types lint-js test-js audit bench bench-% screenshots clean browser

run: $(VENV)/.ready
	@exec $(VENV)/bin/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.ready-test browser lint
	$(PYTEST) $(ARGS)

# The quick lane: neither a real browser nor what takes long.
quick: $(VENV)/.ready-test
	$(PYTEST) -m "not browser and not slow" $(ARGS)

# What can be said without running the app: form, types, scripts, known holes in what is installed.
check: lint types lint-js audit

lint: $(VENV)/.ready-test
	$(VENV)/bin/ruff format --check -q . && $(VENV)/bin/ruff check -q .

types: $(VENV)/.ready-test
	$(PYTHON) -m pytest -q -p no:xdist tests/engine/test_types.py

# The widgets' scripts (pages/components). Nothing else needs Node; `make test` runs their tests where it is installed.
lint-js:
	@if ! command -v npm >/dev/null 2>&1; then echo "Node is not installed: the scripts were not linted."; \
	else { [ -d node_modules ] || npm ci --silent; } && npm run --silent lint; fi

test-js:
	@if ! command -v npm >/dev/null 2>&1; then echo "Node is not installed: the scripts were not tested."; \
	else npm run --silent test; fi

audit: $(VENV)/.ready-test
	@$(PYTHON) -m tests.support.audit requirements.txt requirements-test.txt

# The figures of benchmarks/RESULTS.md, a row a target: `make bench-head`. DATA is a folder with the sets named there.
DATA ?= ../shared/data
BENCH := head head-mobilenet again fine-tune embedding warm estimates scale cluster server results-page try-it quality sounds
bench: $(addprefix bench-,$(BENCH))
bench-%: export GRAFT_WEIGHTS_DIR ?= $(DATA)
bench-%: export TF_CPP_MIN_LOG_LEVEL := 3
$(addprefix bench-,$(BENCH) kills mnist scale-full): $(VENV)/.ready-test
bench-warm bench-server bench-results-page bench-try-it: browser

bench-head:
	$(PYTHON) -m benchmarks.against_keras --source $(DATA)/cifar10-sample.zip
bench-head-mobilenet:
	$(PYTHON) -m benchmarks.against_keras --source $(DATA)/cifar10-sample.zip --backbone mobilenet_v2_035 --size 224
bench-again:
	$(PYTHON) -m benchmarks.again --source $(DATA)/cifar10-sample.zip
bench-fine-tune:
	$(PYTHON) -m benchmarks.fine_tune --source $(DATA)/cifar10-sample.zip --backbone mobilenet_v2_035 --size 224
bench-embedding:
	$(PYTHON) -m benchmarks.embedding
bench-warm:
	$(PYTHON) -m benchmarks.warm
bench-estimates:
	$(PYTHON) -m benchmarks.estimates --data $(DATA)
bench-scale:
	$(PYTHON) -m benchmarks.scale --source $(DATA)/mnist.npz --pictures 1000,10000
bench-cluster:
	$(PYTHON) -m benchmarks.cluster
bench-server:
	$(PYTHON) -m benchmarks.server
bench-results-page:
	$(PYTHON) -m benchmarks.results_page --source $(DATA)/clothing.zip
bench-try-it:
	$(PYTHON) -m benchmarks.try_it
bench-exports:
	$(PYTHON) -m benchmarks.exports --runs $(RUNS)
bench-quality:
	$(PYTHON) -m benchmarks.quality --source $(DATA)/clothing.zip
bench-sounds:
	$(PYTHON) -m benchmarks.sounds --source $(DATA)/spoken-digits.zip
# These three take longer: 200 kills some hours; all of MNIST, a quarter of an hour fine-tuned, some minutes instant.
bench-kills:
	$(PYTHON) -m benchmarks.kills --tries $(or $(TRIES),200)
bench-mnist:
	$(PYTHON) -m benchmarks.mnist --source $(DATA)/mnist.npz
bench-scale-full:
	$(PYTHON) -m benchmarks.scale --source $(DATA)/mnist.npz

screenshots: $(VENV)/.ready-test browser
	PYTHONPATH=. $(PYTHON) docs/screenshots/make.py

browser: $(VENV)/.ready-test
	@sh tests/browser/install.sh $(PYTHON)

$(VENV)/.ready: requirements.txt
	@sh environment.sh $(VENV)
	$(INSTALL) requirements.txt
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.txt
	$(INSTALL) requirements-test.txt
	@touch $@

# After a change of pyproject.toml: every package it needs, pinned with its hashes, for Linux, macOS and Windows and
# Python 3.11 to 3.13 at once. What is pinned already stays; `make requirements UPGRADE=--upgrade` takes what is new.
requirements: $(VENV)/bin/uv
	$(COMPILE) -o requirements.txt pyproject.toml
	$(foreach extra,gpu openvino postgres test,$(COMPILE) -c requirements.txt --extra $(extra) -o requirements-$(extra).txt pyproject.toml &&) true

$(VENV)/bin/uv:
	@sh environment.sh $(VENV)
	$(PYTHON) -m pip install --disable-pip-version-check -q uv

clean:
	rm -rf $(VENV)
