"""Dashboard uids: stable, so that links in alerts, links between dashboards and bookmarks survive a rebuild."""

from __future__ import annotations

import zlib

from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

PREFIX = "boxwatch"
# Grafana's limit (`POST /api/dashboards/db`: a uid has at most 40 characters).
LONGEST = 40
# Name of the deployment in the default topology; its dashboards have short uids.
_DEFAULT = "mvp"


def is_default(topology: Topology) -> bool:
    """Whether this is the default deployment, whose dashboards have short uids."""
    return topology.name == _DEFAULT


def uid(topology: Topology, dashboard_id: str) -> str:
    """`boxwatch-ID`, or `boxwatch-DEPLOYMENT-ID` for all but the default deployment: several can share one Grafana.

    An id contains no hyphen, so no two pairs of deployment and id share a uid. A name that is too long is cut and made
    unique by its checksum.
    """
    return _uid(topology.name, dashboard_id)


# Dashboard → its template variable for services. A dashboard of one kind has one named after the kind; those that
# choose among other services have one of their own, so that no link carries a value that the other dashboard cannot
# have.
_SERVICE_VARIABLES = {
    "service": "service",
    "traefik": "routed",
    "slo": "promised",
    **{kind.name: kind.name for kind in KINDS if kind.dashboard == kind.name and not kind.about_others},
}


def service_variable(dashboard_id: str) -> str:
    """The template variable by which a dashboard chooses services; empty if it has none."""
    return _SERVICE_VARIABLES.get(dashboard_id, "")


def may_belong(deployment: str, uid: str) -> bool:
    """Whether a deployment of that name could have given this uid to a dashboard.

    This is no proof that it did: a user's own dashboard is named after its file, hyphens included, so `boxwatch-a-b`
    may belong to the default deployment or to one called `a`.
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
