"""Loading: a topology file → a `Topology`, or all its problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from boxwatch.errors import Problem, TopologyError
from boxwatch.topology.model import Topology
from boxwatch.topology.reading import source, yaml_reader
from boxwatch.topology.reading.document import Document, Places
from boxwatch.topology.reading.problems import Issue, without_covered
from boxwatch.topology.validation import constraints, shape
from boxwatch.topology.validation.context import ValidationContext, mend
from boxwatch.topology.validation.pydantic_errors import issues_of
from boxwatch.topology.validation.warnings import warnings_for

JSONNET_SUFFIXES: Final = frozenset({".jsonnet", ".libsonnet"})
# Path length of a server or a service.
_BODY: Final = 2
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid topology and its warnings.

    Attributes:
        topology: the content of the file.
        warnings: likely problems, in the order of the file.
        source: the file as the user named it.
        places: line and column of every key and value.
    """

    topology: Topology
    warnings: tuple[Problem, ...]
    source: str
    places: Places = field(compare=False, repr=False)


def load(path: Path, *, ext_str: Mapping[str, str] = _NOTHING) -> Loaded:
    """Read a topology from a YAML file, or from a Jsonnet file if its name ends in .jsonnet.

    Args:
        path: the file.
        ext_str: external variables for Jsonnet, name → text.

    Raises:
        TopologyError: the file is unreadable or invalid; carries every problem with its place.
    """
    if path.suffix in JSONNET_SUFFIXES:
        # Jsonnet starts its own process; YAML users should not pay for the import.
        from boxwatch.topology.reading import jsonnet  # noqa: PLC0415 - most files are YAML

        return check(jsonnet.evaluate(path, ext_str))
    if ext_str:
        hint = "omit --ext-str, or use a file that ends in .jsonnet"
        raise source.refusal(str(path), "is not Jsonnet, so external variables do not apply", hint)
    return parse(source.read_text(path), str(path))


def parse(text: str, named: str) -> Loaded:
    """Parse a topology from YAML text; `named` is its name in messages.

    Raises:
        TopologyError: the text is invalid; carries every problem with its place.
    """
    document, issues = yaml_reader.read(text, named)
    return check(document, issues)


def check(document: Document, earlier: tuple[Issue, ...] = ()) -> Loaded:
    """Validate a document, which may have problems already.

    Raises:
        TopologyError: the text is invalid; carries every problem with its place.
    """
    value, issues = shape.settle(document)
    issues = [*earlier, *issues]
    try:
        topology = Topology.model_validate(value)
    except ValidationError as error:
        issues += without_covered(issues_of(error, value), issues)
        issues += _across_fields(document, value, issues)
        raise _error(document, issues) from error
    context = ValidationContext(topology, document.places, frozenset(server.name for server in topology.servers))
    issues += constraints.issues_in(context)
    if issues:
        raise _error(document, issues)
    warnings = [issue.problem(document.places) for issue in warnings_for(context)]
    return Loaded(
        topology, tuple(sorted(warnings, key=lambda p: (p.file, p.line, p.column))), document.file, document.places
    )


def _across_fields(document: Document, value: Mapping[str, object], issues: list[Issue]) -> list[Issue]:
    """Problems across fields in the rest of a document that has problems in single fields."""
    mended, doubtful = mend(value, issues)
    try:
        topology = Topology.model_validate(mended)
    except ValidationError:
        # Too little is left: every service has a problem.
        return []
    servers = value.get("servers")
    # A service may refer to a server whose name is invalid or missing.
    misnamed = any(len(issue.path) == _BODY and issue.path[0] == "servers" for issue in issues)
    names = frozenset(servers) if isinstance(servers, dict) and servers and not misnamed else None
    return constraints.issues_in(ValidationContext(topology, document.places, names, doubtful))


def _error(document: Document, issues: list[Issue]) -> TopologyError:
    """One problem per place to fix: an aliased value is written, and fixed, in one place."""
    problems: dict[tuple[object, ...], Problem] = {}
    for problem in (issue.problem(document.places) for issue in issues):
        key = (problem.file, problem.line, problem.column, problem.path.rpartition(".")[2], problem.message)
        problems.setdefault(key, problem)
    return TopologyError(tuple(problems.values()))
