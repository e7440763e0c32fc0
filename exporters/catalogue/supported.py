"""The oldest version of each exporter that the generated rules are meant for.

What a query lacks on versions before these is no finding: nobody is asked to run them. Everything else that was
recorded (boxwatch.exporters.catalogue.metrics) has to work, or the query has to name what older versions call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.exporters.catalogue.versions import version_order
from boxwatch.topology.kinds import KINDS

OLDEST: Final[Mapping[str, str]] = MappingProxyType(
    {
        # container_health_state is usable from 0.55.0 on, and before 0.54.0 the containers of Docker 29 have no names
        # (cadvisor#3643, #3690).
        "cadvisor": "0.55.1",
        **{kind.exporter: kind.oldest for kind in KINDS if kind.oldest},
    }
)


def supported(exporter: str, version: str, needs: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Whether a version counts; `needs` are the oldest versions that a rule file itself names, by exporter."""
    oldest = needs.get(exporter, OLDEST.get(exporter, ""))
    return not oldest or version_order(version) >= version_order(oldest)
