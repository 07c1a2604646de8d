# Two commands: `make run` opens the app, `make test` runs every test. Both set up all they need.
VENV   := .venv
PYTHON := $(VENV)/bin/python
PORT   ?= 8501

.PHONY: run test lint screenshots clean browser

run: $(VENV)/.ready
	@exec $(VENV)/bin/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.ready-test browser lint
	$(PYTHON) -m pytest $(ARGS)

lint: $(VENV)/.ready-test
	$(VENV)/bin/ruff format --check -q . && $(VENV)/bin/ruff check -q .

screenshots: $(VENV)/.ready-test browser
	PYTHONPATH=. $(PYTHON) docs/screenshots/make.py

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
