# Two commands for newcomers: `make demo` and `make test`. PYTHON picks the Python, 3.11 or 3.12.

PYTHON ?= $(shell for name in python3.11 python3.12 python3; do $$name -c "" 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
PATHS := config governance lineage unlearning requests reports vestige examples bench tests manage.py

.DEFAULT_GOAL := help
.PHONY: help demo up test screenshots lint format lock setup browser clean

help:
	@echo "make demo    set up, run one deletion request from intake to signed report, serve it"
	@echo "make up      serve what is there"
	@echo "make test    set up and run the whole test suite"
	@echo "make screenshots  pictures of every page into .vestige/screenshots"
	@echo "make lint    every static check"
	@echo "make format  format the code and the templates"
	@echo "make lock    resolve the dependencies anew"
	@echo "make clean   remove the environment and the state of the demo"

setup:
	@$(PYTHON) config/bootstrap.py

demo: setup
	@$(BIN)/vestige demo

up: setup
	@$(BIN)/vestige up

browser: setup
	@$(BIN)/python tests/browser_setup.py

test: setup browser
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Pictures of every page, narrow and wide, light and dark, in .vestige/screenshots.
screenshots: setup browser
	$(BIN)/pytest -q tests/pages/take_screenshots.py

lint: setup
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --quiet
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING

format: setup
	$(BIN)/ruff check --fix-only $(PATHS)
	$(BIN)/ruff format $(PATHS)
	$(BIN)/djlint templates --reformat --quiet

# torch and what only its CUDA builds draw stay out of the lock (docs/decisions/0008).
lock:
	@$(PYTHON) config/bootstrap.py lock

clean:
	@if [ -x $(BIN)/vestige ]; then $(BIN)/vestige clean --yes; fi
	rm -rf .venv .vestige
