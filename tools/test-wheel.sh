#!/bin/sh
# Build the sdist, the wheel from the sdist, install that wheel alone, and run the command line and the tests on it.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
python -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt "$work"/dist/*.whl
before=$(mktemp -d -p "$work")
cd "$before"
"$work/venv/bin/boxwatch" --version
"$work/venv/bin/boxwatch" build --out "$before/generated" >/dev/null
"$work/venv/bin/boxwatch" check >/dev/null
landed=$("$work/venv/bin/python" - <<'P'
import importlib.metadata as metadata
files = metadata.files("boxwatch") or []
print(*sorted({f.parts[0] for f in files if not f.parts[0].startswith(("boxwatch-", ".."))}))
P
)
[ "$landed" = boxwatch ] || { echo "the wheel puts more than boxwatch into site-packages: $landed" >&2; exit 1; }
echo "wheel: installs only boxwatch, builds and checks the default deployment"
