"""One service: is it all right, what do its users see, what do its replicas use, and what happened to them?"""

from __future__ import annotations

from boxwatch.dashboards import alert_timelines, layout, queries, render, service_memory, service_requests, service_use
from boxwatch.dashboards import service_verdicts as verdicts
from boxwatch.dashboards.variables import SERVERS, SERVICE
from boxwatch.grafana.tree import Node
from boxwatch.rules.built import Built
from boxwatch.rules.requests import requests


def build(built: Built) -> Node:
    """The dashboard as JSON."""
    topology = built.topology
    page = render.Page(
        id="service",
        title="Service",
        description="Is this service all right, what do its users see, and what happened to its replicas?",
        variables=(SERVERS, SERVICE),
        marked=queries.OF_SERVICE,
        panels=layout.place(
            layout.even(4, *verdicts.first_answer(topology)),
            layout.line(
                8,
                (alert_timelines.timeline(built, queries.OF_SERVICE, here="service"), 20),
                (verdicts.own_pages(topology), 4),
            ),
            layout.heading("Replicas"),
            layout.line(7, (service_memory.replica_table(topology), 24)),
            layout.line(8, (service_use.ended(), 14), (service_use.running(), 10)),
            layout.even(8, service_use.restarts(), service_use.replacements()),
            *(service_requests.panels(topology) if requests.scraped(topology) else ()),
            layout.heading("Memory"),
            layout.line(9, (service_memory.memory(), 24)),
            layout.even(8, service_memory.exhaustion(), service_memory.limit_share(topology), service_use.oom()),
            layout.heading("CPU and network"),
            layout.even(8, service_use.cpu(), service_use.throttled(built), service_use.network()),
            layout.detail("Stalls and disk", layout.even(8, service_memory.stalled(built), service_use.disk())),
        ),
    )
    return render.build(page, topology)
