"""Elasticsearch availability: the cluster answers, its shards are allocated, its metrics are exposed."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import unanswered, unexposed
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.patterns.worked import outage, outage_wait, reached
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "elasticsearch"
DASHBOARD = "elasticsearch"

_JOB = kinds.of("elasticsearch").job
# The only metric that reacts at once in every version: elasticsearch_cluster_health_up was removed in 1.7, and
# elasticsearch_clusterinfo_up lags by up to five minutes (measured on 1.10).
_REACHED, _OF_CLUSTER = "elasticsearch_scrape_success", {"collector": "cluster-info"}
_UP = selector(_REACHED, _JOB, 'collector="cluster-info"')
_RED = 'color="red"'
_STATUS, _NODES, _DATA_NODES = (
    "elasticsearch_cluster_health_status",
    "elasticsearch_cluster_health_number_of_nodes",
    "elasticsearch_cluster_health_number_of_data_nodes",
)


def subject(topology: Topology) -> Subject | None:
    """Alerts on Elasticsearch's availability; None where none is scraped."""
    if not scraped(topology, "elasticsearch"):
        return None
    rules = (*_down(topology), *_red(topology), _yellow(topology), _missing(topology))
    return Subject(id=ID, title="Elasticsearch", groups=(Group(name=ID, rules=rules),), reads=("replicas", "worked"))


def _down(topology: Topology) -> tuple[Alert, Alert]:
    name = "ElasticsearchDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, outage_wait(topology)))
    proven = unanswered(bench, _REACHED, "Elasticsearch db on main does not answer its exporter.", **_OF_CLUSTER)
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('min', _UP)} == 0\n{outage(reached(_JOB))}",
            wait=bench.wait,
            severity="critical",
            summary="Elasticsearch does not answer.",
            description=f"Elasticsearch {WHERE} does not answer its exporter.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="The exporter runs and Elasticsearch does not answer it: it is stopped, starting, or stuck in "
                "garbage collection. Searches fail.",
                first_look=(
                    "`docker logs --tail 50 NAME` on the server; in Coolify, the service's page shows whether it runs.",
                    "`docker exec NAME curl -s localhost:9200/_cluster/health`: nothing, `401`, or a status?",
                    "Dashboard *Elasticsearch*, panel *Heap*: was it full before?",
                ),
                action=(
                    "Start it in Coolify; it takes a minute or two to recover its shards.",
                    (
                        "It exits at once: `vm.max_map_count` is too low on the server, or its heap does not fit the "
                        "limit (*ContainerOomKilled*). The log says which."
                    ),
                    "The heap is full: restart it for immediate relief, then see *ElasticsearchHeapHigh*.",
                ),
                false_alarms="The exporter's user or certificate is no longer valid: `401` in its log. Searches work; "
                "give the exporter the new one.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _health(bench: Bench, color: str, *, nodes: int = 1, wakes: bool = True) -> tuple[Series, ...]:
    """The exporter's metrics for a cluster of this colour, and for another service whose cluster is green."""
    return (
        *(
            bench.flat(_STATUS, int(one == colour), service, cluster="docker-cluster", color=one)
            for service, colour in (("db", color), ("other", "green"))
            for one in ("green", "yellow", "red")
        ),
        # More exporters, one of which asks another node and does not see the colour yet.
        bench.flat(_STATUS, 1, cluster="docker-cluster", color=color, instance="second:9114"),
        bench.flat(_STATUS, 0, cluster="docker-cluster", color=color, instance="third:9114"),
        bench.flat(_DATA_NODES, nodes, cluster="docker-cluster"),
        bench.flat(_DATA_NODES, 2, "other", cluster="docker-cluster"),
        bench.foreign(_DATA_NODES, 2),
        *(bench.pages(service, wakes=wakes) for service in ("db", "other")),
    )


def _red(topology: Topology) -> tuple[Alert, Alert]:
    name = "ElasticsearchRed"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 2 * MINUTE))
    text = "Elasticsearch db on main is red: primary shards are not allocated."
    silent = (bench.silent("stays silent for a yellow cluster", _health(bench, "yellow")),)
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('max', selector(_STATUS, _JOB, _RED))} == 1",
            wait=bench.wait,
            severity="critical",
            summary="Part of Elasticsearch's data is unavailable.",
            description=f"Elasticsearch {WHERE} is red: primary shards are not allocated.",
            dashboard=DASHBOARD,
            panel="Health",
            runbook=Runbook(
                meaning="At least one primary shard is not allocated. Searches miss its documents, and writes to "
                "it fail.",
                first_look=(
                    (
                        "`curl -s 'localhost:9200/_cluster/allocation/explain?pretty'` in the container names the "
                        "shard and the reason."
                    ),
                    "`curl -s 'localhost:9200/_cat/indices?health=red'`: which indices?",
                    "`df -h`: above the watermarks nothing is allocated.",
                ),
                action=(
                    "Just started: wait until it has recovered its shards.",
                    "Disk full: free space, then `POST /_cluster/reroute?retry_failed=true`.",
                    "Broken shard: restore the index from a snapshot, or rebuild it from the database.",
                ),
                false_alarms="None known: after a start the cluster is red until its shards have recovered.",
            ),
            fires=(bench.fires("fires for the red cluster, not for the other", _health(bench, "red"), text),),
            silent=silent,
        ),
        warning_fires=(
            bench.fires("is a warning for a service that does not page", _health(bench, "red", wakes=False), text),
        ),
        warning_silent=(
            bench.silent("stays silent for a yellow cluster that does not page", _health(bench, "yellow", wakes=False)),
        ),
    )


def _yellow(topology: Topology) -> Alert:
    name = "ElasticsearchReplicasUnassigned"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 30 * MINUTE))
    yellow = by_service("max", selector(_STATUS, _JOB, 'color="yellow"'))
    return Alert(
        alert=name,
        # A single node is always yellow: no second one can take the replicas.
        expr=expr(f"""
            {yellow} == 1
            and on ({names.BY_SERVICE}) {selector(_DATA_NODES, _JOB)} > 1
        """),
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch has unassigned replicas.",
        description=f"Elasticsearch {WHERE} is yellow: some replicas are not assigned to any node.",
        dashboard=DASHBOARD,
        panel="Health",
        runbook=Runbook(
            meaning="The cluster answers, but the loss of one more node may lose data.",
            first_look=(
                (
                    "`curl -s 'localhost:9200/_cluster/allocation/explain?pretty'` in the container says why a "
                    "replica is unassigned."
                ),
            ),
            action=(
                "A node is down: start it.",
                "A disk is above the low watermark: see *ElasticsearchDiskLow*.",
                "An index asks for more replicas than there are nodes: lower `number_of_replicas`.",
            ),
            false_alarms="None known: a cluster with one data node is always yellow, and excluded.",
        ),
        fires=(
            bench.fires(
                "fires for a yellow cluster of two, not for the green one",
                _health(bench, "yellow", nodes=2),
                "Elasticsearch db on main is yellow: some replicas are not assigned to any node.",
            ),
        ),
        silent=(
            bench.silent("stays silent for a single node, which is always yellow", _health(bench, "yellow")),
            bench.silent("stays silent for a green cluster of two", _health(bench, "green", nodes=2)),
        ),
    )


def _missing(topology: Topology) -> Alert:
    name = "ElasticsearchMetricsMissing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))
    text = "The target of Elasticsearch db on main answers without metrics of the cluster's health."
    proven = unexposed(bench, _NODES, text, reached=_REACHED, **_OF_CLUSTER)
    return Alert(
        alert=name,
        # All series about health and nodes end when Elasticsearch stops, and alerts that compare them fall silent.
        expr=expr(f"""
            {by_service("max", selector("up", _JOB))} == 1
            unless on ({names.BY_SERVICE}) {selector(_NODES, _JOB)}
            unless on ({names.BY_SERVICE}) {_UP} == 0
        """),
        wait=bench.wait,
        severity="warning",
        summary="The Elasticsearch target exposes no metrics of the cluster's health.",
        description=f"The target of Elasticsearch {WHERE} answers without metrics of the cluster's health.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="Prometheus reaches the target, Elasticsearch is not reported down, and metrics of the cluster's "
            "health are missing. No alert that reads them can fire.",
            first_look=("The exporter's log, and `curl -s TARGET/metrics | grep cluster_health`.",),
            action=(
                "Another program has the port: correct `metrics` of the service in the topology.",
                "The exporter lacks permission: give its user the privilege `monitor` on the cluster.",
            ),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )
