#!/bin/sh
# Run the default deployment's rules and proofs on every available promtool (on the PATH and from tools/promtools.sh), and
# its rules in vmalert. Usage: tools/proofs-all.sh; `make proofs-all` fetches the programs first.
set -eu
cd "$(dirname "$0")/.."
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
boxwatch build --out "$built/out" >/dev/null 2>&1

failed=0
for promtool in "$(command -v promtool || echo none)" .tools/promtools/*/usr/bin/promtool; do
    [ -x "$promtool" ] || continue
    promtool=$(realpath "$promtool")
    version=$("$promtool" --version 2>&1 | sed -n 's/^promtool, version \([0-9.]*\).*/\1/p')
    if (cd "$built/out/prometheus/tests" && "$promtool" test rules ./*.yaml) >"$built/log" 2>&1 &&
        "$promtool" check rules --lint=all --lint-fatal "$built"/out/prometheus/rules/*.yaml >>"$built/log" 2>&1; then
        echo "promtool $version: all proofs pass, all rules are clean"
    else
        cat "$built/log"
        echo "promtool $version: FAILED"
        failed=1
    fi
done
for vmalert in .tools/promtools/*/usr/bin/vmalert; do
    [ -x "$vmalert" ] || continue
    if "$vmalert" -dryRun -rule="$built/out/prometheus/rules/*.yaml" >"$built/log" 2>&1; then
        echo "vmalert of $(echo "$vmalert" | cut -d/ -f3): all rules load"
    else
        cat "$built/log"
        echo "vmalert of $(echo "$vmalert" | cut -d/ -f3): FAILED"
        failed=1
    fi
done
exit $failed
