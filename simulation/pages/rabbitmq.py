"""RabbitMQ's own metrics: of the node, and of each queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import daily
from boxwatch.topology.model import Service
from boxwatch.topology.units import GIB

EXPORTER: Final = "rabbitmq"
_QUEUES: Final = ("mail", "orders", "thumbnails")
_AMQP: Final = {"protocol": "amqp091"}
_CLASSIC: Final = {**_AMQP, "queue_type": "rabbit_classic_queue"}
_MESSAGES: Final = 14.0


def samples(box: Box, service: Service, server: str, now: float, *, queues: bool) -> Iterator[Sample] | None:
    """What a page reports at a moment, that of its queues or that of the node; None if it does not answer."""
    if box.fault("database down", now, service.name) is not None or not box.up(now, service, server):
        return None
    return (_queues if queues else _node)(box, service, server, now)


def _queues(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    since = box.since(now, service, server)
    for queue in _QUEUES:
        named = {"queue": queue, "vhost": "/"}
        yield Sample("rabbitmq_detailed_queue_messages_ready", float(int(6 * chance(queue, now // 30))), named)
        yield Sample("rabbitmq_detailed_queue_messages_unacked", float(int(4 * chance(queue, now // 30, 1))), named)
        yield Sample("rabbitmq_detailed_queue_consumers", 2.0, named)
        yield Sample("rabbitmq_detailed_queue_process_reductions_total", float(int(9000 * (now - since))), named)


def _node(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    since = box.since(now, service, server)
    done = float(int(daily(_MESSAGES, chance(box.seed, service.name), 0.9).total(since, now)))
    for name in ("received", "unroutable_dropped", "unroutable_returned"):
        yield Sample(f"rabbitmq_global_messages_{name}_total", done if name == "received" else 0.0, _AMQP)
    for name in ("acknowledged", "delivered", "redelivered"):
        yield Sample(f"rabbitmq_global_messages_{name}_total", 0.0 if name == "redelivered" else done, _CLASSIC)
    yield Sample("rabbitmq_queue_messages_ready", 8.0)
    yield Sample("rabbitmq_queue_messages_unacked", 5.0)
    for name, count in (("queues", len(_QUEUES)), ("consumers", 2 * len(_QUEUES)), ("connections", 7), ("channels", 9)):
        yield Sample(f"rabbitmq_{name}", float(count))
    yield Sample("rabbitmq_queues_created_total", float(len(_QUEUES)))
    yield Sample("rabbitmq_connections_opened_total", float(7 + int((now - since) / 1800)))
    yield Sample("rabbitmq_channels_opened_total", float(9 + int((now - since) / 1800)))
    yield Sample("rabbitmq_alarms_free_disk_space_watermark", 0.0)
    yield Sample("rabbitmq_alarms_memory_used_watermark", 0.0)
    yield Sample("rabbitmq_disk_space_available_bytes", float(box.disk(now, server)[1]))
    yield Sample("rabbitmq_disk_space_available_limit_bytes", 2.0 * GIB)
    yield Sample("rabbitmq_resident_memory_limit_bytes", 0.6 * service.memory)
    yield Sample("rabbitmq_process_resident_memory_bytes", 0.3 * service.memory)
    yield Sample("rabbitmq_process_open_fds", 62.0)
    yield Sample("rabbitmq_process_max_fds", 1048576.0)
