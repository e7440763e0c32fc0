"""A topology file → a `Topology`, or every mistake in it in one go."""

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
from boxwatch.topology.reading.problems import Mistake, without_covered
from boxwatch.topology.validation import constraints, shape
from boxwatch.topology.validation import warnings as cautions
from boxwatch.topology.validation.context import Facts, mend
from boxwatch.topology.validation.pydantic_errors import mistakes_of

JSONNET_SUFFIXES: Final = frozenset({".jsonnet", ".libsonnet"})
# The length of the path of a server or a service.
_BODY: Final = 2
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A topology that can be used, and what to mention about it.

    Attributes:
        topology: what the file says.
        warnings: what is likely a mistake, in the order of the file.
        source: the file as it was named.
        places: where everything in it is written.
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
        TopologyError: the file cannot be read or is wrong; with every mistake, each with its place.
    """
    if path.suffix in JSONNET_SUFFIXES:
        # Jsonnet starts a process of its own; those who write YAML need not wait for any of that.
        from boxwatch.topology.reading import jsonnet  # noqa: PLC0415 - most files are YAML

        return check(jsonnet.evaluate(path, ext_str))
    if ext_str:
        hint = "leave out --ext-str, or name a file that ends in .jsonnet"
        raise source.refusal(str(path), "is not Jsonnet, so external variables mean nothing to it", hint)
    return parse(source.read_text(path), str(path))


def parse(text: str, named: str) -> Loaded:
    """A topology from YAML text, named as its messages are to name it.

    Raises:
        TopologyError: with every mistake, each with its place.
    """
    document, mistakes = yaml_reader.read(text, named)
    return check(document, mistakes)


def check(document: Document, earlier: tuple[Mistake, ...] = ()) -> Loaded:
    """A topology from a document, which may have mistakes already.

    Raises:
        TopologyError: with every mistake, each with its place.
    """
    value, mistakes = shape.settle(document)
    mistakes = [*earlier, *mistakes]
    try:
        topology = Topology.model_validate(value)
    except ValidationError as error:
        mistakes += without_covered(mistakes_of(error, value), mistakes)
        mistakes += _across_fields(document, value, mistakes)
        raise _error(document, mistakes) from error
    facts = Facts(topology, document.places, frozenset(server.name for server in topology.servers))
    mistakes += constraints.mistakes_in(facts)
    if mistakes:
        raise _error(document, mistakes)
    warnings = [mistake.problem(document.places) for mistake in cautions.cautions_for(facts)]
    return Loaded(
        topology, tuple(sorted(warnings, key=lambda p: (p.file, p.line, p.column))), document.file, document.places
    )


def _across_fields(document: Document, value: Mapping[str, object], mistakes: list[Mistake]) -> list[Mistake]:
    """What is wrong across fields in what is left of a document with mistakes in single fields."""
    mended, doubtful = mend(value, mistakes)
    try:
        topology = Topology.model_validate(mended)
    except ValidationError:
        # Too little is left: no service without a mistake.
        return []
    servers = value.get("servers")
    # A server with a mistake in its name, or none at all, may be the one that a service means.
    misnamed = any(len(mistake.path) == _BODY and mistake.path[0] == "servers" for mistake in mistakes)
    names = frozenset(servers) if isinstance(servers, dict) and servers and not misnamed else None
    return constraints.mistakes_in(Facts(topology, document.places, names, doubtful))


def _error(document: Document, mistakes: list[Mistake]) -> TopologyError:
    """One problem for each thing to mend: what an alias repeats is written, and mended, in one place."""
    problems: dict[tuple[object, ...], Problem] = {}
    for problem in (mistake.problem(document.places) for mistake in mistakes):
        key = (problem.file, problem.line, problem.column, problem.path.rpartition(".")[2], problem.message)
        problems.setdefault(key, problem)
    return TopologyError(tuple(problems.values()))
