#!/bin/sh
# Installs this checkout into .venv with the named extras: install.sh lab,offline
# uv does in seconds what takes pip a minute; where uv finds no index (it does not read pip's settings), pip does it.
set -eu

python=.venv/bin/python
if [ ! -x .venv/bin/uv ]; then
    "$python" -m pip install --quiet --disable-pip-version-check uv || echo "no uv here; pip takes a little longer"
fi
# The offline voice's parts are pinned and hashed; where those pins do not fit (an old macOS), the newest that do are taken.
pins=constraints-offline.txt
if [ -x .venv/bin/uv ] && .venv/bin/uv pip install --quiet --python "$python" --constraints "$pins" --editable ".[$1]"; then
    exit 0
fi
case ",$1," in
*,offline,*)
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$pins" ||
        echo "the offline voice's pinned parts do not fit here; the newest that do are taken, unpinned"
    ;;
esac
"$python" -m pip install --quiet --disable-pip-version-check --editable ".[$1]"
