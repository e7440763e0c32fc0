#!/bin/sh
# Create .venv and install boxwatch into it, editable. Usage: tools/setup.sh . | '.[dev]'
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

install() { # install Debian packages, if permitted
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then run=''; elif sudo -n true 2>/dev/null; then run='sudo -n'; else return 1; fi
    say "installing $*"
    $run apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

if [ ! -x .venv/bin/pip ]; then
    python=$(find_python) || { install python3 python3-venv && python=$(find_python); } || {
        say 'Python 3.11 or newer is needed. On Debian 12 or newer: apt-get install python3 python3-venv'
        exit 1
    }
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv 2>/dev/null || { rm -rf .venv && install python3-venv && "$python" -m venv .venv; } || {
        say "$python cannot make virtual environments. On Debian: apt-get install python3-venv"
        exit 1
    }
fi
say "installing boxwatch and its packages ($1)"
.venv/bin/pip install --quiet --disable-pip-version-check --no-input --constraint constraints.txt --editable "$1"
