#!/bin/sh
# Opens JupyterLab on the first notebook: lab.sh [flags for jupyter lab]
set -eu

# Jupyter refuses to run as root unless told; only then is the flag given.
if [ "$(id -u)" -eq 0 ]; then set -- --allow-root "$@"; fi
exec .venv/bin/jupyter lab "$@" notebooks/00_first_minute.ipynb
