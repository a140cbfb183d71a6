# Every target sets up .venv by itself, once; after that all of them work offline.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

SYSTEM_PACKAGES := bubblewrap libseccomp2 chromium slurm-wlm munge

.PHONY: demo test test-quick check lint types layers bench system-deps clean

demo: $(STAMP)        ## grade a few sample submissions end to end
	$(BIN)/grader demo

test: $(STAMP)        ## run every test
	$(BIN)/python -m pytest tests -n auto --dist worksteal

test-quick: $(STAMP)  ## run the tests of the daily loop: two minutes on two cores
	$(BIN)/python -m pytest tests -n auto --dist worksteal -m "not slow" -q

check: lint types layers  ## prove the grader; compare what is generated with its source; lint, types, layers
	$(BIN)/grader update --check
	$(BIN)/grader check

lint: $(STAMP)        ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)       ## the engine is typed, strictly
	$(BIN)/mypy

layers: $(STAMP)      ## imports go one way, and parts are discovered
	$(BIN)/lint-imports

bench: $(STAMP)       ## measure what grading costs, and write docs/benchmarks.md
	$(BIN)/python benchmarks/unit_grading.py
	$(BIN)/python benchmarks/warm_and_cold.py
	$(BIN)/python benchmarks/sampling.py
	$(BIN)/python -m benchmarks.class_report
	$(BIN)/python -m benchmarks.other_graders
	$(BIN)/python -m benchmarks.page

system-deps:          ## install what the tier `sandbox` needs (Debian, Ubuntu; as root). Students need none of it
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(SYSTEM_PACKAGES)

clean:                ## remove the environment
	rm -rf $(VENV)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is too old, you need Python 3.11 or later: make PYTHON=python3.12 ..."; exit 1; }
	@echo "setting up $(VENV): PyTorch is large, so the first time takes minutes"
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "make: $(PYTHON) needs its venv module (Debian: apt install python3-venv)"; exit 1; }
	@command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
	@uv=$$(command -v uv || echo $(BIN)/uv); export VIRTUAL_ENV=$(VENV); \
		$$uv pip install --quiet --requirement requirements.txt && \
		$$uv pip install --quiet --no-deps --editable .
	@touch $(STAMP)
