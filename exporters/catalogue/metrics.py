"""The catalogue: what each exporter exposes, in which versions, and which labels Prometheus stores it with.

It answers "does this name exist", "has it this label", "which recorded versions lack it" and "what was meant".
The JSON beside it in `catalogue/` is written by `boxwatch.exporters.catalogue.record` from real pages, never by hand; a
file here is one kind of target, so the blackbox exporter's own page and what it says of a probe are two. Our own
Coolify exporter needs no recording: the names that it serves are the names that are read here.
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

CADVISOR = "cadvisor"
# Our own exporter, whose one version is the one installed.
COOLIFY = "coolify_exporter"
_INSTALLED = ("installed",)
# Series that Prometheus itself adds, whatever the target: `up`, `scrape_…`, `ALERTS`.
SCRAPE = "scrape"

# What our scrape configuration (boxwatch.stack) puts on every series of every job. A label of the same name that the
# exporter itself sets becomes `exported_…` (measured on Prometheus 3.5: postgres_exporter's `server` before 0.20).
TARGET_LABELS = frozenset({"server", "job", "instance"})
_OF_PROBE = frozenset({"service", "port", "expected"})
# What its metric relabelling adds on one exporter's job, and the starts of label names that it drops there.
ADDED_LABELS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{kind.exporter: frozenset(kind.labels) for kind in KINDS if kind.scraped},
        CADVISOR: frozenset({"service", "component", "resource"}),
        "blackbox_probe": _OF_PROBE,
        SCRAPE: _OF_PROBE,
    }
)
DROPPED_LABELS: Mapping[str, tuple[str, ...]] = MappingProxyType({CADVISOR: ("id", "container_label_")})
# These carry whatever labels the alert has, so no label can be said to be missing from them.
OPEN_LABELS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})

# https://prometheus.io/docs/practices/naming/#base-units, and what exporters use beside them.
_UNITS = frozenset(
    {"seconds", "bytes", "ratio", "celsius", "volts", "amperes", "joules", "grams", "meters", "hertz", "percent"}
    | {"milliseconds", "millis", "usec", "ms", "watts"}
)
_SUFFIXES = ("_bucket", "_sum", "_count", "_total")
# A suggestion further off than this is no help (difflib's own default is 0.6: too many strangers among 2,000 names).
_CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class Metric:
    """One name that one exporter exposes.

    Attributes:
        exporter: file of the catalogue that it is in.
        name: as Prometheus stores it: of a histogram `x`, `x_bucket`, `x_sum` and `x_count` are one each.
        type: type of its family in the newest version that has it.
        help: help of its family there.
        labels: every label that it was seen with, as exposed; `stored_labels` is what a query sees.
        versions: the versions that it was seen in, oldest first.
        missing: versions that were recorded from a like target and lack it, oldest first.
        partly: of a label that not every one of `versions` has, the versions that have it.
        on: the recorded targets that have it; empty for all of them.
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

    def is_on(self, page: tuple[str, ...]) -> bool:
        """Whether a page has it, by shell patterns for the targets under which the page was recorded; none is all."""
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
        """The unit that its name says, or nothing."""
        name = self.name
        for suffix in _SUFFIXES:
            name = name.removesuffix(suffix)
        word = name.rpartition("_")[2]
        return word if word in _UNITS else ""

    @property
    def stored_labels(self) -> frozenset[str]:
        """The labels that a query sees, under our scrape configuration."""
        dropped = DROPPED_LABELS.get(self.exporter, ())
        kept = frozenset(label for label in self.labels if not any(_drops(rule, label) for rule in dropped))
        # Prometheus' own series have no labels of a target's choosing that could collide.
        own = kept if self.exporter == SCRAPE else frozenset(map(_exported, kept))
        return own | TARGET_LABELS | ADDED_LABELS.get(self.exporter, frozenset())

    def lacks(self, label: str) -> tuple[str, ...]:
        """The versions that have the metric without this label; none for a label that our scraping adds."""
        if label in TARGET_LABELS or label in ADDED_LABELS.get(self.exporter, ()):
            return ()
        if label not in self.stored_labels:
            return self.versions
        own = next(own for own in self.labels if label in (own, _exported(own)))
        having = self.partly.get(own, self.versions)
        return tuple(version for version in self.versions if version not in having)


def _exported(label: str) -> str:
    """What becomes of an exporter's own label when the target has one of that name."""
    return f"exported_{label}" if label in TARGET_LABELS else label


def _drops(rule: str, label: str) -> bool:
    """Whether a rule drops a label: the name itself, or a start of names when the rule ends in an underscore."""
    return label.startswith(rule) if rule.endswith("_") else label == rule


@functools.cache
def load() -> Mapping[str, tuple[Metric, ...]]:
    """Every name in the catalogue, each with the exporters that expose it. Read once, about 15 ms."""
    found: dict[str, list[Metric]] = {}
    for file in sorted(resources.files("boxwatch.exporters.catalogue").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            for metric in read(file.read_text(encoding="utf-8"), file.name):
                found.setdefault(metric.name, []).append(metric)
    for metric in _own():
        found.setdefault(metric.name, []).append(metric)
    return MappingProxyType({name: tuple(metrics) for name, metrics in sorted(found.items())})


def _own() -> Iterator[Metric]:
    """What our Coolify exporter exposes; none of it is a histogram, so each family is one name."""
    for metric in (*coolify.METRICS, *coolify.PROCESS):
        yield Metric(COOLIFY, str(metric), metric.kind, metric.help, frozenset(metric.labels), _INSTALLED)


def read(text: str, file: str) -> tuple[Metric, ...]:
    """Read one file of the catalogue.

    Raises:
        BoxwatchError: it is not as the recorder writes it.
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
            )
            for name, entry in document["metrics"].items()
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        hint = "record it again: python -m boxwatch.exporters.catalogue.record PAGE..."
        raise BoxwatchError(f"{file}: not a file of the catalogue ({error!r}); {hint}") from error


def _missing(entry: Mapping[str, list[str]], pages: Pages) -> tuple[str, ...]:
    """The versions that lack a metric although a target was recorded on which another version has it.

    A metric of an optional collector is not missing from a version of which only the default page was recorded.
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
    """What the catalogue knows of a name, one entry an exporter; none when nobody exposes it."""
    return load().get(name, ())


@functools.lru_cache
def versions_of(exporter: str) -> tuple[str, ...]:
    """Every recorded version of an exporter, oldest first; none for one that is not in the catalogue."""
    known = (metric.versions for metrics in load().values() for metric in metrics if metric.exporter == exporter)
    return tuple(sorted({version for versions in known for version in versions}, key=version_order))


@functools.lru_cache
def targets_of(exporter: str) -> frozenset[str]:
    """Every target that an exporter was recorded on; none for our own exporter, which needs no recording.

    Raises:
        BoxwatchError: nothing is recorded of such an exporter.
    """
    if exporter == COOLIFY:
        return frozenset()
    file = resources.files("boxwatch.exporters.catalogue") / f"{exporter}.json"
    if not file.is_file():
        raise BoxwatchError(f"nothing is recorded of {exporter}: python -m boxwatch.exporters.catalogue.record PAGE...")
    pages: Pages = json.loads(file.read_text(encoding="utf-8"))["pages"]
    return frozenset(target for targets in pages.values() for target in targets)


def labels_of(name: str) -> frozenset[str] | None:
    """Every label that a query can find on a name, under our scrape configuration.

    None when that cannot be said: the name is not in the catalogue (`exists`), or carries an alert's own labels.
    """
    metrics = exposed_by(name)
    if not metrics or name in OPEN_LABELS:
        return None
    return frozenset().union(*(metric.stored_labels for metric in metrics))


@functools.lru_cache(maxsize=1024)
def closest(name: str) -> str:
    """The name that was probably meant, or nothing."""
    found = difflib.get_close_matches(name, load(), n=1, cutoff=_CLOSE)
    return found[0] if found else ""
