#!/bin/sh
# Have promtool, Prometheus, node_exporter and the blackbox exporter: use what is installed, else unpack the
# distribution's packages into .tools. Nothing is installed system-wide and no service is started, so it needs no
# root and leaves port 9090 alone.
set -eu
cd "$(dirname "$0")/.."

missing=''
for program in promtool prometheus prometheus-node-exporter prometheus-blackbox-exporter; do
    command -v "$program" >/dev/null || [ -x ".tools/usr/bin/$program" ] || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

say() { printf 'tools: %s\n' "$*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "not there:$missing, and this is no Debian: install them, or go on without their checks"
    exit 0
fi
say "unpacking$missing into .tools"
apt=$PWD/.tools/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
options="-o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User= -qq"

download() {
    apt-get $options update >/dev/null || return 1
    # promtool is a package of its own from Debian 13 on, and a part of prometheus before.
    packages=$(for program in $missing; do
        if apt-cache $options show "$program" >/dev/null 2>&1; then echo "$program"; else echo prometheus; fi
    done | sort -u)
    (cd "$apt" && apt-get $options download $packages >/dev/null)
}

if download 2>"$apt/log"; then
    for package in "$apt"/*.deb; do dpkg -x "$package" .tools; done
    rm -rf "$apt"
else
    cat "$apt/log" >&2
    say "could not download them: install promtool by hand, or go on without its checks"
fi
