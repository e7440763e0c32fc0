"""Request rates of every planned service from Traefik's counters: all, failed, slow.

Traefik counts by router (its label `service`), not by planned service. A router belongs to the service that names it in
the topology, otherwise to the service whose Coolify resource has the uuid in the router's name. The Coolify exporter
exposes that uuid, and a resource is remembered for a day after it was last seen.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import TRAEFIK, expr
from boxwatch.rules.requests import requests_proofs
from boxwatch.topology.model import Topology

ID = "requests"

_REQUESTS = "traefik_service_requests_total"
_BUCKET = "traefik_service_request_duration_seconds_bucket"


def subject(topology: Topology) -> Subject | None:
    """Recorded request rates for alerts, objectives and dashboards; None where no Traefik is scraped."""
    if not scraped(topology):
        return None
    known = any(topology.metrics_of(service) for service in topology.services_of("coolify"))
    return Subject(
        id=ID,
        title="Requests as measured",
        groups=(
            Group(name="requests-resources", rules=(_resources() if known else _no_resources(),)),
            Group(name="requests-routers", rules=(_routers(),)),
            Group(name="requests-rates", rules=_rates()),
            Group(name="requests-services", rules=_services(topology)),
        ),
        # The proofs assign requests to services by Coolify's metrics.
        measured=requests_proofs.measured(topology, promised=promised(topology)) if known else (),
    )


def scraped(topology: Topology) -> bool:
    """Whether any Traefik of the topology is scraped, so that request metrics exist."""
    return any(topology.metrics_of(service) for service in topology.services_of("traefik"))


def promised(topology: Topology) -> bool:
    """Whether any service has objectives, so that an answer can be slow."""
    return any(service.faces_users for service in topology.services)


def _resources() -> Record:
    any_ = f'{coolify.RESOURCE_INFO}{{job="{names.JOB_COOLIFY}"}}'
    info = f'{coolify.RESOURCE_INFO}{{job="{names.JOB_COOLIFY}",{names.SERVICE}!=""}}'
    by = f"{coolify.UUID}, {names.SERVICE}"
    return Record(
        record=names.UUID_SERVICE,
        # Two accounts may see one resource, and a renamed one has two services while both are remembered. A current
        # name wins, otherwise any one of them: with both, the join on the uuid would fail for all.
        expr=expr(f"""
            topk by ({coolify.UUID}) (
              1,
              group by ({by}) ({info})
              or
              group by ({by}) (present_over_time({info}[1d]) unless on ({coolify.UUID}) {any_})
            )
        """),
        doc="Always 1; the planned service of a Coolify resource, for a day after it was last seen.",
    )


def _no_resources() -> Record:
    """Without Coolify's metrics no uuid is known, and the topology's `routers` alone assign requests."""
    nothing = f"{names.SERVICE_INFO} unless {names.SERVICE_INFO}"
    return Record(
        record=names.UUID_SERVICE,
        expr=f'label_replace({nothing}, "{names.UUID}", "$1", "{names.SERVICE}", "(.+)")',
        doc="Always empty: Coolify is not scraped, so no uuid is known.",
    )


def _routers() -> Record:
    named = f'{_REQUESTS}{{{TRAEFIK},{names.PLANNED_SERVICE}!=""}}'
    by_uuid = f'{_REQUESTS}{{{TRAEFIK},{names.PLANNED_SERVICE}=""}}'
    return Record(
        record=names.ROUTER_SERVICE,
        # The window of the rates, so that every router they still count has an owner. A router whose owner changed
        # within it has two: one is chosen. Services planned on other servers do not count.
        expr=expr(f"""
            topk by ({names.BY_ROUTER}) (
              1,
              group by ({names.BY_ROUTER}, {names.SERVICE}) (
                label_replace(
                  label_replace(present_over_time({named}[5m]), "router", "$1", "service", "(.+)"),
                  "service", "$1", "planned_service", "(.+)"
                )
                or
                label_replace(
                  group by ({names.BY_SERVICE}, {names.UUID}) (present_over_time({by_uuid}[5m])),
                  "router", "$1", "service", "(.+)"
                )
                * on ({names.UUID}) group_left ({names.SERVICE}) {names.UUID_SERVICE}
              )
            )
            and on ({names.BY_SERVICE}) {names.SERVICE_INFO}
        """),
        doc="Always 1; the planned service of a Traefik router.",
    )


def _by_router(metric: str) -> str:
    """Rates with the router in a label of that name."""
    return f'label_replace(rate({metric}{{{TRAEFIK}}}[5m]), "router", "$1", "service", "(.+)")'


def _rates() -> tuple[Record, ...]:
    owner = f"on ({names.BY_ROUTER}) group_left ({names.SERVICE}) {names.ROUTER_SERVICE}"
    return (
        Record(
            record=names.CODE_REQUESTS,
            expr=expr(f"""
                sum by ({names.BY_SERVICE}, {names.CODE}) (
                  {_by_router(_REQUESTS)}
                  * {owner}
                )
            """),
            doc="Requests per second to the service, by status code.",
        ),
        Record(
            record=names.BUCKET_REQUESTS,
            expr=expr(f"""
                sum by ({names.BY_SERVICE}, {names.LE}) (
                  {_by_router(_BUCKET)}
                  * {owner}
                )
            """),
            doc="Requests per second answered within le seconds.",
        ),
        Record(
            record=names.ROUTER_REQUESTS_UNPLANNED,
            expr=expr(f"""
                sum by ({names.BY_ROUTER}) (
                  {_by_router(_REQUESTS)}
                  unless on ({names.BY_ROUTER}) {names.ROUTER_SERVICE}
                )
            """),
            doc="Requests per second through a router that belongs to no planned service of the server.",
        ),
    )


def _services(topology: Topology) -> tuple[Record, ...]:
    by = names.BY_SERVICE
    all_ = f"sum by ({by}) ({names.CODE_REQUESTS})"
    return (
        Record(record=names.SERVICE_REQUESTS, expr=all_, doc="Requests per second to the service."),
        Record(
            record=names.SERVICE_REQUEST_ERRORS,
            # 0 rather than absent without errors: sums over time divide it by the requests.
            expr=expr(f"""
                sum by ({by}) ({names.CODE_REQUESTS}{{{names.CODE}=~"5.."}})
                or
                0 * {all_}
            """),
            doc="Requests per second answered with a 5xx, by the service or by Traefik on its behalf.",
        ),
        *((_slow(),) if promised(topology) else ()),
    )


def _slow() -> Record:
    by = names.BY_SERVICE
    return Record(
        record=names.SERVICE_REQUESTS_SLOW,
        # Absent where the histogram has no bucket at the objective, because the number is then unknown.
        expr=expr(f"""
        clamp_min(
          sum by ({by}) ({names.BUCKET_REQUESTS}{{{names.LE}="+Inf"}})
          - on ({by})
          sum by ({by}) (
            {names.BUCKET_REQUESTS}
            and on ({by}, {names.LE}) {names.SERVICE_LATENCY_WITHIN}
          ),
          0
        )
    """),
        doc="Requests per second slower than the service's objective.",
    )
