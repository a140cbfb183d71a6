# Every target sets up .venv by itself, once; after that all of them work offline.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench lint clean

demo: $(STAMP)   ## grade a few sample submissions end to end
	$(BIN)/grader demo

test: $(STAMP)   ## run every test
	$(BIN)/python -m pytest tests

check: $(STAMP)  ## prove the grader; compare what is generated with its source; lint
	$(BIN)/grader update --check
	$(BIN)/grader check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(STAMP)  ## measure the figures in the README
	$(BIN)/python benchmarks/unit_grading.py

clean:
	rm -rf $(VENV)

$(STAMP): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) needs its venv module (Debian: apt install python3-venv)"; exit 1; }
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
	uv=$$(command -v uv || echo $(BIN)/uv); \
	VIRTUAL_ENV=$(VENV) $$uv pip install --quiet --requirement requirements.txt && \
	VIRTUAL_ENV=$(VENV) $$uv pip install --quiet --no-deps --editable .
	touch $(STAMP)
