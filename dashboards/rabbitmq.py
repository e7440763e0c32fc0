"""RabbitMQ: does it answer, does it block publishers, and which queues grow, lost their consumers, or are not acked?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from boxwatch.dashboards import backing_services, layout
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_KIND = kinds.of("rabbitmq")
_RABBITMQ = Engine(_KIND)
# Its second page, about single queues.
_QUEUES = Engine(replace(_KIND, pages=_KIND.pages[1:]))
_QUEUE = ("vhost", "queue")
_OF_QUEUE = "{{queue}} ({{vhost}}), {{service}}"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no RabbitMQ is scraped."""
    topology, lines = built.topology, built.thresholds
    if not scraped(topology, "rabbitmq"):
        return None
    return _RABBITMQ.page(
        topology,
        "Does RabbitMQ answer, does it block publishers, and does every queue drain?",
        layout.place(
            layout.line(
                4,
                (_RABBITMQ.alerts(), 4),
                (_dead(), 6),
                (_waiting(), 4),
                (_RABBITMQ.up("up"), 5),
                (_alarms(), 5),
            ),
            layout.heading("Queues"),
            layout.even(8, _longest(lines), _unacked(lines)),
            layout.even(8, _messages(), _flow(), _lost()),
            layout.heading("Node"),
            layout.even(8, _memory(), _disk()),
            layout.even(8, _files(lines), _connections(), _churn()),
        ),
    )


def _dead() -> Stat:
    ready, consumers = (_QUEUES.at(f"rabbitmq_detailed_queue_{end}") for end in ("messages_ready", "consumers"))
    lost = f"max_over_time({consumers}[1d:5m]) > 0"
    works = f"last_over_time({_QUEUES.at('rabbitmq_detailed_queue_process_reductions_total')}[5m]) > 0"
    return Stat(
        title="Queues without consumers",
        description="Queues that hold messages, had a consumer within a day and have none now. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(colours.NEAR),
        queries=(
            Query(
                f"count({ready} > 0 and {consumers} == 0 and {lost} and {works})"
                f" or 0 * count({_RABBITMQ.at('rabbitmq_queues')})"
            ),
        ),
    )


def _waiting() -> Stat:
    return Stat(
        title="Messages waiting",
        description="Messages ready for a consumer, in all queues. Healthy: the usual level.",
        unit="short",
        scale=backing_services.uncoloured("The longest queues are judged below"),
        queries=(Query(f"sum({_RABBITMQ.by('sum', 'rabbitmq_queue_messages_ready')})"),),
    )


def _alarms() -> States:
    memory, disk = (
        _RABBITMQ.by("max", f"rabbitmq_alarms_{end}") for end in ("memory_used_watermark", "free_disk_space_watermark")
    )
    return States(
        title="Alarms",
        description="Whether RabbitMQ blocks publishers for lack of memory or disk space. Healthy: off throughout.",
        unit="none",
        scale=backing_services.uncoloured("Red is an alarm (RabbitmqMemoryAlarm, RabbitmqDiskAlarm); else"),
        queries=(Query(memory, "memory, {{service}}"), Query(disk, "disk, {{service}}")),
        mappings=tuple(field_config.states(State(0, "off", colours.GOOD), State(1, "blocked", colours.BAD))),
    )


def _longest(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Longest queues",
        description="Messages ready in the eight longest queues. Healthy: lines that fall back after each burst.",
        unit="short",
        scale=backing_services.says("RabbitmqBacklogGrowing"),
        queries=(Query(_QUEUES.largest("max", "rabbitmq_detailed_queue_messages_ready", *_QUEUE), _OF_QUEUE),),
    )
    return backing_services.with_alert(graph, lines["RabbitmqBacklogGrowing"])


def _unacked(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Unacknowledged messages",
        description="Delivered and not acknowledged, in the eight queues with most. Healthy: within the prefetch "
        "limit.",
        unit="short",
        scale=backing_services.says("RabbitmqUnackedHigh"),
        queries=(Query(_QUEUES.largest("max", "rabbitmq_detailed_queue_messages_unacked", *_QUEUE), _OF_QUEUE),),
    )
    return backing_services.with_alert(graph, lines["RabbitmqUnackedHigh"])


def _messages() -> Graph:
    return Graph(
        title="Messages",
        description="Messages in all queues, ready and unacknowledged. Healthy: the usual level.",
        unit="short",
        scale=backing_services.uncoloured("No number is bad by itself"),
        queries=(
            Query(_RABBITMQ.by("sum", "rabbitmq_queue_messages_ready"), "ready, {{service}}"),
            Query(_RABBITMQ.by("sum", "rabbitmq_queue_messages_unacked"), "unacknowledged, {{service}}"),
        ),
    )


def _flow() -> Graph:
    flows = (("received", "published"), ("delivered", "delivered"), ("acknowledged", "acknowledged"))
    return Graph(
        title="Message rates",
        description="Messages published, delivered and acknowledged. Healthy: lines that stay together.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad by itself"),
        queries=tuple(
            Query(
                _RABBITMQ.by("sum", f"rabbitmq_global_messages_{metric}_total", per_second=True),
                f"{legend}, {{{{service}}}}",
            )
            for metric, legend in flows
        ),
    )


def _lost() -> Graph:
    lost = (("unroutable_dropped", "dropped"), ("unroutable_returned", "returned"), ("redelivered", "redelivered"))
    return Graph(
        title="Unroutable and redelivered",
        description="Messages published to no queue, or redelivered. Healthy: 0.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("Some applications publish what nobody may want"),
        queries=tuple(
            Query(
                _RABBITMQ.by("sum", f"rabbitmq_global_messages_{metric}_total", per_second=True),
                f"{legend}, {{{{service}}}}",
            )
            for metric, legend in lost
        ),
    )


def _memory() -> Graph:
    return Graph(
        title="Memory",
        description="Memory of the node and the high watermark at which it blocks publishers. Healthy: far below.",
        unit="bytes",
        scale=backing_services.uncoloured("RabbitmqMemoryAlarm speaks of the alarm itself"),
        queries=(
            Query(_RABBITMQ.by("max", "rabbitmq_process_resident_memory_bytes"), "used, {{service}}"),
            Query(_RABBITMQ.by("min", "rabbitmq_resident_memory_limit_bytes"), "watermark, {{service}}"),
        ),
        overrides=(field_config.limit_line("B"),),
    )


def _disk() -> Graph:
    return Graph(
        title="Free disk space",
        description="Free disk space and the limit below which RabbitMQ blocks publishers. Healthy: far above.",
        unit="bytes",
        scale=backing_services.uncoloured("RabbitmqDiskAlarm speaks of the alarm itself"),
        queries=(
            Query(_RABBITMQ.by("min", "rabbitmq_disk_space_available_bytes"), "free, {{service}}"),
            Query(_RABBITMQ.by("max", "rabbitmq_disk_space_available_limit_bytes"), "limit, {{service}}"),
        ),
        overrides=(field_config.limit_line("B"),),
    )


def _files(lines: Mapping[str, float]) -> Graph:
    used, most = (_RABBITMQ.at(f"rabbitmq_process_{end}_fds") for end in ("open", "max"))
    graph = Graph(
        title="File descriptors",
        description="Share of file descriptors in use, on the busiest node. Healthy: below the line.",
        unit="percentunit",
        scale=backing_services.says("RabbitmqFilesNearLimit"),
        queries=(Query(f"max by ({names.BY_SERVICE}) ({used} / {most})", NAMED),),
        soft_max=1,
    )
    return backing_services.with_alert(graph, lines["RabbitmqFilesNearLimit"])


def _connections() -> Graph:
    kinds = ("connections", "channels", "consumers")
    return Graph(
        title="Connections and channels",
        description="Open connections, channels and consumers. Healthy: the usual level.",
        unit="none",
        scale=backing_services.uncoloured("No number is bad by itself"),
        queries=tuple(Query(_RABBITMQ.by("sum", f"rabbitmq_{kind}"), f"{kind}, {{{{service}}}}") for kind in kinds),
    )


def _churn() -> Graph:
    kinds = ("connections", "channels", "queues")
    return Graph(
        title="Opened a second",
        description="Connections and channels opened, and queues declared. Healthy: near 0; clients keep theirs.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad by itself"),
        queries=tuple(
            Query(
                _RABBITMQ.by(
                    "sum", f"rabbitmq_{kind}_{'created' if kind == 'queues' else 'opened'}_total", per_second=True
                ),
                f"{kind}, {{{{service}}}}",
            )
            for kind in kinds
        ),
    )
