"""Two services on one server: the topology for command tests that need no larger one."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.rules import catalogue as rules
from boxwatch.rules.model import Group
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology

# The name of the default deployment, whose dashboards have the shortest uids: `boxwatch-overview`.
TEXT: Final = """\
name: mvp
servers:
  main: {cpus: 4, memory: 16g, disk: 100GB, reserved: 2g}
services:
  web: {kind: web, server: main, memory: 1g}
  redis: {kind: redis, server: main, memory: 4g}
"""


def write(folder: Path = Path()) -> Path:
    """Write it to the default path of the topology."""
    path = folder / "topology.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@functools.cache
def topology() -> Topology:
    """The deployment itself."""
    return parse(TEXT, "topology.yaml").topology


@functools.cache
def groups() -> tuple[Group, ...]:
    """Its groups of rules, in order."""
    return tuple(group for subject in rules.subjects(topology()) for group in subject.groups)


@functools.cache
def boards() -> frozenset[str]:
    """The names of its dashboards."""
    return frozenset(dashboards.files(rules.build(topology())))
