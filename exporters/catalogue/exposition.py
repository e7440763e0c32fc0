"""A page that an exporter really served, read into what Prometheus would store from it: names, types, labels.

Values do not matter here. Sample lines are read by prometheus_client, one at a time and without their TYPE line:
given a TYPE, its parser adds `_total` to every counter that lacks it, and `pg_stat_database_xact_commit` would be
recorded under a name that no Prometheus ever stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from boxwatch.errors import BoxwatchError, Problem

# https://prometheus.io/docs/instrumenting/exposition_formats/ (text format) and the types that OpenMetrics adds.
TYPES = frozenset(
    {"counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"}
)
# What a family's samples are called beside the family itself.
_PARTS = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
    "counter": ("_total", "_created"),
}
# A HTML page would otherwise give one problem a line.
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Sampled:
    """One name under which Prometheus stores samples of a page.

    Attributes:
        name: the sample's name: of a histogram `x`, `x_bucket`, `x_sum` and `x_count` are one each.
        type: the type of its family; `untyped` where the page says none.
        help: the help of its family; may be empty.
        labels: every label that one of its samples has, also with an empty value: Prometheus stores that one without
            the label, but the exporter fills it on another machine (node_exporter's `device_error`).
    """

    name: str
    type: str
    help: str
    labels: frozenset[str]


def read(path: Path) -> tuple[Sampled, ...]:
    """Read a page from a file.

    Raises:
        BoxwatchError: it cannot be read, is no text, or is no exposition page; with every line that is wrong.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a saved page.

    Raises:
        BoxwatchError: it cannot be read, or is no text.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BoxwatchError(f"{path}: cannot be read ({error.strerror}): give the path of a saved page") from error
    except UnicodeDecodeError as error:
        hint = "save the page again, uncompressed: curl --compressed"
        raise BoxwatchError(str(Problem(str(path), 0, 0, "", "is not UTF-8 text", hint))) from error


def parse(text: str, file: str) -> tuple[Sampled, ...]:
    """Read the text of a page; `file` is what messages call it.

    Duplicate series, timestamps, samples without a TYPE and a TYPE after its samples are all taken as they are: real
    pages have them.

    Raises:
        BoxwatchError: it is no exposition page; with every line that is wrong.
    """
    types: dict[str, str] = {}
    helps: dict[str, str] = {}
    labels: dict[str, set[str]] = {}
    problems: list[Problem] = []
    # Not splitlines(): it also cuts at characters that may stand in a label's value.
    for number, line in enumerate(text.split("\n"), 1):
        try:
            _read_line(line.strip(), types, helps, labels)
        except _BadLineError as error:
            problems.append(Problem(file, number, 0, "", str(error), error.hint))
            if len(problems) == MOST_PROBLEMS:
                break
    if not labels and not problems:
        hint = "save what the exporter answers at its metrics path"
        problems.append(Problem(file, 0, 0, "", "has no sample", hint))
    if problems:
        raise BoxwatchError("\n".join(str(problem) for problem in problems))
    return tuple(_sampled(name, labels[name], types, helps) for name in sorted(labels))


class _BadLineError(Exception):
    """One line is no exposition."""

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(message)


def _read_line(line: str, types: dict[str, str], helps: dict[str, str], labels: dict[str, set[str]]) -> None:
    """Add what one line says to the three tables."""
    if line.startswith("#"):
        _read_comment(line, types, helps)
        return
    for name, present in _samples(line):
        labels.setdefault(name, set()).update(present)


def _read_comment(line: str, types: dict[str, str], helps: dict[str, str]) -> None:
    """Take TYPE and HELP lines; every other comment is for people."""
    words = line.split(None, 3)
    match words:
        case ["#", "TYPE", name, kind]:
            if kind not in TYPES:
                raise _BadLineError(f"{name} has the type {kind!r}", f"a type is one of {', '.join(sorted(TYPES))}")
            types[name] = kind
        case ["#", "TYPE", *_]:
            raise _BadLineError("a TYPE line has a name and a type", "was the page cut off? save it again")
        case ["#", "HELP", name, text]:
            helps[name] = text.replace("\\n", " ").replace("\\\\", "\\")
        case _:
            pass


def _samples(line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names of the samples of a line (one, or none in an empty line), each with its labels."""
    try:
        for family in text_string_to_metric_families(line):
            for sample in family.samples:
                yield sample.name, tuple(sample.labels)
    # The parser indexes into the line before it has looked at its length, so a broken line raises either.
    except (ValueError, IndexError) as error:
        shown = line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004 - fits a terminal beside the place
        raise _BadLineError(f"is no sample: {shown!r}", "save the page again as the exporter serves it") from error


def _sampled(name: str, labels: set[str], types: dict[str, str], helps: dict[str, str]) -> Sampled:
    """Give a sample's name the type and help of its family."""
    family = name if name in types else _family(name, types)
    return Sampled(name, types.get(family, "untyped"), helps.get(family, ""), frozenset(labels))


def _family(name: str, types: dict[str, str]) -> str:
    """The family that a part like `x_bucket` belongs to, or the name itself."""
    for kind, parts in _PARTS.items():
        for part in parts:
            family = name.removesuffix(part)
            if family != name and types.get(family) == kind:
                return family
    return name
