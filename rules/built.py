"""The rules of a deployment, built once: whatever is rendered or drawn from them is given this value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.rules.model import Subject
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Built:
    """A topology and the rules that follow from it.

    Attributes:
        topology: the deployment.
        subjects: its rules by subject, in the order of triage, tuned as `alerts.rules` asks.
        thresholds: alert → the number it compares with, for every alert that has one. Alerts that the topology switches
            off are included, because dashboards draw their lines all the same.
    """

    topology: Topology
    subjects: tuple[Subject, ...]
    thresholds: Mapping[str, float]
