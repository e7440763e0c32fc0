"""Elasticsearch capacity: heap, disk, thread pool queues."""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import Proven, exceeds, falls, rises
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "elasticsearch_capacity"
DASHBOARD = "elasticsearch"

_JOB = kinds.of("elasticsearch").job
_HEAP = 'area="heap"'
_USED, _MAX = "elasticsearch_jvm_memory_used_bytes", "elasticsearch_jvm_memory_max_bytes"
_TRIPPED = "elasticsearch_breakers_tripped"
_REJECTED = "elasticsearch_thread_pool_rejected_count"
# The pools that serve users; the others serve the cluster itself.
_OF_USERS = 'type=~"search|write|bulk"'
_FREE, _SIZE = "elasticsearch_filesystem_data_available_bytes", "elasticsearch_filesystem_data_size_bytes"
_NODE = {"name": "one"}
_DISK = {**_NODE, "mount": "/ (overlay)"}
_OF_NODE = f"node {{{{ $labels.name }}}} of Elasticsearch {WHERE}"


def subject(topology: Topology) -> Subject | None:
    """Alerts on Elasticsearch's capacity; None where none is scraped."""
    if not scraped(topology, "elasticsearch"):
        return None
    rules = (*_flood(topology), _disk(topology), _heap(topology), _breaker(topology), _rejected(topology))
    return Subject(id=ID, title="Elasticsearch's capacity", groups=(Group(name="elasticsearch-capacity", rules=rules),))


def _heap(topology: Topology) -> Alert:
    name = "ElasticsearchHeapHigh"
    threshold = topology.alerts.threshold(name, 0.85)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=MINUTE // 2, shown=_NODE)

    def use(share: float, service: str) -> tuple[Series, ...]:
        # A saw-tooth that swings by an eighth either way every minute.
        high, low = share * GIB * 9 / 8, share * GIB * 7 / 8
        teeth = " ".join([f"{low!r} {high!r}"] * (bench.fixtures.count // 2 + 1))
        return (
            bench.series(_USED, teeth, service, area="heap", **_NODE),
            bench.flat(_USED, share * GIB / 2, service, area="heap", **_NODE, instance="second:9114"),
            bench.flat(_USED, 1, service, area="heap", name="two"),
            bench.flat(_USED, 9 * GIB, service, area="non-heap", **_NODE),
            bench.flat(_MAX, GIB, service, area="heap", **_NODE),
            bench.flat(_MAX, GIB / 2, service, area="heap", **_NODE, instance="second:9114"),
            bench.flat(_MAX, GIB, service, area="heap", name="two"),
            bench.flat(_MAX, 9 * GIB, service, area="non-heap", **_NODE),
        )

    text = "The heap of node one of Elasticsearch db on main stays nearly full, even after garbage collection."
    proven = exceeds(bench, use, threshold, lambda _: text, exact=False)
    used = f"avg_over_time({selector(_USED, _JOB, _HEAP)}[15m])"
    return Alert(
        alert=name,
        # The average removes the saw-tooth of garbage collection, which is harmless.
        expr=f"{by_service('max', used, 'name')}\n"
        f"/ {by_service('max', selector(_MAX, _JOB, _HEAP), 'name')} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch's heap is nearly full.",
        description=f"The heap of {_OF_NODE} stays nearly full, even after garbage collection.",
        dashboard=DASHBOARD,
        panel="Heap",
        threshold=threshold,
        threshold_source="Elastic's advice: above 85 % the parent circuit breaker (95 %) is near",
        runbook=Runbook(
            meaning="Garbage collection frees little. Searches slow down, then circuit breakers refuse them, then the "
            "JVM stops.",
            first_look=(
                "Dashboard *Elasticsearch*, panel *Garbage collection*: how much time does the old generation take?",
                "`curl -s 'localhost:9200/_nodes/stats/breaker?pretty'` and `_cat/fielddata?v` in the container.",
            ),
            action=(
                "Aggregations or sorts on text fields: use keyword fields, which need no fielddata.",
                "Too many shards, each of which costs heap: delete or merge old indices.",
                "Raise the memory in Coolify and the topology, and `-Xmx` to half of it.",
            ),
            false_alarms="None known: single peaks are averaged out.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )


def _breaker(topology: Topology) -> Alert:
    name = "ElasticsearchBreakerTripped"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 0), window=MINUTE // 2)
    text = "Elasticsearch db on main refused requests for lack of heap (circuit breaker)."
    proven = rises(bench, _TRIPPED, text, breaker="parent", name="one")
    return Alert(
        alert=name,
        expr=f"{by_service('sum', f'increase({selector(_TRIPPED, _JOB)}[{bench.window_of_one}])')} > 0",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch refused requests for lack of heap.",
        description=f"Elasticsearch {WHERE} refused requests for lack of heap (circuit breaker).",
        dashboard=DASHBOARD,
        panel="Refused requests",
        runbook=Runbook(
            meaning="A circuit breaker stopped a request that would have taken too much heap; its client got "
            "`circuit_breaking_exception` with status 429.",
            first_look=("Read the log: it names the breaker, the request and its size.",),
            action=(
                "`parent`: the heap as a whole is full; see *ElasticsearchHeapHigh*.",
                "`fielddata` or `request`: one large aggregation; make it smaller, or page through it.",
            ),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )


def _rejected(topology: Topology) -> Alert:
    name = "ElasticsearchRequestsRejected"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE), window=MINUTE // 2)
    text = "Elasticsearch db on main rejects requests because its queues are full."
    own = bench.rising(_REJECTED, 9, "other", type="management", name="one")
    searches, writes, bulks = (
        rises(bench, _REJECTED, text, decoys=(own,), type=kind, name="one") for kind in ("search", "write", "bulk")
    )
    return Alert(
        alert=name,
        expr=f"{by_service('sum', f'increase({selector(_REJECTED, _JOB, _OF_USERS)}[{bench.window_of_one}])')} > 0",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch rejects searches or writes.",
        description=f"Elasticsearch {WHERE} rejects requests because its queues are full.",
        dashboard=DASHBOARD,
        panel="Refused requests",
        runbook=Runbook(
            meaning="The search or write queue is full; further requests get status 429. Users may see no results, and "
            "an import that does not retry loses documents.",
            first_look=("`curl -s 'localhost:9200/_cat/thread_pool/search,write?v'` in the container.",),
            action=(
                "An import: let it send fewer, larger bulks one after the other, and retry rejected ones.",
                "Slow searches: the slow log names them.",
            ),
            false_alarms="None known.",
        ),
        fires=(*searches.fires, _named(writes.fires[0], "writes"), _named(bulks.fires[0], "bulks, before version 7")),
        silent=searches.silent,
    )


def _named(case: Case, what: str) -> Case:
    return replace(case, title=f"fires for rejected {what}")


def _disk_proof(bench: Bench, threshold: float, text: str) -> Proven:
    """Cases of free disk space below a threshold."""

    def use(free: float, service: str) -> tuple[Series, ...]:
        return (
            bench.flat(_FREE, free * GIB, service, **_DISK),
            bench.flat(_FREE, 2 * GIB, service, **_DISK, path="/second"),
            bench.flat(_SIZE, GIB, service, **_DISK),
            bench.flat(_SIZE, GIB / 2, service, **_DISK, path="/second"),
            # Another disk, and another node.
            *(bench.flat(metric, GIB / 512, service, **{**_DISK, "mount": "/b"}) for metric in (_FREE, _SIZE)),
            *(bench.flat(metric, GIB / 512, service, **{**_DISK, "name": "two"}) for metric in (_FREE, _SIZE)),
        )

    return falls(bench, use, threshold, lambda free: text.format(percentage(free)))


def _left(threshold: float) -> str:
    """PromQL: disks with a smaller share free; several paths of a node may share one disk."""
    free = by_service("min", selector(_FREE, _JOB), "name", "mount")
    return f"{free}\n/ {by_service('max', selector(_SIZE, _JOB), 'name', 'mount')} < {number(threshold)}"


def _flood(topology: Topology) -> tuple[Alert, Alert]:
    name = "ElasticsearchDiskFlood"
    threshold = topology.alerts.threshold(name, 0.06)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE), shown=_DISK)
    proven = _disk_proof(
        bench, threshold, "Node one of Elasticsearch db on main has {} of its disk left, and stops writing at 5%."
    )
    return by_paging(
        Alert(
            alert=name,
            expr=_left(threshold),
            wait=bench.wait,
            severity="critical",
            summary="Elasticsearch is about to stop writing.",
            description=f"N{_OF_NODE[1:]} has {{{{ $value | humanizePercentage }}}} of its disk left, and stops "
            "writing at 5%.",
            dashboard=DASHBOARD,
            panel="Free disk",
            threshold=threshold,
            threshold_source="a point above Elasticsearch's flood-stage watermark (95 % used)",
            runbook=Runbook(
                meaning="At 95 % used Elasticsearch makes every index with a shard on that disk read-only, and "
                "applications get errors when they write.",
                first_look=(
                    "`df -h` on the server, and `curl -s 'localhost:9200/_cat/allocation?v'` in the container.",
                ),
                action=(
                    "`du -xh --max-depth 2 / | sort -h`: is it Elasticsearch's data, or something else on its disk?",
                    "Delete old indices; deleting documents frees no space at once.",
                    (
                        "Since version 7.4 the block lifts by itself; before that, `PUT /_all/_settings` with "
                        "`index.blocks.read_only_allow_delete: null`."
                    ),
                ),
                false_alarms="Watermarks of your own: set the threshold a point above your flood stage.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _disk(topology: Topology) -> Alert:
    name = "ElasticsearchDiskLow"
    threshold = topology.alerts.threshold(name, 0.15)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), shown=_DISK)
    proven = _disk_proof(bench, threshold, "Node one of Elasticsearch db on main has {} of its disk left.")
    return Alert(
        alert=name,
        expr=_left(threshold),
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch's disk is filling up.",
        description=f"N{_OF_NODE[1:]} has {{{{ $value | humanizePercentage }}}} of its disk left.",
        dashboard=DASHBOARD,
        panel="Free disk",
        threshold=threshold,
        threshold_source="Elasticsearch's low watermark (85 % used), above which it allocates no new replica to "
        "the disk",
        runbook=Runbook(
            meaning="Elasticsearch allocates no new replica to this disk; at 90 % used it moves shards away, at 95 % "
            "it stops writing.",
            first_look=("`df -h` on the server, and `curl -s 'localhost:9200/_cat/indices?v&s=store.size:desc'`.",),
            action=(
                "Delete or shrink old indices, and let a lifecycle policy do so in future.",
                "Something else fills the disk: see the server's dashboard.",
            ),
            false_alarms="A shared disk that is always this full: lower the threshold.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )
