"""Metrics that exporters have only with a feature, a collector, hardware or another system: what no recording shows.

Read from the exporters' own sources by `tools/conditional_metrics.py`, so they have no labels and no values, and are
never used by rules of ours. They keep checks from calling a metric unknown that exists elsewhere.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final

from boxwatch.exporters.catalogue import metrics

_FOLDER: Final = "conditional"
# Metrics of the client libraries, in programs of every kind.
# https://github.com/prometheus/client_golang/tree/main/prometheus (collectors, promhttp), client_java, client_python.
SHARED: Final = re.compile(r"(go|process|promhttp|jvm|python)_[a-z0-9_]+|target_info")


@functools.cache
def _load() -> Mapping[str, str]:
    """Name → the exporter and the version of its source that has it."""
    found: dict[str, str] = {}
    folder = resources.files("boxwatch.exporters.catalogue") / _FOLDER
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            document = json.loads(file.read_text(encoding="utf-8"))
            found |= dict.fromkeys(document["metrics"], f"{document['exporter']} {document['version']}")
    return MappingProxyType(found)


def condition_of(name: str) -> str:
    """Who has the metric without having shown it: `node_exporter 1.9.1`; empty for nobody known."""
    if SHARED.fullmatch(name):
        return "the program's client library"
    found = _load()
    plain = next((name.removesuffix(part) for part in ("_bucket", "_sum", "_count") if name.endswith(part)), name)
    return found.get(name) or found.get(plain, "")


def family_of(name: str) -> str:
    """Who has metrics that begin like this one, with an end that only shows while the exporter runs."""
    return next((who for start, who in _prefixes() if name.startswith(start)), "")


@functools.cache
def _prefixes() -> tuple[tuple[str, str], ...]:
    """Names that are put together while the exporter runs: their beginnings."""
    return tuple((name.removesuffix("*"), who) for name, who in _load().items() if name.endswith("*"))


@functools.lru_cache(maxsize=4096)
def recorded_like(name: str) -> tuple[str, ...]:
    """Recorded exporters most of whose names begin with the first word of this one, such as `node_`."""
    return _by_prefix().get(name.partition("_")[0], ())


@functools.cache
def _by_prefix() -> Mapping[str, tuple[str, ...]]:
    counted: dict[str, dict[str, int]] = {}
    for name, entries in metrics.load().items():
        for entry in entries:
            words = counted.setdefault(entry.exporter, {})
            word = name.partition("_")[0]
            words[word] = words.get(word, 0) + 1
    found: dict[str, list[str]] = {}
    for exporter, words in sorted(counted.items()):
        total = sum(words.values())
        for word, number in words.items():
            if number * 4 > total and not SHARED.fullmatch(f"{word}_x"):
                found.setdefault(word, []).append(exporter)
    return MappingProxyType({word: tuple(exporters) for word, exporters in found.items()})
