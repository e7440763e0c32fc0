#!/bin/sh
# Build the sdist, the wheel from the sdist, install that wheel alone, and run the command line and all tests on it.
set -eu
cd "$(dirname "$0")/.."
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 'wheel: building' >&2
python -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
rm -rf build

# Outside the checkout, with what a user installs and nothing else.
python -m venv "$work/user"
"$work/user/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt "$work"/dist/*.whl
mkdir "$work/elsewhere"
cd "$work/elsewhere"
"$work/user/bin/boxwatch" --version
"$work/user/bin/boxwatch" build --out generated >/dev/null 2>&1
"$work/user/bin/boxwatch" check 2>/dev/null | tail -n 1
landed=$("$work/user/bin/python" -c '
import importlib.metadata as metadata
files = metadata.files("boxwatch") or []
print(*sorted({file.parts[0] for file in files} - {".."} - {name for name in {file.parts[0] for file in files} if name.startswith("boxwatch-")}))
')
[ "$landed" = boxwatch ] || { echo "wheel: puts more than boxwatch into site-packages: $landed" >&2; exit 1; }

# The same tests as on the checkout, on the wheel.
cd "$checkout"
"$work/user/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt "$(ls "$work"/dist/*.whl)[dev]"
where=$(cd "$work" && "$work/user/bin/python" -c 'import boxwatch; print(boxwatch.__file__)')
case $where in "$work"/*) ;; *) echo "wheel: tests would run on $where" >&2; exit 1 ;; esac
PATH="$work/user/bin:$PATH" "$work/user/bin/pytest" --quiet -p no:cacheprovider
