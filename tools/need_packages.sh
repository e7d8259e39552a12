#!/bin/sh
# Makes sure that commands are there: need_packages.sh command=debian-package …
# Installs what is missing where it may (root on Debian); elsewhere says what to install, and fails.
set -eu

missing=""
for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need commands that are not here. Install these (Debian's names) and try again:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need packages that are not here. Run this and try again:" >&2
    echo "    sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing$missing"
apt-get update -qq
# shellcheck disable=SC2086  # one word per package is meant
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
