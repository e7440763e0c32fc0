"""Topologies with a monitoring stack, drawn and named, and what is built of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st

from boxwatch.errors import TopologyError
from boxwatch.stack import compose, coolify
from boxwatch.topology import default
from boxwatch.topology.load import Loaded, parse
from boxwatch.topology.model import Topology
from support import deployments, rotation

STACK: Final = "monitoring"


def drawn(number: int) -> settings:
    """So many examples. Shrinking a failing one would take minutes: it is printed as it is."""
    return settings(
        rotation.examples(number),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


def minimal() -> Loaded:
    """The smallest topology that `boxwatch init` writes."""
    return parse(default.text(minimal=True), "topology.yaml")


@st.composite
def planned(draw: st.DrawFn) -> str:
    """The text of a deployment nobody thought of, in which a stack is planned and fits."""
    document = json.loads(draw(deployments.deployments()))
    servers = document["servers"]
    home = next((name for name, server in servers.items() if "address" not in server), next(iter(servers)))
    document.get("stack", {}).pop("shared", None)
    # The stack runs in containers.
    servers[home].pop("containers", None)
    document["services"] = {
        # The first of its kind plans the stack.
        STACK: {"kind": "monitoring", "server": home, "memory": draw(st.sampled_from(("2g", "3000m", "8g")))},
        **{name: service for name, service in document["services"].items() if service["kind"] != "monitoring"},
    }
    text = json.dumps(document, indent=1)
    found = deployments.accepted(text)
    assume(found is not None and refusal(found) == () and compose.planned(found.topology) is not None)
    return text


def of(text: str) -> Topology:
    """The topology of a text that the loader accepts."""
    found = deployments.accepted(text)
    assert found is not None
    return found.topology


def refusal(loaded: Loaded) -> tuple[str, ...]:
    """Why no stack can be built; nothing if it can."""
    try:
        compose.check(loaded)
    except TopologyError as error:
        return tuple(str(problem) for problem in error.problems)
    return ()


def document(made: Mapping[str, bytes], path: str = compose.PATH) -> Any:  # noqa: ANN401 - a YAML document
    """A compose file of a build."""
    return yaml.safe_load(made[path])


def pasted(made: Mapping[str, bytes]) -> str:
    """The self-contained file of a build."""
    return made[coolify.PATH].decode()


def variables(text: str) -> set[str]:
    """Variables that a compose file requires, defaults aside."""
    return {name for name, operator in re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)(:?[-?])?", text) if "-" not in operator}
