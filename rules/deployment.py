"""The deployment label, which separates a deployment's series, rules and alerts from others in a shared Prometheus.

With `stack.shared`, every query selects `deployment="NAME"`, every recorded series and alert carries that label, and
groups are named `NAME/GROUP`. Without it, all functions here return their input unchanged. The label is added when
rules, proofs and dashboards are rendered, so rules are written without it.
"""

from __future__ import annotations

import re

from boxwatch.promql.labels import result_labels
from boxwatch.promql.parse import parse
from boxwatch.promql.scope import with_matcher
from boxwatch.rules import names
from boxwatch.topology.model import Topology

# The beginning of a selector in a template.
_LOOK_UP = re.compile(r"printf `[a-z_:0-9]+\{")
_LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)", re.DOTALL)


def labels(topology: Topology) -> dict[str, str]:
    """Labels of all series and alerts of the deployment; empty if nothing is shared."""
    return {names.DEPLOYMENT: topology.name} if topology.stack.shared else {}


def matchers(topology: Topology) -> tuple[str, ...]:
    """Alertmanager matchers for these labels."""
    return tuple(f'{label}="{value}"' for label, value in labels(topology).items())


def group(topology: Topology, name: str) -> str:
    """The unique name of a group, scrape job, receiver or quiet time."""
    return f"{topology.name}/{name}" if topology.stack.shared else name


def query(topology: Topology, text: str) -> str:
    """A query, or a series of a proof, restricted to the deployment."""
    return with_matcher(text, names.DEPLOYMENT, topology.name) if topology.stack.shared else text


def text(topology: Topology, template: str) -> str:
    """An alert's text with its look-ups of the plan (`patterns.fragments.planned`) restricted to the deployment."""
    matchers_ = "".join(f'{label}="{value}",' for label, value in labels(topology).items())
    return _LOOK_UP.sub(lambda match: f"{match[0]}{matchers_}", template)


def variable(topology: Topology, text: str) -> str:
    """A variable's `label_values(…)`, restricted to the deployment."""
    match = _LABEL_VALUES.fullmatch(text)
    return text if match is None else f"label_values({query(topology, match[1])}, {match[2]})"


def kept(topology: Topology, text: str) -> dict[str, str]:
    """The deployment's labels that a query's result still carries."""
    mine = labels(topology)
    if not mine:
        return mine
    found = result_labels(parse(query(topology, text)), lambda _: frozenset(mine))
    return {key: value for key, value in mine.items() if found is not None and key in found}
