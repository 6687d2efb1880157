# Everything a newcomer types: make demo, make test. Both make their own virtual environment.
PYTHON ?= python3
VENV ?= .venv
VENV351 ?= .venv-onmt351
# the oldest that has what the plugin needs is 4.53.3; see docs/transformers.md
TRANSFORMERS ?= 5.23.0
VENVHF ?= .venv-transformers-$(TRANSFORMERS)
VENVPYTHON ?= .venv-$(notdir $(PYTHON))
VENVRELEASE ?= .venv-release
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# threads that spin while they wait make training ten times slower as soon as another process wants a core
export OMP_WAIT_POLICY ?= PASSIVE
PIP_FLAGS ?= --disable-pip-version-check --quiet
# one file, one process, in the order of tests/conftest.py
DIST := --dist loadfile --no-loadscope-reorder
# these need a compiler when no wheel fits the machine; better one clear line than its log
WHEELS := torch,ctranslate2,pyonmttok,sentencepiece,numpy,matplotlib,scikit-learn,scipy,onnx,onnxruntime,playwright,fasttext-wheel,spacy,pyahocorasick

.PHONY: help demo test quick lint test-onmt351 test-transformers test-python dist test-release docs tutorial venv clean
help:
	@echo "make demo          set up .venv, then train, translate, score and draw on the embedded corpus"
	@echo "make test          set up .venv, then run the whole test suite"
	@echo "make quick         set up .venv, then the tests that are soon done: nothing drawn or trained, no further process"
	@echo "make lint          set up .venv, then check style (ruff) and types (mypy); needs Python 3.10"
	@echo "make test-onmt351  the tests that touch OpenNMT-py, with OpenNMT-py 3.5.1 in a second environment"
	@echo "make test-transformers  the tests of Transformers and torch.nn in a further environment; TRANSFORMERS=4.53.3 for another version"
	@echo "make test-python   the tests that are soon done, of the built wheel in an environment of its own for PYTHON=python3.13; without OpenNMT-py from 3.13 on"
	@echo "make docs          set up .venv, then build these pages and the reference into runs/docs; needs Python 3.11"
	@echo "make tutorial      set up .venv, then run docs/tutorial.ipynb and keep its outputs; three minutes"
	@echo "make dist          build the source distribution and the wheel into dist/, and check them and CITATION.cff"
	@echo "make test-release  make dist, then install each of the two into an empty environment and train with it; needs a package index"
	@echo "make clean         remove all environments and runs/"

demo: $(VENV)/installed
	OMP_NUM_THREADS=$(CORES) $(VENV)/bin/python -m scripts.demo

test: $(VENV)/installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(CORES) $(DIST) $(PYTEST_FLAGS)

test-onmt351: $(VENV351)/installed
	OMP_NUM_THREADS=1 $(VENV351)/bin/python -m pytest -n $(CORES) $(DIST) tests/opennmt tests/configs tests/conversion $(PYTEST_FLAGS)

OF_TRANSFORMERS := tests/huggingface tests/nn tests/pages/test_bertviz.py $(wildcard tests/scripts/test_*marian*.py)
test-transformers: $(VENVHF)/installed
	OMP_NUM_THREADS=1 $(VENVHF)/bin/python -m pytest -n $(CORES) $(DIST) $(OF_TRANSFORMERS) $(PYTEST_FLAGS)

# rooms that draw or train
NOT_QUICK := pages other_experiments scripts
quick: $(VENV)/installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(CORES) $(DIST) --quick $(addprefix --ignore tests/,$(NOT_QUICK)) -r fE $(PYTEST_FLAGS)

# pytest by its script, not by python -m, which would put the checkout before the installed package
test-python: dist $(VENVPYTHON)/installed
	$(VENVPYTHON)/bin/pip install $(PIP_FLAGS) --no-deps --force-reinstall dist/*.whl
	OMP_NUM_THREADS=1 $(VENVPYTHON)/bin/pytest -n $(CORES) $(DIST) --installed --quick $(addprefix --ignore tests/,$(NOT_QUICK)) -r fE $(PYTEST_FLAGS)

# without SOURCES.txt, in which setuptools remembers files of the past
dist: $(VENVRELEASE)/installed
	rm -rf dist build onmt_evsoftmax.egg-info/SOURCES.txt
	$(VENVRELEASE)/bin/python -m build --outdir dist . > $(VENVRELEASE)/build.log 2>&1 || { cat $(VENVRELEASE)/build.log >&2; exit 1; }
	$(VENVRELEASE)/bin/twine check --strict dist/*
	$(VENVRELEASE)/bin/cffconvert --validate

test-release: dist $(VENV)/installed
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest tests/release tests/opennmt/test_install.py -k 'release' --from-index --durations 0 $(PYTEST_FLAGS)

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# -W: a warning is an error. Built anew: pages that went would stay
docs: $(VENV)/installed
	rm -rf runs/docs
	$(VENV)/bin/python -m sphinx -W --keep-going --quiet -c docs . runs/docs
	@echo "runs/docs/index.html"

tutorial: $(VENV)/installed
	$(VENV)/bin/jupyter-execute --inplace docs/tutorial.ipynb

venv: $(VENV)/installed

$(VENV)/installed: setup.py pyproject.toml constraints.txt onmt_evsoftmax_startup.pth
	@$(call make_venv,$(VENV))
	$(VENV)/bin/pip install $(PIP_FLAGS) --only-binary $(WHEELS) -c constraints.txt -e '.[test,lint,experiments,sweep,docs]' || $(call no_wheel)
	@touch $@

# OpenNMT-py 3.5.1 asks for torch < 2.3 but runs on newer ones, so it goes in beside its dependencies
$(VENV351)/installed: setup.py pyproject.toml constraints-onmt351.txt onmt_evsoftmax_startup.pth
	@$(call make_venv,$(VENV351))
	$(VENV351)/bin/pip install $(PIP_FLAGS) --only-binary $(WHEELS) -r constraints-onmt351.txt || $(call no_wheel)
	$(VENV351)/bin/pip install $(PIP_FLAGS) --no-deps OpenNMT-py==3.5.1 -e .
	@touch $@

$(VENVHF)/installed: setup.py pyproject.toml constraints-transformers.txt onmt_evsoftmax_startup.pth
	@$(call make_venv,$(VENVHF))
	$(VENVHF)/bin/pip install $(PIP_FLAGS) --only-binary $(WHEELS) -r constraints-transformers.txt transformers==$(TRANSFORMERS) || $(call no_wheel)
	$(VENVHF)/bin/pip install $(PIP_FLAGS) --no-deps -e .
	@touch $@

# The checkout stands last on the path: tests, scripts and experiments come from it, the package does not.
$(VENVPYTHON)/installed: pyproject.toml constraints.txt | dist
	@$(call make_venv,$(VENVPYTHON),14)
	$(VENVPYTHON)/bin/pip install $(PIP_FLAGS) --only-binary $(WHEELS) -c constraints.txt "$$(echo dist/*.whl)[test,experiments,sweep,transformers]" || $(call no_wheel)
	$(VENVPYTHON)/bin/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "zz_checkout.pth").write_text("$(CURDIR)\n")'
	@touch $@

$(VENVRELEASE)/installed: Makefile
	@$(call make_venv,$(VENVRELEASE),14)
	$(VENVRELEASE)/bin/pip install $(PIP_FLAGS) build twine cffconvert
	@touch $@

clean:
	rm -rf $(VENV) $(VENV351) .venv-transformers-* .venv-python* $(VENVRELEASE) build dist runs

# $(1): where; $(2): the last minor version of Python, 12 with OpenNMT-py
define make_venv
$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $(or $(2),12)))' || \
	{ echo "error: needs Python 3.10 to 3.$(or $(2),12), and $(PYTHON) is $$($(PYTHON) -V 2>&1); try: make $(MAKECMDGOALS) PYTHON=python3.11$(if $(2),,; what runs without OpenNMT-py: make test-python PYTHON=$(PYTHON))" >&2; exit 1; }
test -x $(1)/bin/pip || $(PYTHON) -m venv $(1)
endef

define no_wheel
{ echo "error: pip could not install the packages (see its message above). 'No matching distribution' means that a package has no wheel for this Python and platform: use Python 3.10 to 3.12 (make test-python: 3.14) on Linux x86-64 or macOS" >&2; exit 1; }
endef
