"""What Elasticsearch runs out of: heap, disk, and places in its queues."""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import Proven, exceeds, falls, rises
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import by_urgency
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
# What users wait for; the other pools are the cluster's own.
_OF_USERS = 'type=~"search|write|bulk"'
_FREE, _SIZE = "elasticsearch_filesystem_data_available_bytes", "elasticsearch_filesystem_data_size_bytes"
_NODE = {"name": "one"}
_DISK = {**_NODE, "mount": "/ (overlay)"}
_OF_NODE = f"node {{{{ $labels.name }}}} of Elasticsearch {WHERE}"


def subject(topology: Topology) -> Subject | None:
    """Alerts on what Elasticsearch runs out of; None where none is scraped."""
    if not scraped(topology, "elasticsearch"):
        return None
    rules = (*_flood(topology), _disk(topology), _heap(topology), _breaker(topology), _rejected(topology))
    return Subject(id=ID, title="Elasticsearch's capacity", groups=(Group(name="elasticsearch-capacity", rules=rules),))


def _heap(topology: Topology) -> Alert:
    name = "ElasticsearchHeapHigh"
    threshold = topology.alerts.threshold(name, 0.85)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=MINUTE // 2, shown=_NODE)

    def use(share: float, service: str) -> tuple[Series, ...]:
        # A saw-tooth: up and down by an eighth of itself every minute.
        high, low = share * GIB * 9 / 8, share * GIB * 7 / 8
        teeth = " ".join([f"{low!r} {high!r}"] * (bench.world.count // 2 + 1))
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

    text = "The heap of node one of Elasticsearch db on main is nearly full, after collections too."
    proven = exceeds(bench, use, threshold, lambda _: text, exact=False)
    used = f"avg_over_time({selector(_USED, _JOB, _HEAP)}[15m])"
    return Alert(
        alert=name,
        # The average takes the saw-tooth out, which is no trouble.
        expr=f"{by_service('max', used, 'name')}\n"
        f"/ {by_service('max', selector(_MAX, _JOB, _HEAP), 'name')} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch's heap is full.",
        description=f"The heap of {_OF_NODE} is nearly full, after collections too.",
        dashboard=DASHBOARD,
        panel="Heap",
        threshold=threshold,
        threshold_source="Elastic's advice: from 85 % on the parent circuit breaker (95 %) is near",
        runbook=Runbook(
            meaning="Collections free little. Searches get slow, then circuit breakers refuse them, then the JVM "
            "stops.",
            first_look=(
                "Dashboard *Elasticsearch*, panel *Garbage collection*: how much time goes into the old generation?",
                "`curl -s 'localhost:9200/_nodes/stats/breaker?pretty'` and `_cat/fielddata?v` in the container.",
            ),
            action=(
                "Aggregations or sorts on text fields: use keyword fields, which need no fielddata.",
                "Too many shards: each costs heap. Delete or merge old indices.",
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
        expr=f"{by_service('sum', f'increase({selector(_TRIPPED, _JOB)}[10m])')} > 0",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch refused requests for lack of heap.",
        description=f"Elasticsearch {WHERE} refused requests for lack of heap (circuit breaker).",
        dashboard=DASHBOARD,
        panel="Refused requests",
        runbook=Runbook(
            meaning="A circuit breaker stopped a request that would have taken too much heap; whoever sent it got "
            "`circuit_breaking_exception` with status 429.",
            first_look=("The log names the breaker, the request, and what it wanted.",),
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
    text = "Elasticsearch db on main has no room in its queues and refuses requests."
    own = bench.rising(_REJECTED, 9, "other", type="management", name="one")
    searches, writes, bulks = (
        rises(bench, _REJECTED, text, beside=(own,), type=kind, name="one") for kind in ("search", "write", "bulk")
    )
    return Alert(
        alert=name,
        expr=f"{by_service('sum', f'increase({selector(_REJECTED, _JOB, _OF_USERS)}[10m])')} > 0",
        wait=bench.wait,
        severity="warning",
        summary="Elasticsearch refuses searches or writes.",
        description=f"Elasticsearch {WHERE} has no room in its queues and refuses requests.",
        dashboard=DASHBOARD,
        panel="Refused requests",
        runbook=Runbook(
            meaning="More searches or writes wait than the queues hold; the others get status 429. A user may see no "
            "result, and an import may lose documents if it does not try again.",
            first_look=("`curl -s 'localhost:9200/_cat/thread_pool/search,write?v'` in the container.",),
            action=(
                "An import: let it send fewer and larger bulks, one after the other, and repeat what is refused.",
                "Slow searches: the slow log names them.",
            ),
            false_alarms="None known.",
        ),
        fires=(*searches.fires, _named(writes.fires[0], "writes"), _named(bulks.fires[0], "bulks, before version 7")),
        silent=searches.silent,
    )


def _named(case: Case, what: str) -> Case:
    return replace(case, title=f"fires for refused {what}")


def _disk_proof(bench: Bench, threshold: float, text: str) -> Proven:
    """Less is free than the threshold."""

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
    """A disk has less than this share of it free; several paths of a node may lie on one."""
    free = by_service("min", selector(_FREE, _JOB), "name", "mount")
    return f"{free}\n/ {by_service('max', selector(_SIZE, _JOB), 'name', 'mount')} < {number(threshold)}"


def _flood(topology: Topology) -> tuple[Alert, Alert]:
    name = "ElasticsearchDiskFlood"
    threshold = topology.alerts.threshold(name, 0.06)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE), shown=_DISK)
    proven = _disk_proof(
        bench, threshold, "Node one of Elasticsearch db on main has {} of its disk left, and stops writing at 5%."
    )
    return by_urgency(
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
                meaning="At 95 % Elasticsearch makes every index with a shard on that disk read-only, and applications "
                "get errors for what they write.",
                first_look=(
                    "`df -h` on the server, and `curl -s 'localhost:9200/_cat/allocation?v'` in the container.",
                ),
                action=(
                    "Is it Elasticsearch's data, or something else on its disk? `du -xh --max-depth 2 / | sort -h`.",
                    "Delete old indices; deleting documents frees nothing at once.",
                    (
                        "From version 7.4 on the block goes by itself; before, `PUT /_all/_settings` with "
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
        threshold_source="Elasticsearch's low watermark (85 % used), above which it allocates no replica there",
        runbook=Runbook(
            meaning="From here on Elasticsearch puts no new replica on this disk; at 90 % used it moves shards away, "
            "at 95 % it stops writing.",
            first_look=("`df -h` on the server, and `curl -s 'localhost:9200/_cat/indices?v&s=store.size:desc'`.",),
            action=(
                "Delete or shrink old indices; let a lifecycle policy do it from now on.",
                "Something else fills the disk: see the server's dashboard.",
            ),
            false_alarms="A disk that is shared and always this full: lower the threshold.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )
