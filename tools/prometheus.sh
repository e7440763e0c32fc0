#!/bin/sh
# Provide promtool, Prometheus, Alertmanager, exporters, vmalert with VictoriaMetrics, and databases for fault tests: use
# installed programs, else unpack the distribution's packages into .tools. Nothing is installed system-wide and no service
# is started, so root is not required and ports 9090, 5432 and 6379 stay free.
set -eu
cd "$(dirname "$0")/.."

there() {
    command -v "$1" >/dev/null || [ -x ".tools/usr/bin/$1" ]
}

missing=''
for program in promtool prometheus prometheus-node-exporter prometheus-alertmanager \
    prometheus-postgres-exporter prometheus-redis-exporter prometheus-blackbox-exporter vmalert victoria-metrics; do
    there "$program" || missing="$missing $program"
done
# These require libraries, which may also be missing. Debian's PostgreSQL is not on the PATH.
databases=''
there redis-server || databases="$databases redis-server"
there postgres || ls /usr/lib/postgresql/*/bin/postgres .tools/usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ||
    databases="$databases postgresql"
# RabbitMQ runs without installation where its erl is told where Erlang is (tests/support/rabbitmq.py).
there rabbitmq-server || [ -d /usr/lib/rabbitmq/lib ] || [ -d .tools/usr/lib/rabbitmq/lib ] ||
    databases="$databases rabbitmq-server"
[ -n "$missing$databases" ] || exit 0

say() { printf 'tools: %s\n' "$*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "not there:$missing$databases, and this is no Debian: install them, or go on without their checks"
    exit 0
fi
say "unpacking$missing$databases into .tools"
apt=$PWD/.tools/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
options="-o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User= -qq"

download() {
    apt-get $options update >/dev/null || return 1
    # promtool is a package of its own from Debian 13 on, and a part of prometheus before. vmalert comes with its store.
    packages=$(for program in $missing; do
        [ "$program" != vmalert ] || program=victoria-metrics
        if apt-cache $options show "$program" >/dev/null 2>&1; then echo "$program"
        elif [ "$program" != victoria-metrics ]; then echo prometheus; fi
    done | sort -u)
    [ -z "$packages" ] || (cd "$apt" && apt-get $options download $packages >/dev/null) || return 1
    # With what they depend on and the system lacks. Nothing is installed, so the lock is not needed.
    [ -z "$databases" ] || apt-get $options -o Debug::NoLocking=1 --download-only --no-install-recommends \
        --assume-yes install $databases >/dev/null
}

if download 2>"$apt/log"; then
    for package in "$apt"/*.deb "$apt"/cache/archives/*.deb; do
        [ ! -e "$package" ] || dpkg -x "$package" .tools
    done
    rm -rf "$apt"
    # Debian's Alertmanager reads its templates from /usr/share. In .tools it has to read them from where it is started,
    # which is a name of the same length (tests/support/programs.py starts it in .tools).
    alertmanager=.tools/usr/bin/prometheus-alertmanager
    [ ! -e "$alertmanager" ] || LC_ALL=C sed -i \
        's#/usr/share/prometheus/alertmanager#usr//share/prometheus/alertmanager#g' "$alertmanager"
else
    cat "$apt/log" >&2
    say "could not download them: install promtool by hand, or go on without its checks"
fi
