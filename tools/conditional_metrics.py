#!/usr/bin/env python
"""Reads the names of metrics from an exporter's Go source into exporters/catalogue/conditional/EXPORTER.json.

A recording shows what one host has; the source names what any host may have. Names that are put together while the
exporter runs are recorded as prefixes, with a `*`.

    go mod download -json github.com/prometheus/node_exporter@v1.9.1   # says the directory
    tools/conditional_metrics.py node_exporter 1.9.1 DIRECTORY
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "exporters" / "catalogue" / "conditional"

_CONSTANT = re.compile(r'\b(\w+)\s*(?::=|=)\s*"([a-z][a-z0-9_]*)"')
_TERM = r'("[^"]*"|[\w.]+|[^,()"]+)'
_BUILD = re.compile(rf"BuildFQName\(\s*{_TERM}\s*,\s*{_TERM}\s*,\s*([^,)]+)")
_OPTIONS = re.compile(r"(?:prometheus\.)?\w*Opts\{(.*?)\}", re.DOTALL)
_FIELD = re.compile(rf"\b(Namespace|Subsystem|Name):\s*{_TERM}")
_DESCRIPTION = re.compile(r'(?:NewDesc|prometheus\.NewDesc)\(\s*"([a-z][a-z0-9_]*)"')
# cAdvisor's containerMetric{name: "container_…"}, and tables of other exporters.
_TABLE = re.compile(r'\b[nN]ame:\s*"((?:container|machine|cadvisor)_[a-z0-9_]+)"')
# Constants that other files of a package use.
_SHARED = re.compile(r"(?i)\w*(namespace|subsystem)")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\*?")


def names(source: str, shared: Mapping[str, str]) -> Iterator[str]:
    """The metrics that a Go file names; `shared` are constants of its package."""
    constants = {**shared, **dict(_CONSTANT.findall(source))}

    def value(term: str) -> str:
        term = term.strip()
        return term[1:-1] if term.startswith('"') else constants.get(term.rpartition(".")[2], "*" if term else "")

    for parts in _BUILD.findall(source):
        yield _joined(map(value, parts))
    for body in _OPTIONS.findall(source):
        fields = {key: value(term) for key, term in _FIELD.findall(body)}
        if "Name" in fields:
            yield _joined((fields.get("Namespace", ""), fields.get("Subsystem", ""), fields["Name"]))
    yield from _DESCRIPTION.findall(source)
    yield from _TABLE.findall(source)


def _joined(parts: Iterator[str] | tuple[str, ...]) -> str:
    """`node_disk_*` for a name whose end is unknown; nothing for one whose beginning is."""
    text = "_".join(part for part in parts if part)
    head, star, _ = text.partition("*")
    return head + star


def main() -> int:
    """Write the file of one exporter."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("exporter", help="its name in the catalogue")
    parser.add_argument("version", help="the version of the source")
    parser.add_argument("source", type=Path, help="directory of the source")
    options = parser.parse_args()
    files = [path for path in sorted(options.source.rglob("*.go")) if not path.name.endswith("_test.go")]
    packages: dict[Path, dict[str, str]] = {}
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        packages.setdefault(path.parent, {}).update(
            (name, value) for name, value in _CONSTANT.findall(text) if _SHARED.fullmatch(name)
        )
    everywhere = {"namespace": next((known["namespace"] for known in packages.values() if "namespace" in known), "*")}
    found = {
        name
        for path in files
        for name in names(path.read_text(encoding="utf-8", errors="replace"), {**everywhere, **packages[path.parent]})
        # At least one word is known.
        if _NAME.fullmatch(name) and "_" in name.strip("*_")
    }
    if not found:
        sys.stderr.write(f"Error: {options.source}: no Go file names a metric\n")
        return 1
    document = {"exporter": options.exporter, "version": options.version, "metrics": sorted(found)}
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{options.exporter}.json"
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"written   {target} ({len(found)} names)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
