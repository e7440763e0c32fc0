"""Elasticsearch: health, shards, heap, disk and work."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout, queries
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels import colours, field_config
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.grafana.tree import Node
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_ES = Engine(kinds.of("elasticsearch"))
_OF_NODE = "{{name}} of {{service}}"
_HEAP = 'area="heap"'
_USED, _MAX = (
    _ES.by("max", f"elasticsearch_jvm_memory_{end}_bytes", "name", matchers=_HEAP) for end in ("used", "max")
)
_FREE, _SIZE = (
    _ES.by("min", f"elasticsearch_filesystem_data_{end}_bytes", "name", "mount") for end in ("available", "size")
)


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no Elasticsearch is scraped."""
    topology = built.topology
    if not scraped(topology, "elasticsearch"):
        return None
    lines = built.thresholds
    return _ES.page(
        topology,
        "Does Elasticsearch answer, does it have all its shards, and does it have heap and disk left?",
        layout.place(
            layout.line(
                4,
                (_ES.alerts(), 4),
                (_heap_now(lines), 4),
                (_disk_now(lines), 4),
                (_ES.up("elasticsearch_scrape_success", 'collector="cluster-info"'), 6),
                (_health(), 6),
            ),
            layout.heading("Heap and disk"),
            layout.even(8, _heap(lines), _collections(), _disk(lines)),
            layout.heading("Work"),
            layout.even(8, _searches(), _search_time(), _indexing()),
            layout.even(8, _refused(), _queues(), _breakers()),
            layout.heading("Data"),
            layout.even(8, _documents(), _stored(), _shards()),
            layout.detail("Times", layout.even(8, _indexing_time(), _fetch_time(), _background())),
            layout.detail("Caches and segments", layout.even(8, _caches(), _evictions(), _segments())),
            layout.detail("Node", layout.even(8, _cpu(), _files(), _pending(), _traffic())),
        ),
    )


def _heap_now(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Heap now",
        description="On the fullest node. Healthy: green most of the time; it rises and falls with garbage collection.",
        unit="percentunit",
        scale=backing_services.near(lines["ElasticsearchHeapHigh"], "ElasticsearchHeapHigh"),
        queries=(Query(f"max({_USED} / {_MAX})"),),
    )


def _disk_now(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Disk left",
        description="Of the fullest disk. Healthy: green.",
        unit="percentunit",
        scale=backing_services.below(lines["ElasticsearchDiskLow"], "ElasticsearchDiskLow"),
        queries=(Query(f"min({_FREE} / {_SIZE})"),),
    )


def _health() -> States:
    # 1 is green, 2 yellow, 3 red: exactly one of the colours is 1, the others are 0.
    worth = " + on (server, service) ".join(
        f"{value} * {_ES.by('max', 'elasticsearch_cluster_health_status', matchers=matcher)}"
        for value, matcher in ((1, 'color="green"'), (2, 'color="yellow"'), (3, 'color="red"'))
    )
    return States(
        title="Health",
        description="Cluster health. Healthy: green, or yellow for a single node, which has nowhere to put replicas.",
        unit="none",
        scale=backing_services.uncoloured(
            "The colours are Elasticsearch's own, not from the topology; apart from them"
        ),
        queries=(Query(worth, NAMED),),
        mappings=tuple(
            field_config.states(
                State(1, "green", colours.GOOD), State(2, "yellow", colours.NEAR), State(3, "red", colours.BAD)
            )
        ),
    )


def _heap(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Heap",
        description="Share of the heap in use. Healthy: a sawtooth whose low points stay far below the line.",
        unit="percentunit",
        scale=backing_services.says("ElasticsearchHeapHigh"),
        queries=(Query(f"{_USED} / {_MAX}", _OF_NODE),),
        soft_max=1,
    )
    return backing_services.with_alert(graph, lines["ElasticsearchHeapHigh"])


def _collections() -> Graph:
    spent = _ES.by("sum", "elasticsearch_jvm_gc_collection_seconds_sum", "name", "gc", per_second=True)
    return Graph(
        title="Garbage collection",
        description="Share of time spent on garbage collection. Healthy: a few percent for young, next to nothing for "
        "old.",
        unit="percentunit",
        scale=backing_services.uncoloured("ElasticsearchHeapHigh judges the heap after collection"),
        queries=(Query(spent, "{{gc}}, {{name}} of {{service}}"),),
        words=("young", "old", "survivor"),
    )


def _disk(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Free disk",
        description="Share of the disk that is free. Healthy: above the line; at 5% Elasticsearch stops writing.",
        unit="percentunit",
        scale=backing_services.says("ElasticsearchDiskLow"),
        queries=(Query(f"{_FREE} / {_SIZE}", "{{mount}}, {{name}} of {{service}}"),),
        soft_max=1,
    )
    return backing_services.with_alert(graph, lines["ElasticsearchDiskLow"])


def _searches() -> Graph:
    return Graph(
        title="Searches",
        description="Searches a second, counted per shard. Healthy: a familiar level.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(_ES.by("sum", "elasticsearch_indices_search_query_total", per_second=True), NAMED),),
    )


def _search_time() -> Graph:
    spent, count = (
        _ES.by("sum", f"elasticsearch_indices_search_query_{end}", per_second=True) for end in ("time_seconds", "total")
    )
    return Graph(
        title="Search time",
        description="Mean time per shard. Healthy: tens of milliseconds.",
        unit="s",
        scale=backing_services.uncoloured("What counts as slow depends on the query"),
        queries=(Query(f"{spent} / ({count} > 0)", NAMED),),
    )


def _indexing() -> Graph:
    return Graph(
        title="Documents indexed",
        description="Documents written a second. Healthy: a familiar level.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(_ES.by("sum", "elasticsearch_indices_indexing_index_total", per_second=True), NAMED),),
    )


def _refused() -> Graph:
    rejected, tripped = (
        _ES.by("sum", metric, label, per_second=True)
        for metric, label in (
            ("elasticsearch_thread_pool_rejected_count", "type"),
            ("elasticsearch_breakers_tripped", "breaker"),
        )
    )
    return Graph(
        title="Refused requests",
        description="Requests a second rejected because a queue was full, or because heap was short (breaker). "
        "Healthy: none.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("ElasticsearchRequestsRejected and ElasticsearchBreakerTripped fire on any"),
        queries=(
            Query(queries.largest(rejected, 5), "queue {{type}}, {{service}}"),
            Query(queries.largest(tripped, 3), "breaker {{breaker}}, {{service}}"),
        ),
        soft_max=1,
    )


def _queues() -> Graph:
    return Graph(
        title="Waiting in queues",
        description="Requests waiting for a thread. Healthy: 0 with short peaks.",
        unit="none",
        scale=backing_services.uncoloured("Overflowing queues reject requests, which has an alert"),
        queries=(Query(_ES.largest("sum", "elasticsearch_thread_pool_queue_count", "type"), "{{type}}, {{service}}"),),
        soft_max=1,
    )


def _breakers() -> Graph:
    size, limit = (
        _ES.by("max", f"elasticsearch_breakers_{end}_size_bytes", "name", "breaker") for end in ("estimated", "limit")
    )
    return Graph(
        title="Circuit breakers",
        description="Heap held by requests against the limit of each breaker. Healthy: far below 100%.",
        unit="percentunit",
        scale=backing_services.uncoloured("A tripped breaker has an alert"),
        queries=(Query(queries.largest(f"{size} / ({limit} > 0)"), "{{breaker}}, {{name}} of {{service}}"),),
        soft_max=0.1,
    )


def _documents() -> Graph:
    return Graph(
        title="Documents",
        description="Documents in all indices, replicas included. Healthy: an expected slope.",
        unit="short",
        scale=backing_services.uncoloured("No number is bad in itself"),
        queries=(Query(_ES.by("sum", "elasticsearch_indices_docs"), NAMED),),
    )


def _stored() -> Graph:
    return Graph(
        title="Index size",
        description="On disk, replicas included. Healthy: an expected slope.",
        unit="bytes",
        scale=backing_services.uncoloured("Free disk has a panel above"),
        queries=(Query(_ES.by("sum", "elasticsearch_indices_store_size_bytes"), NAMED),),
    )


def _shards() -> Graph:
    shards = (
        Query(_ES.by("max", f"elasticsearch_cluster_health_{state}_shards"), f"{state}, {{{{service}}}}")
        for state in ("active", "initializing", "relocating", "unassigned")
    )
    return Graph(
        title="Shards",
        description="Shards by state. Healthy: all active; on a single node the replicas stay unassigned.",
        unit="none",
        scale=backing_services.uncoloured("Health has a panel above"),
        queries=tuple(shards),
        overrides=tuple(
            field_config.query(letter, field_config.colour(colour))
            for letter, colour in zip("ABCD", (colours.GOOD, colours.USE, colours.QUIET, colours.NEAR), strict=True)
        ),
        steps=True,
    )


def _mean(spent: str, count: str) -> str:
    total, number = (_ES.by("sum", f"elasticsearch_indices_{metric}", per_second=True) for metric in (spent, count))
    return f"{total} / ({number} > 0)"


def _indexing_time() -> Graph:
    return Graph(
        title="Indexing time",
        description="Mean time to index a document. Healthy: a few milliseconds.",
        unit="s",
        scale=backing_services.uncoloured("What counts as slow depends on the document"),
        queries=(Query(_mean("indexing_index_time_seconds_total", "indexing_index_total"), NAMED),),
        no_value="nothing indexed",
    )


def _fetch_time() -> Graph:
    return Graph(
        title="Fetch time",
        description="Mean time of the second phase of a search, which loads the results. Healthy: a few milliseconds.",
        unit="s",
        scale=backing_services.uncoloured("What counts as slow depends on the documents"),
        queries=(Query(_mean("search_fetch_time_seconds", "search_fetch_total"), NAMED),),
        no_value="nothing fetched",
    )


def _background() -> Graph:
    tasks = (
        ("merges_total_time_seconds_total", "merging"),
        ("refresh_time_seconds_total", "refreshing"),
        ("flush_time_seconds", "flushing"),
    )
    return Graph(
        title="Background work",
        description="Time spent on merging, refreshing and flushing segments, in each second. Healthy: a familiar "
        "level.",
        unit="percentunit",
        scale=backing_services.uncoloured("It follows the writes"),
        queries=tuple(
            Query(_ES.by("sum", f"elasticsearch_indices_{metric}", per_second=True), f"{word}, {{{{service}}}}")
            for metric, word in tasks
        ),
        soft_max=0.1,
    )


def _caches() -> Graph:
    caches = (("query_cache", "queries"), ("request_cache", "requests"), ("fielddata", "field data"))
    return Graph(
        title="Caches",
        description="Heap used by each cache. Healthy: a stable level; field data on text fields grows without end.",
        unit="bytes",
        scale=backing_services.uncoloured("The breakers above limit them"),
        queries=tuple(
            Query(_ES.by("sum", f"elasticsearch_indices_{cache}_memory_size_bytes"), f"{word}, {{{{service}}}}")
            for cache, word in caches
        ),
    )


def _evictions() -> Graph:
    caches = (("query_cache", "queries"), ("request_cache", "requests"), ("fielddata", "field data"))
    return Graph(
        title="Evictions",
        description="Entries dropped from each cache for lack of room. Healthy: few.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("What is normal depends on the queries"),
        queries=tuple(
            Query(
                _ES.by("sum", f"elasticsearch_indices_{cache}_evictions", per_second=True), f"{word}, {{{{service}}}}"
            )
            for cache, word in caches
        ),
        soft_max=1,
    )


def _segments() -> Graph:
    return Graph(
        title="Segments",
        description="Segments of all indices; merging keeps them few. Healthy: a stable level.",
        unit="short",
        scale=backing_services.uncoloured("No number is bad in itself"),
        queries=(Query(_ES.by("sum", "elasticsearch_indices_segments_count"), NAMED),),
    )


def _cpu() -> Graph:
    return Graph(
        title="CPU",
        description="CPU use of the process, of all CPUs that it may use. Healthy: a familiar level.",
        unit="percent",
        scale=backing_services.uncoloured("What is normal depends on the load"),
        queries=(Query(_ES.by("max", "elasticsearch_process_cpu_percent", "name"), _OF_NODE),),
    )


def _files() -> Graph:
    return Graph(
        title="Open files",
        description="Files that the process has open. Healthy: far below its limit, usually 65,535.",
        unit="short",
        scale=backing_services.uncoloured("The limit is seldom near"),
        queries=(Query(_ES.by("max", "elasticsearch_process_open_files_count", "name"), _OF_NODE),),
    )


def _pending() -> Graph:
    return Graph(
        title="Pending tasks",
        description="Changes to the cluster that wait for the master. Healthy: 0 with short peaks.",
        unit="none",
        scale=backing_services.uncoloured("Each new index causes some"),
        queries=(Query(_ES.by("max", "elasticsearch_cluster_health_number_of_pending_tasks"), NAMED),),
        soft_max=1,
    )


def _traffic() -> Graph:
    return Graph(
        title="Transport traffic",
        description="Bytes between nodes. Healthy: a familiar level; next to nothing on a single node.",
        unit="Bps",
        scale=backing_services.uncoloured("No amount is bad in itself"),
        queries=tuple(
            Query(
                _ES.by("sum", f"elasticsearch_transport_{end}_size_bytes_total", per_second=True),
                f"{word}, {{{{service}}}}",
            )
            for end, word in (("rx", "received"), ("tx", "sent"))
        ),
    )
