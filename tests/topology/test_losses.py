"""What is not monitored is said in words, wherever the topology says `none`."""

from __future__ import annotations

from support.topologies import a_server, a_service, a_topology

from boxwatch.topology.losses import losses

_HOST = "memory, disks, CPU, clock and state of the server, and OOM kills on it, go unnoticed"
_CONTAINERS = "replicas, restarts, health, RAM and OOM kills of its containers go unnoticed"
_LESS = "outages show in metrics and probes only, and RAM is not compared with the plan"
_NOTHING = {"node": "none", "cadvisor": "none"}


def test_nothing_is_lost_where_everything_exists() -> None:
    """The default deployment has no notes."""
    assert losses(a_topology()) == ()


def test_each_part_that_does_not_exist_is_named_with_what_is_lost() -> None:
    """One line for each `none`."""
    topology = a_topology(
        stack=dict.fromkeys(("prometheus", "alertmanager", "grafana", "blackbox"), "none"),
        servers=(a_server(exporters=_NOTHING),),
    )

    assert list(losses(topology)) == [
        "stack.prometheus is none: failing rules, missed evaluations and a full storage of Prometheus go unnoticed",
        "stack.alertmanager is none: nobody is notified; alerts are only displayed",
        "stack.blackbox is none: public URLs, certificates and ports are not probed",
        "stack.grafana is none: no dashboards are built",
        f"servers.main.exporters.node is none: {_HOST}",
        f"servers.main.exporters.cadvisor is none: {_CONTAINERS}",
    ]


def test_a_grafana_that_cannot_be_scraped_still_shows_dashboards() -> None:
    """`urls.grafana` says that there is one."""
    topology = a_topology(stack={"grafana": "none"}, urls={"grafana": "https://grafana.example.com"})

    assert losses(topology) == ("stack.grafana is none: Grafana's errors go unnoticed",)


def test_services_that_nothing_watches_are_named() -> None:
    """Without containers, a service needs metrics or a URL."""
    topology = a_topology(
        servers=(a_server(), a_server("native", address="10.0.0.2", containers="none")),
        services=(
            a_service("db", kind="postgres", containers="none"),
            a_service("probed", containers="none", url="https://probed.example.com"),
            a_service("blind", containers="none"),
            a_service("shop", server="native"),
        ),
    )

    assert losses(topology) == (
        "servers.native.containers is none: an outage of `shop` goes unnoticed: set `metrics` or `url`",
        f"services.db.containers is none: {_LESS}",
        f"services.probed.containers is none: {_LESS}",
        "services.blind.containers is none: an outage of `blind` goes unnoticed: set `metrics` or `url`",
    )
