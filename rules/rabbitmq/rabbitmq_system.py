"""RabbitMQ as a monitored system: its subjects, healthy day and relabelling."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Series
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.healthy_hours import UNSCRAPED, Hours
from boxwatch.rules.rabbitmq import rabbitmq, rabbitmq_queues
from boxwatch.rules.relabelling import Config, relabel
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

_NAME = "rabbitmq"
_JOB, _QUEUES = kinds.of(_NAME).jobs
# Read by no rule or panel: the Erlang runtime's 500 series, and two further series per queue.
_UNREAD = "(erlang|telemetry)_.*|rabbitmq_detailed_queue_(messages|info)"


def healthy_day(hours: Hours) -> tuple[Series, ...]:
    """A worker is redeployed, a burst drains, and dead letters, delayed messages and a stream stay in their queues."""
    fixtures, service = hours.fixtures, "broker"
    down = hours.brief(1, "RabbitmqDown", "TargetDown")
    away = hours.brief(2, "RabbitmqQueueUnconsumed")

    def of(metric: str, values: str, job: str = _JOB, **labels: str) -> Series:
        return fixtures.scraped(metric, values, job=job, service=service, **labels)

    def queue(name: str, ready: str, consumers: str, work: str, unacked: str) -> tuple[Series, ...]:
        metrics = {
            "messages_ready": ready,
            "messages_unacked": unacked,
            "consumers": consumers,
            "process_reductions_total": work,
        }
        labels = {"job": _QUEUES, "vhost": "/", "queue": name}
        return tuple(of(f"rabbitmq_detailed_queue_{end}", values, **labels) for end, values in metrics.items())

    works, idle = hours.counter(9000, down, 0), hours.level(0, down, 0)
    burst = 3 * hours.most("RabbitmqBacklogGrowing", 1000)
    held = hours.most("RabbitmqUnackedHigh", 250)
    return (
        fixtures.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        of("up", hours.but(1, 0, down)),
        of("up", hours.but(1, 0, down), _QUEUES),
        of("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 0.1), 0, 0)),
        of("rabbitmq_alarms_memory_used_watermark", hours.but(0, 1, hours.brief(1, "RabbitmqMemoryAlarm"), 30)),
        of("rabbitmq_alarms_free_disk_space_watermark", hours.level(0, down, 0)),
        of("rabbitmq_process_open_fds", hours.wave(50, 1024 * hours.most("RabbitmqFilesNearLimit", 0.5), down, 0)),
        of("rabbitmq_process_max_fds", hours.level(1024, down, 0)),
        of("rabbitmq_queues", hours.level(4, down, 0)),
        *queue(
            "orders",
            hours.but(0, burst, 5, UNSCRAPED + 4),
            hours.but(2, 0, away, UNSCRAPED),
            works,
            hours.wave(0, held, down, 0),
        ),
        *queue("orders-dead", hours.wave(burst, 2 * burst, down, 0), idle, works, idle),
        *queue("orders-delayed", hours.wave(0, burst, down, 0), idle, works, idle),
        *queue("log", hours.counter(burst, 0, 0), hours.level(1, down, 0), idle, idle),
    )


def relabelling(_: Topology) -> list[Config]:
    """Drop unread series: 1,000 queues are 4,000 series, or 23,000 on /metrics/per-object (measured on 4.0 and 4.3)."""
    return [relabel(["__name__"], _UNREAD, action="drop")]


SYSTEM = System(
    name=_NAME,
    subjects=(rabbitmq.subject, rabbitmq_queues.subject),
    healthy_day=healthy_day,
    switch_on="run `docker exec NAME rabbitmq-plugins enable rabbitmq_prometheus`",
    relabelling=relabelling,
)
