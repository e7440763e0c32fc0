"""The oldest version of each exporter that the generated rules support.

A metric that only older versions lack is no finding. Queries must work with every other recorded version
(boxwatch.exporters.catalogue.metrics), or include the names used by older versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.exporters.catalogue.versions import version_order
from boxwatch.topology.kinds import KINDS

OLDEST: Final[Mapping[str, str]] = MappingProxyType(
    {
        # container_health_state is usable since 0.55.0; before 0.54.0 containers of Docker 29 have no names
        # (cadvisor#3643, #3690).
        "cadvisor": "0.55.1",
        **{kind.exporter: kind.oldest for kind in KINDS if kind.oldest},
    }
)


def supported(exporter: str, version: str, needs: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Whether a version is supported; `needs` overrides the oldest supported version, by exporter."""
    oldest = needs.get(exporter, OLDEST.get(exporter, ""))
    return not oldest or version_order(version) >= version_order(oldest)
