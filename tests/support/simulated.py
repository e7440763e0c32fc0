"""The simulated box of a deployment, without programs: its targets and what they report."""

from __future__ import annotations

import functools

import yaml

from boxwatch.assemble import assemble
from boxwatch.simulation import configuration, scenarios
from boxwatch.simulation.box import Box
from boxwatch.simulation.scenario import Scenario
from boxwatch.simulation.targets import Target, targets
from boxwatch.topology.model import Topology
from support.topologies import complete

# A Wednesday at ten.
START = 1795600800.0


@functools.cache
def topology() -> Topology:
    """The deployment with every kind of service, as the demo completes it."""
    return configuration.complete(complete(), "http://127.0.0.1:1/notify")


@functools.cache
def built() -> dict[str, bytes]:
    """Its built files."""
    return assemble(topology(), stack=False)


@functools.cache
def box(name: str = "", seed: int = 1) -> Box:
    """The box on which a scenario is played, or an ordinary day."""
    played: Scenario = scenarios.scenario(name, topology()) if name else scenarios.ORDINARY
    return Box(topology(), START, played, seed)


@functools.cache
def box_targets(name: str = "", seed: int = 1) -> tuple[Target, ...]:
    """What it serves."""
    return targets(box(name, seed), yaml.safe_load(built()["prometheus/prometheus.yml"]))
