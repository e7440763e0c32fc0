"""Parser for recorded expositions: the names, types and labels that Prometheus would store.

Samples' values do not matter here. prometheus_client parses the sample lines one at a time, without their TYPE line:
given a TYPE, its parser adds `_total` to every counter without it, and `pg_stat_database_xact_commit` would be recorded
under a name that Prometheus never stores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from boxwatch.errors import BoxwatchError, Problem

# https://prometheus.io/docs/instrumenting/exposition_formats/ (text format) and the types that OpenMetrics adds.
TYPES = frozenset(
    {"counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"}
)
# Suffixes of a family's samples, besides the family's own name.
_PARTS = {
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "summary": ("_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
    "counter": ("_total", "_created"),
}
# The beginning of a label of that kind. It may also be part of a value, which does not matter here.
_RESERVED = re.compile(r"([{,]\s*)__(?!name__)(?=[a-zA-Z0-9_]*\s*=)")
_PLACEHOLDER = "boxwatch_reserved_"
# An HTML page would otherwise report one problem per line.
MOST_PROBLEMS = 10
# Two values of a label are enough to know that it varies.
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Sampled:
    """One name under which Prometheus stores samples of an exposition.

    Attributes:
        name: the sample's name: `x_bucket`, `x_sum` and `x_count` of a histogram `x` are one each.
        type: the type of its family; `untyped` if the exposition declares none.
        help: the help of its family; may be empty.
        labels: every label of its samples, including those with an empty value: Prometheus drops an empty label, but
            the exporter fills it on another host (node_exporter's `device_error`).
        varying: those that have several values in this exposition: one target has several series, told apart by them.
    """

    name: str
    type: str
    help: str
    labels: frozenset[str]
    varying: frozenset[str] = field(default=frozenset(), compare=False)


def read(path: Path) -> tuple[Sampled, ...]:
    """Read an exposition from a file.

    Raises:
        BoxwatchError: the file cannot be read, or is not text or not an exposition; lists every invalid line.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a saved exposition.

    Raises:
        BoxwatchError: the file cannot be read or is not text.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BoxwatchError(
            f"{path}: cannot be read ({error.strerror}): pass the path of a saved exposition"
        ) from error
    except UnicodeDecodeError as error:
        hint = "save it again, uncompressed: curl --compressed"
        raise BoxwatchError(str(Problem(str(path), 0, 0, "", "is not UTF-8 text", hint))) from error


def parse(text: str, file: str, *, quoting: bool = True) -> tuple[Sampled, ...]:
    """Parse the text of an exposition; `file` is its name in messages, which quote invalid lines only if `quoting`.

    Duplicate series, timestamps, samples without a TYPE and a TYPE after its samples are accepted: real expositions
    have them.

    Raises:
        BoxwatchError: it is not an exposition; lists every invalid line.
    """
    types: dict[str, str] = {}
    helps: dict[str, str] = {}
    labels: dict[str, dict[str, set[str]]] = {}
    problems: list[Problem] = []
    # Not splitlines(): it also splits at characters that are valid in a label value.
    for number, line in enumerate(text.split("\n"), 1):
        try:
            _read_line(line.strip(), types, helps, labels)
        except _BadLineError as error:
            said = f"{error}: {error.line!r}" if quoting and error.line else str(error)
            problems.append(Problem(file, number, 0, "", said, error.hint))
            if len(problems) == MOST_PROBLEMS:
                break
    if not labels and not problems:
        hint = "save the response of the exporter's metrics path"
        problems.append(Problem(file, 0, 0, "", "has no sample", hint))
    if problems:
        raise BoxwatchError("\n".join(str(problem) for problem in problems))
    return tuple(_sampled(name, labels[name], types, helps) for name in sorted(labels))


class _BadLineError(Exception):
    """An invalid line."""

    def __init__(self, message: str, hint: str, line: str = "") -> None:
        self.hint, self.line = hint, line
        super().__init__(message)


def _read_line(line: str, types: dict[str, str], helps: dict[str, str], labels: dict[str, dict[str, set[str]]]) -> None:
    """Add one line to the three tables."""
    if line.startswith("#"):
        _read_comment(line, types, helps)
        return
    for name, present in _samples(line):
        known = labels.setdefault(name, {})
        for label, value in present.items():
            values = known.setdefault(label, set())
            if len(values) < _SEVERAL:
                values.add(value)


def _read_comment(line: str, types: dict[str, str], helps: dict[str, str]) -> None:
    """Read TYPE and HELP lines; ignore other comments."""
    words = line.split(None, 3)
    match words:
        case ["#", "TYPE", name, kind]:
            if kind not in TYPES:
                raise _BadLineError(f"{name} has an unknown type", f"a type is one of {', '.join(sorted(TYPES))}", kind)
            types[name] = kind
        case ["#", "TYPE", *_]:
            raise _BadLineError("a TYPE line requires a name and a type", "if the file is truncated, save it again")
        case ["#", "HELP", name, text]:
            helps[name] = text.replace("\\n", " ").replace("\\\\", "\\")
        case _:
            pass


def _samples(line: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and labels of the samples in a line: one, or none if it is empty."""
    # prometheus_client refuses labels that begin with two underscores; Prometheus stores them (measured on 2.42).
    plain = _RESERVED.sub(rf"\1{_PLACEHOLDER}", line) if "__" in line else line
    try:
        for family in text_string_to_metric_families(plain):
            for sample in family.samples:
                yield sample.name, {_restored(label): value for label, value in sample.labels.items()}
    # The parser indexes into the line before checking its length, so an invalid line raises either.
    except (ValueError, IndexError) as error:
        shown = line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004 - fits a terminal next to the location
        raise _BadLineError("is not a sample", "save the response again, unchanged", shown) from error


def _restored(label: str) -> str:
    return f"__{label.removeprefix(_PLACEHOLDER)}" if label.startswith(_PLACEHOLDER) else label


def _sampled(name: str, labels: dict[str, set[str]], types: dict[str, str], helps: dict[str, str]) -> Sampled:
    """Combine a sample's name and labels with the type and help of its family."""
    family = name if name in types else _family(name, types)
    # The time at which OpenMetrics says that a series began is no counter, whatever the family is.
    kind = "gauge" if family != name and name.endswith("_created") else types.get(family, "untyped")
    varying = frozenset(label for label, values in labels.items() if len(values) == _SEVERAL)
    return Sampled(name, kind, helps.get(family, ""), frozenset(labels), varying)


def _family(name: str, types: dict[str, str]) -> str:
    """The family of a part such as `x_bucket`, or the name itself."""
    for kind, parts in _PARTS.items():
        for part in parts:
            family = name.removesuffix(part)
            if family != name and types.get(family) == kind:
                return family
    return name
