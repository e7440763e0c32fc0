#!/bin/sh
# Build the sdist and from it the wheel, install only the wheel, and try its every command, module and data file.
# `tools/test-wheel.sh all` also runs all tests against it.
set -eu
cd "$(dirname "$0")/.."
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 'wheel: building' >&2
python -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
rm -rf build

# Outside the checkout, with only the packages that a user installs.
python -m venv "$work/user"
"$work/user/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt "$work"/dist/*.whl
mkdir "$work/elsewhere"
cd "$work/elsewhere"
PATH="$work/user/bin:$PATH" "$work/user/bin/python" -I "$checkout/tools/try_wheel.py" "$checkout"

[ "${1-}" = all ] || exit 0
# The same tests as on the checkout, on the wheel.
cd "$checkout"
"$work/user/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt "$(ls "$work"/dist/*.whl)[dev]"
where=$(cd "$work" && "$work/user/bin/python" -c 'import boxwatch; print(boxwatch.__file__)')
case $where in "$work"/*) ;; *) echo "wheel: tests would run on $where" >&2; exit 1 ;; esac
PATH="$work/user/bin:$PATH" "$work/user/bin/pytest" --quiet -p no:cacheprovider --numprocesses 3
