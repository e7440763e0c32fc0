"""The catalogue: the metrics of each exporter, their versions, and the labels with which Prometheus stores them.

It answers: does this name exist, does it have this label, which recorded versions lack it, which name was meant.
`boxwatch.exporters.catalogue.record` writes the JSON files next to this module from real expositions; never edit them
manually. A file describes one kind of target, so the blackbox exporter's own metrics and those of a probe are two. Our
own Coolify exporter needs no recording: its names are imported from its code.
"""

from __future__ import annotations

import difflib
import fnmatch
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue.versions import version_order
from boxwatch.exporters.coolify import names as coolify
from boxwatch.topology.kinds import KINDS

Pages = Mapping[str, tuple[str, ...]]
# Name → the exporters that expose it.
Catalogue = Mapping[str, tuple["Metric", ...]]
NO_METRICS: Catalogue = MappingProxyType({})

CADVISOR = "cadvisor"
# Our own exporter; its only version is the installed one.
COOLIFY = "coolify_exporter"
_INSTALLED = ("installed",)
# Series that Prometheus itself adds for any target: `up`, `scrape_…`, `ALERTS`.
SCRAPE = "scrape"

# Labels that our scrape configuration (boxwatch.stack) adds to every series. An exporter's own label of the
# same name becomes `exported_…` (measured on Prometheus 3.5: postgres_exporter's `server` before 0.20).
TARGET_LABELS = frozenset({"server", "job", "instance"})
# One that it adds where Prometheus is shared (`stack.shared`), for matchers only: no join may depend on it.
SHARED_LABEL = "deployment"
_OF_PROBE = frozenset({"service", "port", "expected"})
# Labels that metric relabelling adds for one exporter, and the label names or prefixes that it drops.
ADDED_LABELS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{kind.exporter: frozenset(kind.labels) for kind in KINDS if kind.scraped},
        CADVISOR: frozenset({"service", "component", "resource"}),
        "blackbox_probe": _OF_PROBE,
        SCRAPE: _OF_PROBE,
    }
)
DROPPED_LABELS: Mapping[str, tuple[str, ...]] = MappingProxyType({CADVISOR: ("id", "container_label_")})
# These have the labels of their alerts, so none can be reported as missing.
OPEN_LABELS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})

# https://prometheus.io/docs/practices/naming/#base-units, and other units that exporters use.
_UNITS = frozenset(
    {"seconds", "bytes", "ratio", "celsius", "volts", "amperes", "joules", "grams", "meters", "hertz", "percent"}
    | {"milliseconds", "millis", "usec", "ms", "watts"}
)
_SUFFIXES = ("_bucket", "_sum", "_count", "_total")
# Minimum similarity of a suggestion (difflib's default of 0.6 matches too many unrelated names among 2,000).
_CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class Metric:
    """One name exposed by one exporter.

    Attributes:
        exporter: its file in the catalogue.
        name: as stored by Prometheus: `x_bucket`, `x_sum` and `x_count` of a histogram `x` are one each.
        type: type of its family in the newest version that has it.
        help: help of its family in that version.
        labels: every label recorded, as exposed; a query sees `stored_labels`.
        versions: versions that have it, oldest first.
        missing: versions recorded from a comparable target that lack it, oldest first.
        partly: for each label that only some of `versions` have, those versions.
        on: recorded targets that have it; empty for all.
        varying: labels that tell the series of one target apart; empty where a target has one series.
        target_labels: labels that scraping adds to it; None for those of our scrape configuration.
        job: scrape job of a user's own application; empty for an exporter.
    """

    exporter: str
    name: str
    type: str
    help: str
    labels: frozenset[str]
    versions: tuple[str, ...]
    missing: tuple[str, ...] = ()
    partly: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on: tuple[str, ...] = ()
    varying: frozenset[str] = frozenset()
    target_labels: frozenset[str] | None = None
    job: str = ""

    def is_on(self, page: tuple[str, ...]) -> bool:
        """Whether a target has it; `page` holds shell patterns for recorded targets, and is empty for all."""
        return not page or not self.on or any(fnmatch.fnmatchcase(one, pattern) for one in self.on for pattern in page)

    @property
    def first(self) -> str:
        """The oldest recorded version that has it."""
        return self.versions[0]

    @property
    def last(self) -> str:
        """The newest recorded version that has it."""
        return self.versions[-1]

    @property
    def unit(self) -> str:
        """The unit in its name, or an empty string."""
        name = self.name
        for suffix in _SUFFIXES:
            name = name.removesuffix(suffix)
        word = name.rpartition("_")[2]
        return word if word in _UNITS else ""

    @property
    def stored_labels(self) -> frozenset[str]:
        """The labels that a query sees, under our scrape configuration."""
        if self.target_labels is not None:
            return frozenset(map(self._stored, self.labels)) | self.target_labels
        dropped = DROPPED_LABELS.get(self.exporter, ())
        kept = frozenset(label for label in self.labels if not any(_drops(rule, label) for rule in dropped))
        # Prometheus' own series have no labels chosen by a target that could collide.
        own = kept if self.exporter == SCRAPE else frozenset(map(_exported, kept))
        return own | TARGET_LABELS | ADDED_LABELS.get(self.exporter, frozenset())

    def lacks(self, label: str) -> tuple[str, ...]:
        """Versions that have the metric without this label; none for a label that our scrape configuration adds."""
        if label == SHARED_LABEL:
            return ()
        added = self.target_labels
        if label in (TARGET_LABELS | ADDED_LABELS.get(self.exporter, frozenset()) if added is None else added):
            return ()
        if label not in self.stored_labels:
            return self.versions
        own = next(own for own in self.labels if label in (own, self._stored(own)))
        having = self.partly.get(own, self.versions)
        return tuple(version for version in self.versions if version not in having)

    def _stored(self, label: str) -> str:
        """The stored name of one of its own labels."""
        if self.target_labels is None:
            return _exported(label)
        return f"exported_{label}" if label in self.target_labels else label


def _exported(label: str) -> str:
    """The stored name of an exporter's own label, which gets a prefix if the target has a label of that name."""
    return f"exported_{label}" if label in TARGET_LABELS else label


def _drops(rule: str, label: str) -> bool:
    """Whether a rule drops a label: an exact name, or a prefix if it ends in an underscore."""
    return label.startswith(rule) if rule.endswith("_") else label == rule


@functools.cache
def load() -> Mapping[str, tuple[Metric, ...]]:
    """Every name in the catalogue with the exporters that expose it. Read once, in about 15 ms."""
    found: dict[str, list[Metric]] = {}
    for file in sorted(resources.files("boxwatch.exporters.catalogue").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            for metric in read(file.read_text(encoding="utf-8"), file.name):
                found.setdefault(metric.name, []).append(metric)
    for metric in _own():
        found.setdefault(metric.name, []).append(metric)
    return MappingProxyType({name: tuple(metrics) for name, metrics in sorted(found.items())})


def _own() -> Iterator[Metric]:
    """Metrics of our Coolify exporter; a histogram is three names."""
    for metric in (*coolify.METRICS, *coolify.PROCESS):
        labels = frozenset(metric.labels)
        if metric.kind == "histogram":
            for ending, more in (("_bucket", {"le"}), ("_sum", set()), ("_count", set())):
                yield Metric(COOLIFY, f"{metric}{ending}", metric.kind, metric.help, labels | more, _INSTALLED)
        else:
            yield Metric(COOLIFY, str(metric), metric.kind, metric.help, labels, _INSTALLED)


def read(text: str, file: str) -> tuple[Metric, ...]:
    """Read one file of the catalogue.

    Raises:
        BoxwatchError: it is not in the recorder's format.
    """
    try:
        document = json.loads(text)
        pages: Pages = {version: tuple(targets) for version, targets in document["pages"].items()}
        every = tuple(pages)
        return tuple(
            Metric(
                exporter=document["exporter"],
                name=name,
                type=entry["type"],
                help=entry["help"],
                labels=frozenset(entry["labels"]),
                versions=tuple(entry.get("versions", every)),
                missing=_missing(entry, pages) if "versions" in entry else (),
                partly={label: tuple(versions) for label, versions in entry.get("partly", {}).items()},
                on=tuple(entry.get("on", ())),
                varying=frozenset(entry.get("varying", ())),
            )
            for name, entry in document["metrics"].items()
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        hint = "record it again: python -m boxwatch.exporters.catalogue.record PAGE..."
        raise BoxwatchError(f"{file}: not a catalogue file ({error!r}); {hint}") from error


def _missing(entry: Mapping[str, list[str]], pages: Pages) -> tuple[str, ...]:
    """Versions that lack a metric although they were recorded from a target on which another version has it.

    A metric of an optional collector is not missing from a version recorded only with default collectors.
    """
    seen = frozenset(entry["versions"])
    on = frozenset(entry["on"]) if "on" in entry else None
    return tuple(
        version
        for version, targets in pages.items()
        if version not in seen and (on is None or not on.isdisjoint(targets))
    )


def exists(name: str) -> bool:
    """Whether any recorded exporter exposes this name."""
    return name in load()


def exposed_by(name: str) -> tuple[Metric, ...]:
    """Catalogue entries of a name, one per exporter; empty if no exporter exposes it."""
    return load().get(name, ())


@functools.lru_cache
def versions_of(exporter: str) -> tuple[str, ...]:
    """Every recorded version of an exporter, oldest first; empty if it is not in the catalogue."""
    known = (metric.versions for metrics in load().values() for metric in metrics if metric.exporter == exporter)
    return tuple(sorted({version for versions in known for version in versions}, key=version_order))


@functools.lru_cache
def targets_of(exporter: str) -> frozenset[str]:
    """Every recorded target of an exporter; empty for our own exporter, which needs no recording.

    Raises:
        BoxwatchError: the exporter is not in the catalogue.
    """
    if exporter == COOLIFY:
        return frozenset()
    file = resources.files("boxwatch.exporters.catalogue") / f"{exporter}.json"
    if not file.is_file():
        command = "python -m boxwatch.exporters.catalogue.record PAGE..."
        raise BoxwatchError(f"{exporter} is not in the catalogue: record it with {command}")
    pages: Pages = json.loads(file.read_text(encoding="utf-8"))["pages"]
    return frozenset(target for targets in pages.values() for target in targets)


def labels_of(name: str) -> frozenset[str] | None:
    """Every label that a query can find on a name, under our scrape configuration.

    None if unknown: the name is not in the catalogue (`exists`), or has an alert's own labels.
    """
    metrics = exposed_by(name)
    if not metrics or name in OPEN_LABELS:
        return None
    return frozenset().union(*(metric.stored_labels for metric in metrics))


@functools.lru_cache(maxsize=1024)
def closest(name: str) -> str:
    """The most similar name in the catalogue, or an empty string."""
    found = difflib.get_close_matches(name, load(), n=1, cutoff=_CLOSE)
    return found[0] if found else ""
