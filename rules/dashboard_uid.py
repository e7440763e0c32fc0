"""The uid of a dashboard: links in alerts and between dashboards name it, and bookmarks survive a rebuild."""

from __future__ import annotations

import zlib

from boxwatch.topology.model import Topology

PREFIX = "boxwatch"
# Grafana refuses more (`POST /api/dashboards/db`: uid of at most 40 characters).
LONGEST = 40
# The deployment that the default topology names; its dashboards have the short uids.
_DEFAULT = "mvp"


def is_default(topology: Topology) -> bool:
    """Whether this is the deployment that needs no telling apart."""
    return topology.name == _DEFAULT


def uid(topology: Topology, dashboard_id: str) -> str:
    """`boxwatch-ID`, or `boxwatch-DEPLOYMENT-ID` for every deployment but the default's: several share one Grafana.

    An id has no hyphen, so no two pairs of deployment and id share a uid. A name that is too long is cut and told
    apart by its checksum.
    """
    return _uid(topology.name, dashboard_id)


def may_belong(deployment: str, uid: str) -> bool:
    """Whether a uid is one that a deployment of that name gives to its dashboards.

    A dashboard beside the topology takes the name of its file, hyphens included, so that `boxwatch-a-b` may be the
    default deployment's, or that of a deployment called `a`: that it may belong to one is no proof.
    """
    return uid == _uid(deployment, uid.rpartition("-")[2])


def _uid(name: str, dashboard_id: str) -> str:
    if name == _DEFAULT:
        return f"{PREFIX}-{dashboard_id}"
    room = LONGEST - len(f"{PREFIX}--{dashboard_id}")
    if len(name) > room:
        checksum = f"-{zlib.crc32(name.encode()):08x}"
        name = name[: room - len(checksum)] + checksum
    return f"{PREFIX}-{name}-{dashboard_id}"
