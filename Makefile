# `make` lists what there is. BUDGET=full trains as the course's results were trained.
PYTHON ?= python3
BUDGET ?= quick
VENV   := .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup lessons lab test notebooks results store site student clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  BUDGET=quick|full applies to lessons (now: $(BUDGET)); PYTHON=... names the Python to use"

setup: $(READY)  ## make .venv with the pinned versions (the other targets do it when needed)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Python %d.%d found; the course needs 3.11 to 3.13. Name one: make PYTHON=python3.12 ..." % v)'
	@echo "setting up $(VENV): almost 3 GB, some minutes, once"
	@$(PYTHON) -m venv $(VENV) || { echo "venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[site,test]'
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $(READY)

lessons: $(READY)  ## run every lesson, print a table, leave executed notebooks in build/; build the site
	@CNNCOURSE_BUDGET=$(BUDGET) $(BIN)/python -m cnncourse run; ran=$$?; \
	$(BIN)/python site/build.py && exit $$ran

lab: $(READY)  ## open JupyterLab on the lessons
	@$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

test: $(READY)  ## the whole suite: package, exercises, every notebook
	@CNNCOURSE_BUDGET=quick $(BIN)/python -m pytest -n 2

notebooks: $(READY)  ## bring notebooks/*.ipynb up to their .md, keeping outputs, and solve them
	@$(BIN)/jupytext --quiet --to ipynb --update notebooks/[0-9][0-9]_*.md notebooks/further/*.md
	@$(BIN)/python -m tools.handout solutions

results: $(READY)  ## run the studies (hours; goes on where it stopped) and write results/
	@set -e; for study in studies/[0-9][0-9]_*.py; do echo "$$study"; CNNCOURSE_BUDGET=full CNNCOURSE_STORE=1 $(BIN)/python $$study; done

store: $(READY)  ## run every lesson in full on real data; keep outputs in notebooks/, numbers in results/
	@CNNCOURSE_BUDGET=full $(BIN)/python -m cnncourse run --store
	@CNNCOURSE_BUDGET=full $(BIN)/python -m cnncourse run --store two_workers

site: $(READY)  ## render the course to build/site, from the stored outputs
	@$(BIN)/python site/build.py

student: $(READY)  ## the zip for students: lessons without outputs and solutions, ready to run
	@$(BIN)/python -m tools.handout student

clean:  ## remove what was built (not .venv, nor the runs of studies that go on)
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name studies -exec rm -rf {} +; fi
	rm -rf dist .pytest_cache .ruff_cache .hypothesis __pycache__
	find cnncourse tests notebooks site studies tools -name __pycache__ -prune -exec rm -rf {} +
