#!/bin/sh
# Puts ipykernel 6 into .venv/ipykernel6, beside the newest one: a test's kernel gets it by PYTHONPATH.
set -eu

rm -rf .venv/ipykernel6
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/ipykernel6 'ipykernel==6.31.*'
