#!/bin/sh
# Have promtool, Prometheus and node_exporter: use what is installed, else unpack the distribution's packages into
# .tools. Nothing is installed system-wide and no service is started, so it needs no root and leaves port 9090 alone.
set -eu
cd "$(dirname "$0")/.."

missing=''
for pair in promtool:prometheus prometheus:prometheus prometheus-node-exporter:prometheus-node-exporter; do
    command -v "${pair%%:*}" >/dev/null || [ -x ".tools/usr/bin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
[ -n "${missing% }" ] || exit 0

say() { printf 'tools: %s\n' "$*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "promtool or Prometheus is missing and this is no Debian: install them, or go on without their checks"
    exit 0
fi
say "unpacking $missing into .tools"
apt=.tools/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
options="-o Dir::State::lists=$PWD/$apt/lists -o Dir::Cache=$PWD/$apt/cache -o APT::Sandbox::User= -qq"
if {
    apt-get $options update >/dev/null &&
        (cd "$apt" && apt-get $options download $missing >/dev/null)
} 2>"$apt/log"; then
    for package in "$apt"/*.deb; do dpkg -x "$package" .tools; done
    rm -rf "$apt"
else
    cat "$apt/log" >&2
    say "could not download them: install promtool by hand, or go on without its checks"
fi
