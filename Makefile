# Two commands do everything: `make lab` opens the notebooks, `make test` runs every check and test.
# PYTHON= names the interpreter for .venv, ARGS= goes on to JupyterLab or pytest.

PYTHON ?=
ARGS ?=
PY := .venv/bin/python

.PHONY: lab test lint bench soak docs clean
.DEFAULT_GOAL := lab

lab: .venv/.lab
	@tools/lab.sh $(ARGS)

test: lint
	@tools/need_packages.sh chromium=chromium espeak-ng=espeak-ng
	@$(PY) tools/run_parts.py unit wire notebooks browser $(ARGS)

lint: .venv/.dev node_modules/.installed
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	npm run --silent lint
	npm run --silent types

bench: .venv/.dev
	@tools/need_packages.sh chromium=chromium espeak-ng=espeak-ng
	@$(PY) tools/run_parts.py benchmarks $(ARGS)

soak: .venv/.dev
	@tools/need_packages.sh chromium=chromium espeak-ng=espeak-ng
	@$(PY) tools/run_parts.py soak $(ARGS)

# The public names; then what they hand out: messages, events, brains of the emulator.
DOCUMENTED := gemini_live_nb $(addprefix gemini_live_nb.,protocol session.events emulator demos picture clock)

docs: .venv/.dev
	.venv/bin/pdoc $(DOCUMENTED) --docformat google --output-directory build/docs

clean:
	rm -rf .venv node_modules build dist

# Stamps: nothing is installed again until what it was installed from changes.
.venv/.made:
	@tools/make_venv.sh $(PYTHON)
	@touch $@

.venv/.lab: pyproject.toml constraints-offline.txt tools/install.sh | .venv/.made
	@tools/install.sh lab,offline
	@touch $@

.venv/.dev: pyproject.toml constraints-offline.txt tools/install.sh tools/install_ipykernel6.sh | .venv/.made
	@tools/install.sh lab,offline,dask,export,dev
	@tools/install_ipykernel6.sh
	@touch $@ .venv/.lab

node_modules/.installed: package.json package-lock.json
	@tools/need_packages.sh npm=npm
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
