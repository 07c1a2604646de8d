# Two commands: `make run` opens the app, `make test` runs every test. Both set up all they need.
VENV   := .venv
PYTHON := $(VENV)/bin/python
PORT   ?= 8501

.PHONY: run test lint bench screenshots tree clean browser

run: $(VENV)/.ready
	@exec $(VENV)/bin/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.ready-test browser lint
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.ready-test
	$(VENV)/bin/ruff format --check -q . && $(VENV)/bin/ruff check -q .

# The figures of benchmarks/RESULTS.md. DATA is a folder with the sets named there.
DATA ?= ../shared/data
bench: $(VENV)/.ready-test browser
	$(PYTHON) -m benchmarks.server
	$(PYTHON) -m benchmarks.try_it
	$(PYTHON) -m benchmarks.quality --source $(DATA)/clothing.zip
	$(PYTHON) -m benchmarks.against_keras --source $(DATA)/cifar10-sample.zip

screenshots: $(VENV)/.ready-test browser
	PYTHONPATH=. $(PYTHON) docs/screenshots/make.py

# The tree of files in README.md, from the docstrings.
tree:
	python3 docs/tree.py

browser: $(VENV)/.ready-test
	@sh tests/browser/install.sh $(PYTHON)

$(VENV)/.ready: requirements.txt
	@sh environment.sh $(VENV)
	$(PYTHON) -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.txt
	$(PYTHON) -m pip install --disable-pip-version-check -q -r requirements-test.txt
	@touch $@

clean:
	rm -rf $(VENV)
