#!/usr/bin/env bash
# Builds .venv with the locked packages of requirements/$1.txt and the pbx-crm command in it.
set -euo pipefail
cd "$(dirname "$0")/.."
set_of=${1:?run or dev}
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || python=python3
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian splits venv from the interpreter; root may add it, others are told how.
    if [ "$(id -u)" = 0 ]; then
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy python3-venv
    else
        echo "Python's venv is missing: sudo apt-get install python3-venv" >&2
        exit 2
    fi
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install -q --require-hashes -r "requirements/$set_of.txt"
.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .
touch ".venv/.$set_of-installed"
[ "$set_of" = dev ] && touch .venv/.run-installed
exit 0
