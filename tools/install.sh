#!/bin/sh
# Installs this checkout into .venv with the named extras: install.sh lab,offline
# uv does in seconds what takes pip a minute; where uv finds no index (it does not read pip's settings), pip does it.
set -eu

python=.venv/bin/python
if [ ! -x .venv/bin/uv ]; then
    "$python" -m pip install --quiet --disable-pip-version-check uv || echo "no uv here; pip takes a little longer"
fi
if [ -x .venv/bin/uv ] && .venv/bin/uv pip install --quiet --python "$python" --editable ".[$1]"; then
    exit 0
fi
"$python" -m pip install --quiet --disable-pip-version-check --editable ".[$1]"
