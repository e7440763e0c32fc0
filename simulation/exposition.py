"""Samples as a page that Prometheus scrapes; types and helps are those of the recorded catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.metrics import Metric

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_PARTS: Final = ("_bucket", "_sum", "_count")
NO_LABELS: Final[Mapping[str, str]] = {}


class Sample(NamedTuple):
    """One line of a page."""

    name: str
    value: float
    labels: Mapping[str, str] = NO_LABELS


Samples = Iterable[Sample]


def family(exporter: str, name: str) -> tuple[str, Metric]:
    """The family of a name, and its record.

    Raises:
        KeyError: the exporter has no such metric.
    """
    for metric in metrics.exposed_by(name):
        if metric.exporter == exporter:
            if metric.type in ("histogram", "summary"):
                for part in _PARTS:
                    if name.endswith(part):
                        return name.removesuffix(part), metric
            return name, metric
    raise KeyError(f"{exporter} has no {name}")


def line(name: str, labels: Mapping[str, str]) -> str:
    """A series: name and labels as a page writes them."""
    if not labels:
        return name
    pairs = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in labels.items())
    return f"{name}{{{pairs}}}"


def render(exporter: str, samples: Samples) -> str:
    """A page. Samples of one family follow each other in it, whatever their order here."""
    families: dict[str, list[str]] = {}
    for name, value, labels in samples:
        head, metric = family(exporter, name)
        lines = families.setdefault(head, [f"# HELP {head} {metric.help}", f"# TYPE {head} {metric.type}"])
        lines.append(f"{line(name, labels)} {value!r}")
    return "".join(f"{text}\n" for lines in families.values() for text in lines)
