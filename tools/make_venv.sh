#!/bin/sh
# Makes .venv with a Python we support: make_venv.sh [python]
set -eu

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

python=${1:-}
if [ -z "$python" ]; then
    for candidate in python3 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then python=$candidate; break; fi
    done
fi
if [ -z "$python" ] || ! fits "$python"; then
    found=$("${python:-python3}" --version 2>&1 || true)
    echo "gemini-live-nb needs Python 3.11, 3.12 or 3.13; ${python:-python3} says: ${found:-nothing}" >&2
    echo "Install one of them and name it: make lab PYTHON=python3.12   (or: conda env create -f environment.yml)" >&2
    exit 1
fi

# Debian keeps ensurepip, which venv needs, in a package of its own.
if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
        echo "Installing $package"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
        echo "$python cannot make a virtual environment: it lacks ensurepip. On Debian and Ubuntu run" >&2
        echo "    sudo apt-get install $package" >&2
        echo "and try again (or use conda: conda env create -f environment.yml)" >&2
        exit 1
    fi
fi

"$python" -m venv .venv
