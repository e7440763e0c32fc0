"""alertmanager.yml as parsed for the checks: routes, receivers and inhibition rules with their lines, of any origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.yaml_tree import Node, parse
from boxwatch.errors import BoxwatchError

_MATCHER: Final = re.compile(
    r'\s*("(?:\\.|[^"\\])*"|[^\s"=!~{},]+)\s*(=~|!~|!=|=)\s*("(?:\\.|[^"\\])*"|[^",{}]*)\s*(?:,|$|\})'
)

_TOP: Final = re.compile(rb"^route\s*:", re.MULTILINE)
_RULES: Final = re.compile(rb"^groups\s*:", re.MULTILINE)

# label, operator (=, !=, =~ or !~), value
Matcher = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """A route with its child routes.

    Attributes:
        node: its YAML.
        receiver: its receiver, or the parent's if it names none.
        matchers: its matchers, sorted; empty matches everything.
        goes_on: whether evaluation continues with the next route.
        settings: intervals and grouping, or the parent's if it has none.
        routes: its child routes.
    """

    node: Node
    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    settings: Mapping[str, Node]
    routes: tuple[Route, ...]

    def walk(self) -> Iterator[Route]:
        """The route and all routes below it."""
        yield self
        for route in self.routes:
            yield from route.walk()


@dataclass(frozen=True, slots=True)
class AlertmanagerFile:
    """A configuration of Alertmanager.

    Attributes:
        path: its name in messages.
        root: the root of its YAML.
        route: the root route; None when there is none.
    """

    path: str
    root: Node
    route: Route | None

    def receivers(self) -> tuple[tuple[str, Node], ...]:
        """(name, node) of every receiver."""
        return tuple((text(fields(one).get("name")), one) for one in items(fields(self.root).get("receivers")))

    def inhibitions(self) -> tuple[Node, ...]:
        """Every inhibition rule."""
        return items(fields(self.root).get("inhibit_rules"))

    def finding(self, check: str, node: Node, severity: Severity, message: str, hint: str = "") -> Finding:
        """A finding about a part of the configuration."""
        return Finding(self.path, "", check, severity, message, hint, node.line, node.column)


def read(path: str, content: bytes) -> AlertmanagerFile:
    """Reads a configuration.

    Raises:
        BoxwatchError: the content is not YAML, or not a mapping.
    """
    try:
        root = parse(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise BoxwatchError(f"{path}{line}: {getattr(error, 'problem', None) or 'not text'}; not valid YAML") from error
    except ValueError as error:
        raise BoxwatchError(f"{path}: {error}; not an Alertmanager configuration") from error
    if root is None or root.fields is None:
        raise BoxwatchError(f"{path}: not a mapping; an Alertmanager configuration has `route` and `receivers`")
    top = root.fields.get("route")
    return AlertmanagerFile(path, root, None if top is None else _route(top, "", {}))


def is_one(content: bytes) -> bool:
    """Whether a YAML file is an Alertmanager configuration rather than a rule file."""
    return bool(_TOP.search(content)) and not _RULES.search(content)


def matchers(node: Node, *prefixes: str) -> tuple[Matcher, ...]:
    """The matchers of a route (no prefix) or an inhibition rule (`source_`, `target_`), old and new syntax together."""
    found: list[Matcher] = []
    for prefix in prefixes or ("",):
        own = fields(node)
        found += [(key, "=", text(value)) for key, value in fields(own.get(f"{prefix}match")).items()]
        found += [(key, "=~", text(value)) for key, value in fields(own.get(f"{prefix}match_re")).items()]
        for each in items(own.get(f"{prefix}matchers")):
            found += [
                (match[1].strip('"'), match[2], _unquoted(match[3].strip()))
                for match in _MATCHER.finditer(text(each).strip().removeprefix("{"))
            ]
    return tuple(sorted(found))


def fields(node: Node | None) -> Mapping[str, Node]:
    """The keys of a mapping; empty for anything else."""
    return (node.fields if node else None) or {}


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; empty for anything else."""
    return tuple((node.items if node else None) or ())


def text(node: Node | None) -> str:
    """A scalar's text; empty for anything else."""
    return (node.text if node else None) or ""


def _route(node: Node, receiver: str, above: Mapping[str, Node]) -> Route:
    own = fields(node)
    named = text(own.get("receiver")) or receiver
    inherited = ("group_by", "group_wait", "group_interval", "repeat_interval")
    settings = {**above, **{key: own[key] for key in inherited if key in own}}
    below = tuple(_route(each, named, settings) for each in items(own.get("routes")))
    return Route(node, named, matchers(node), text(own.get("continue")) == "true", settings, below)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted else value
