"""The deployment's label, by which its series, rules and alerts are told from others in a shared Prometheus.

With `stack.shared` every query of ours selects `deployment="NAME"`, every recorded series and alert carries it, and
groups are called `NAME/GROUP`. Otherwise Prometheus has no others, and all functions here return what they are given.
The label is written where rules, proofs and dashboards are rendered, so that no rule has to think of it.
"""

from __future__ import annotations

import re

from boxwatch.promql import nodes
from boxwatch.promql.labels import result_labels
from boxwatch.promql.parse import parse
from boxwatch.promql.scope import with_matcher
from boxwatch.rules import names
from boxwatch.topology.model import Topology

# The beginning of a selector in a template.
_LOOK_UP = re.compile(r"printf `[a-z_:0-9]+\{")
_LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)", re.DOTALL)


def labels(topology: Topology) -> dict[str, str]:
    """The labels that all series and alerts of a deployment carry."""
    return {names.DEPLOYMENT: topology.name} if topology.stack.shared else {}


def matchers(topology: Topology) -> tuple[str, ...]:
    """The same as matchers of Alertmanager."""
    return tuple(f'{label}="{value}"' for label, value in labels(topology).items())


def group(topology: Topology, name: str) -> str:
    """The name of a group of rules."""
    return f"{topology.name}/{name}" if topology.stack.shared else name


def query(topology: Topology, text: str) -> str:
    """A query on the deployment's series only."""
    return with_matcher(text, names.DEPLOYMENT, topology.name) if topology.stack.shared else text


def text(topology: Topology, template: str) -> str:
    """An alert's text, whose look-ups of the plan (`patterns.fragments.planned`) find the deployment's only."""
    matchers_ = "".join(f'{label}="{value}",' for label, value in labels(topology).items())
    return _LOOK_UP.sub(lambda match: f"{match[0]}{matchers_}", template)


def variable(topology: Topology, text: str) -> str:
    """A variable's `label_values(…)` of the deployment's series only."""
    match = _LABEL_VALUES.fullmatch(text)
    return text if match is None else f"label_values({query(topology, match[1])}, {match[2]})"


def series(topology: Topology, text: str) -> str:
    """A series with the deployment's label, in the notation of promtool."""
    return query(topology, text)


def kept(topology: Topology, text: str) -> dict[str, str]:
    """The deployment's labels that are left in the result of a query on its series."""
    mine = labels(topology)
    if not mine:
        return mine
    found = result_labels(_tree(topology, text), lambda _: frozenset(mine))
    return {key: value for key, value in mine.items() if found is not None and key in found}


def _tree(topology: Topology, text: str) -> nodes.Expr:
    return parse(query(topology, text))
