#!/bin/sh
# Unpack promtool and Alertmanager of other Debian suites, vmalert, Docker Compose and its schema into .tools/promtools/SUITE/.
# Nothing is installed, and root is not required. Usage: tools/promtools.sh [SUITE…]; default: trixie (promtool 2.53,
# Alertmanager 0.28) and sid (3.5 and later, 0.33 and later).
# BOXWATCH_MIRROR names a Debian mirror; the default is the one that apt uses.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'promtools: %s\n' "$*" >&2; }

command -v apt-get >/dev/null && command -v dpkg >/dev/null || { say 'not a Debian system: apt-get and dpkg are required'; exit 1; }
[ $# -gt 0 ] || set -- trixie sid
mirror=${BOXWATCH_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
[ -n "$mirror" ] || { say 'apt has no mirror: set BOXWATCH_MIRROR'; exit 1; }

fetch() { # SUITE PROGRAM PACKAGE…: unpack the available packages unless the program is present
    suite=$1 program=$2
    shift 2
    target=$PWD/.tools/promtools/$suite
    [ -e "$target/usr/bin/$program" ] && return
    state=$target/apt
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    printf 'deb %s %s main\n' "$mirror" "$suite" >"$state/sources.list"
    options="-o Dir::Etc::SourceList=$state/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$state/lists
        -o Dir::Cache=$state/cache -o APT::Sandbox::User= -qq"
    # shellcheck disable=SC2086 # the options are words
    apt-get $options update >/dev/null 2>"$state/log" || { cat "$state/log" >&2; return 1; }
    for package; do
        # promtool is a package of its own from Debian 13 on, and a part of prometheus before.
        # shellcheck disable=SC2086
        (cd "$state" && apt-get $options download "$package" >/dev/null 2>>"$state/log") || continue
        dpkg -x "$state/$package"_*.deb "$target"
        [ ! -e "$target/usr/bin/$program" ] || break
    done
    rm -rf "$state"
    [ -e "$target/usr/bin/$program" ] || { say "$suite has no $program"; return 1; }
}

for suite; do
    say "promtool and Alertmanager of $suite"
    fetch "$suite" promtool promtool prometheus
    fetch "$suite" prometheus-alertmanager prometheus-alertmanager
    # As in tools/prometheus.sh: it reads its templates from where it is started.
    LC_ALL=C sed -i 's#/usr/share/prometheus/alertmanager#usr//share/prometheus/alertmanager#g' \
        ".tools/promtools/$suite/usr/bin/prometheus-alertmanager"
done
say 'vmalert'
# In Debian up to 12 and in sid; whichever is found first.
fetch bookworm vmalert victoria-metrics || fetch sid vmalert victoria-metrics
say 'docker-compose'
# Version 2 and later read the Compose specification; Debian 12 has version 1.
fetch trixie docker-compose docker-compose || fetch sid docker-compose docker-compose
say 'the schema of the Compose specification'
fetch sid ../share/gocode/src/github.com/compose-spec/compose-go/schema/compose-spec.json \
    golang-github-compose-spec-compose-go-dev
