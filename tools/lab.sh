#!/bin/sh
# Opens JupyterLab on the first notebook: lab.sh [flags for jupyter lab]
set -eu

# Jupyter refuses to run as root unless told; only then is the flag given.
if [ "$(id -u)" -eq 0 ]; then set -- --allow-root "$@"; fi

# As the default page the notebook is also in the addresses that a server without a browser prints.
page=/lab/tree/notebooks/00_first_minute.ipynb
echo "JupyterLab opens $page; without a browser, open the address with that path and ?token=… which it prints when it is up."
exec .venv/bin/jupyter lab "--LabApp.default_url=$page" "$@"
