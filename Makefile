# `make` lists what there is. BUDGET=full trains as the course's results were trained.
PYTHON ?= python3
BUDGET ?= quick
VENV   := .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
# Of TensorFlow's two packages one: with GPU=1, and ever after, the one for graphics cards.
GPU    := $(if $(wildcard $(VENV)/.ready-gpu),1)
KIND   := $(if $(filter-out 0,$(GPU)),gpu,cpu)
READY  := $(VENV)/.ready-$(KIND)
MAKERS := $(VENV)/.makers
MODULES ?= budget results classifier _classifier_file conv lenet plots
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
LOCKED := $(PIP) --require-hashes --only-binary :all: --requirement
GPU_LOCK := -e '/^tensorflow-cpu==/,/[^\\]$$/d' -e 's/^\(tensorflow==[^ ]*\) ;.*/\1 \\/'

.DEFAULT_GOAL := help
.PHONY: help setup makers lessons lab test test-more test-order notebooks results bench store site \
        slides student matrix mutants clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  BUDGET=quick|full applies to lessons (now: $(BUDGET)); PYTHON=... names the Python to use"

setup: $(READY)  ## make .venv with what lessons need (other targets do it when needed); GPU=1 for a graphics card

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Python %d.%d found; the course needs 3.11 to 3.13. Name one: make PYTHON=python3.12 ..." % v)'
	@echo "setting up $(VENV): $(if $(filter gpu,$(KIND)),2.9,2.3) GB, some minutes, once"
	@$(PYTHON) -m venv $(VENV) || { echo "venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@[ -f $@ ] || { rm -f $(VENV)/.ready*; $(BIN)/python -m pip uninstall -qq --yes tensorflow tensorflow-cpu; }
	@sed $(if $(filter gpu,$(KIND)),$(GPU_LOCK),-e '') constraints.txt >$(VENV)/constraints.txt
	@$(LOCKED) $(VENV)/constraints.txt
	@$(PIP) --no-build-isolation --editable .
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

$(MAKERS): $(READY) constraints-makers.txt
	@echo "adding what tests, site and studies need, 0.3 GB"
	@$(LOCKED) constraints-makers.txt
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

makers: $(MAKERS)  ## add what tests, site and studies need (the targets that need it do it)

lessons: $(MAKERS)  ## run every lesson, print a table, leave executed notebooks in build/; build the site
	@CNNCOURSE_BUDGET=$(BUDGET) exec $(BIN)/python site/build.py --lessons

lab: $(READY)  ## open JupyterLab on your copies of the lessons, in my_lessons/
	@exec $(BIN)/python -m cnncourse lab

test: $(MAKERS)  ## the whole suite: package, exercises, every notebook
	@CNNCOURSE_BUDGET=quick exec $(BIN)/python -m pytest -n 2

test-more: $(MAKERS)  ## beyond it: solved lessons without a network, cells run twice, changed answers
	@CNNCOURSE_BUDGET=quick exec $(BIN)/python -m pytest -n 2 -m more

test-order: $(MAKERS)  ## what takes long: each lesson again from each of its headings on
	@exec $(BIN)/python -m pytest -m long tests

notebooks: $(READY)  ## bring notebooks/*.ipynb up to their .md, keeping outputs, and solve them
	@$(BIN)/jupytext --quiet --to ipynb --update notebooks/[0-9][0-9]_*.md notebooks/further/*.md
	@$(BIN)/python -m tools.handout solutions

results: $(MAKERS)  ## run the studies (hours; goes on where it stopped), or CLUSTER=tls://host:8786 does
	@CNNCOURSE_BUDGET=full exec $(BIN)/python -m tools.study $(if $(CLUSTER),--cluster $(CLUSTER))

bench: $(MAKERS)  ## measure costs: recipes beside PyTorch, trainings, growth, waits (goes on where it stopped)
	@CNNCOURSE_BUDGET=full exec $(BIN)/python -m benchmarks

store: $(READY)  ## run every lesson in full on real data; keep outputs in notebooks/, numbers in results/
	@CNNCOURSE_BUDGET=full $(BIN)/python -m cnncourse run --store
	@CNNCOURSE_BUDGET=full exec $(BIN)/python -m cnncourse run --store two_workers

site: $(MAKERS)  ## render the course to build/site, from the stored outputs
	@$(BIN)/python site/build.py

slides: $(MAKERS)  ## a deck of each lesson for a class, in build/site/slides (the site with them)
	@$(BIN)/python site/build.py --slides

student: $(READY)  ## the zip for students: lessons without outputs and solutions, ready to run
	@$(BIN)/python -m tools.handout student

matrix: $(READY)  ## the quick suite with the lowest and the newest versions admitted (uv, 6 GB, an hour)
	@exec $(BIN)/python -m tools.matrix

mutants: $(MAKERS)  ## change modules in one place at a time and see which tests notice: MODULES="results conv"
	@exec $(BIN)/python -m tools.mutants $(MODULES)

clean:  ## remove what was built (not .venv, nor runs of studies and benchmarks)
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name studies ! -name benchmarks -exec rm -rf {} +; fi
	rm -rf dist .pytest_cache .ruff_cache .hypothesis __pycache__
	find cnncourse tests notebooks site studies benchmarks tools -name __pycache__ -prune -exec rm -rf {} +
