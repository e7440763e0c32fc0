"""Metrics of the user's own applications: recorded pages in a folder next to the topology, one JSON file each.

A recording holds names, types, help texts and the names of labels; it never holds a value, of a sample or of a label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import exposition
from boxwatch.exporters.catalogue.metrics import TARGET_LABELS, Catalogue, Metric

# Next to the topology.
FOLDER: Final = "extra-metrics"
SUFFIX: Final = ".json"
# A page with more names than that puts values into names, and Prometheus would not survive it either.
MOST_NAMES: Final = 20_000
_LONGEST_HELP = 300
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
# What Prometheus adds to the samples of every target.
_EVERY_TARGET: Final = frozenset({"job", "instance"})
_VERSIONS: Final = ("recorded",)
_AGAIN = "record it again with `boxwatch record`"


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded name: the type and help of its family, and the names of its labels."""

    type: str
    help: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recording:
    """The recorded page of one application.

    Attributes:
        application: its name, which is the name of its file.
        job: the scrape job that scrapes it.
        target_labels: labels that the scrape configuration adds.
        metrics: name → entry.
    """

    application: str
    job: str
    target_labels: frozenset[str]
    metrics: Mapping[str, Entry] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As in its file."""
        return {
            "application": self.application,
            "job": self.job,
            "target_labels": sorted(self.target_labels),
            "metrics": {
                name: {"type": entry.type, "labels": sorted(entry.labels), "help": entry.help}
                for name, entry in sorted(self.metrics.items())
            },
        }

    def dump(self) -> bytes:
        """Its file: one metric per line, for diffs. Same recording, same bytes."""
        document = self.to_json()
        metrics: dict[str, Any] = document.pop("metrics")
        head = "".join(f"{_json(key)}: {_json(value)},\n" for key, value in document.items())
        lines = ",\n".join(f"{_json(name)}: {_json(entry)}" for name, entry in metrics.items())
        return f'{{\n{head}"metrics": {{\n{lines}\n}}\n}}\n'.encode()

    def merged(self, page: Mapping[str, Entry]) -> Recording:
        """With the names of another page. Names that are only in this one stay: counters of errors come and go."""
        found = dict(self.metrics)
        for name, entry in page.items():
            labels = entry.labels | (found[name].labels if name in found else frozenset())
            found[name] = Entry(entry.type, entry.help, labels)
        return Recording(self.application, self.job, self.target_labels, found)


def target_labels(*, planned: bool, added: Iterable[str] = ()) -> frozenset[str]:
    """The labels that scraping adds.

    Args:
        planned: whether our scrape configuration scrapes it, as a service with the key `metrics`.
        added: further labels, of a scrape configuration of the user's own.

    Raises:
        BoxwatchError: a label has no name that Prometheus accepts.
    """
    for label in added:
        if not _LABEL.fullmatch(label):
            raise BoxwatchError(f"{label!r} is not the name of a label")
    return frozenset(added) | (TARGET_LABELS | {"service"} if planned else _EVERY_TARGET)


def page(text: str, file: str) -> dict[str, Entry]:
    """The names on a metrics page, in text format or OpenMetrics.

    Raises:
        BoxwatchError: it is not a metrics page, with the lines that are wrong but not their content, or it has more
            than MOST_NAMES names.
    """
    sampled = exposition.parse(text, file, quoting=False)
    if len(sampled) > MOST_NAMES:
        raise BoxwatchError(
            f"{file}: has {len(sampled):,} names, more than {MOST_NAMES:,}: move what varies into labels"
        )
    return {one.name: Entry(one.type, one.help[:_LONGEST_HELP], one.labels) for one in sampled}


def load(path: Path) -> Recording:
    """A recording from its file.

    Raises:
        BoxwatchError: the file cannot be read or is not a recording.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        metrics = {
            str(name): Entry(str(entry["type"]), str(entry["help"]), _names(entry["labels"]))
            for name, entry in document["metrics"].items()
        }
        return Recording(path.stem, str(document["job"]), _names(document["target_labels"]), metrics)
    except OSError as error:
        raise BoxwatchError(f"{path}: cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise BoxwatchError(f"{path}:{error.lineno}:{error.colno}: is not JSON: {error.msg}; {_AGAIN}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BoxwatchError(f"{path}: is not a recorded metrics page ({type(error).__name__}); {_AGAIN}") from error


def _names(value: object) -> frozenset[str]:
    """Names of labels.

    Raises:
        TypeError: it is not a list of texts.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return frozenset(value)


def read(folder: Path) -> Catalogue:
    """The metrics of all recordings in a folder, by name.

    Raises:
        BoxwatchError: the folder or a file cannot be read, or a file is not a recording.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith("."))
    except OSError as error:
        raise BoxwatchError(f"{folder}: {error.strerror}; expected a folder with recorded metrics pages") from error
    found: dict[str, tuple[Metric, ...]] = {}
    for recording in map(load, paths):
        for name, entry in recording.metrics.items():
            metric = Metric(
                exporter=recording.application,
                name=name,
                type=entry.type,
                help=entry.help,
                labels=entry.labels,
                versions=_VERSIONS,
                target_labels=recording.target_labels,
                job=recording.job,
            )
            found[name] = (*found.get(name, ()), metric)
    return MappingProxyType(found)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
