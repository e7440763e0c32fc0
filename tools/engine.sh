#!/bin/sh
# Unpack a Docker engine from the distribution's packages, and the stack's programs from Debian sid, into .tools/engine, so
# that a test brings the built compose file up. Nothing is installed and no service is started.
# BOXWATCH_MIRROR names a Debian mirror; the default is the one that apt uses.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'engine: %s\n' "$*" >&2; }

engine=$PWD/.tools/engine
[ ! -e "$engine/complete" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg >/dev/null || { say 'not a Debian system: apt-get and dpkg are required'; exit 1; }
mirror=${BOXWATCH_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
[ -n "$mirror" ] || { say 'apt has no mirror: set BOXWATCH_MIRROR'; exit 1; }

unpack() { # SUITE FOLDER PACKAGE…
    suite=$1 target=$engine/$2 state=$engine/apt-$1
    shift 2
    say "$* of $suite"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$target"
    printf 'deb %s %s main\n' "$mirror" "$suite" >"$state/sources.list"
    options="-o Dir::Etc::SourceList=$state/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$state/lists
        -o Dir::Cache=$state/cache -o APT::Sandbox::User= -qq"
    # shellcheck disable=SC2086 # the options are words
    { apt-get $options update && cd "$state" && apt-get $options download "$@"; } >/dev/null 2>"$state/log" ||
        { cat "$state/log" >&2; exit 1; }
    for package in "$state"/*.deb; do dpkg -x "$package" "$target"; done
    cd "$OLDPWD"
    rm -rf "$state"
}

unpack bookworm docker docker.io containerd runc tini iptables libxtables12 libip4tc2 libip6tc2 libnftnl11 libmnl0 \
    libnetfilter-conntrack3 libnfnetlink0 libdevmapper1.02.1 libseccomp2 busybox-static
# The versions of the images that the compose file names, or nearly so, with the C library that they are linked with.
unpack sid programs prometheus promtool prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter \
    prometheus-postgres-exporter prometheus-redis-exporter prometheus-elasticsearch-exporter libc6
touch "$engine/complete"
