#!/bin/sh
# Makes the project's Python environment in the folder $1. A fresh Debian or Ubuntu lacks the module venv:
# it is installed where we may, else the command that does it is named.
set -eu
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "LP-388: Luftpegel needs Python 3.11 or newer, and $python is not. Next: make PYTHON=python3.12 ..." >&2
    exit 3
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null
    else
        echo "LP-389: Python's module venv is missing. Next: sudo apt install python3-venv" >&2
        exit 3
    fi
fi
"$python" -m venv "$1"
"$1/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
