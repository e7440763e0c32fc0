"""RabbitMQ's queues: does each that has messages have consumers, does it drain, and are deliveries acknowledged.

The rules read the page /metrics/detailed, families queue_coarse_metrics and queue_consumer_count: /metrics sums over
all queues of a node, where a dead queue hides among busy ones, and /metrics/per-object has 23 series a queue.

A queue may be meant to wait: one for delays or dead letters has no consumers, and a stream keeps what was read. So only
queues count that had a consumer within a day, and a stream is told apart by the work of its process, which no version
reports for it (recorded on 3.10, 4.0 and 4.3; its type is on the page since 4.1 or later only). Reply queues, exclusive
or deleted by themselves, are gone with their consumer, and their series with them.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import exceeds
from boxwatch.rules.patterns.fragments import expr, number
from boxwatch.rules.proofs.fixtures import INTERVAL, flat
from boxwatch.rules.template_functions import short
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "rabbitmq_queues"
DASHBOARD = "rabbitmq"

_BROKER, _JOB = kinds.of("rabbitmq").jobs
_VHOST, _QUEUE = "vhost", "queue"
_READY, _UNACKED, _CONSUMERS, _WORK = (
    f"rabbitmq_detailed_queue_{end}"
    for end in ("messages_ready", "messages_unacked", "consumers", "process_reductions_total")
)
_QUEUES = "rabbitmq_queues"
_OF = f"queue {{{{ $labels.{_QUEUE} }}}} of vhost {{{{ $labels.{_VHOST} }}}} on RabbitMQ {WHERE}"
_OF_ORDERS = "queue orders of vhost / on RabbitMQ db on main"
_ORDERS = {_VHOST: "/", _QUEUE: "orders"}
_DAY = 24 * 60 * MINUTE


def subject(topology: Topology) -> Subject | None:
    """Alerts on single queues; None where no RabbitMQ is scraped."""
    if not scraped(topology, "rabbitmq"):
        return None
    rules = (_unconsumed(topology), _growing(topology), _unacked(topology), _unseen(topology))
    return Subject(id=ID, title="RabbitMQ's queues", groups=(Group(name="rabbitmq-queues", rules=rules),))


def _by_queue(inside: str) -> str:
    return by_service("max", inside, _VHOST, _QUEUE)


def _works() -> str:
    """The queues that are no streams: their process has done anything since it started."""
    return by_service("group", f"{selector(_WORK, _JOB)} > 0", _VHOST, _QUEUE)


def _told(  # noqa: PLR0913 - what one queue differs in from another
    bench: Bench,
    ready: str,
    consumers: str,
    service: str = "db",
    *,
    work: str = "",
    instance: str = "",
    **labels: str,
) -> tuple[Series, ...]:
    """What the page says of a queue: messages that wait, consumers, and the work of its process."""
    of = {**_ORDERS, **labels, **({"instance": instance} if instance else {})}
    return (
        bench.series(_READY, ready, service, **of),
        bench.series(_CONSUMERS, consumers, service, **of),
        bench.series(_WORK, work or f"1x{bench.world.count}", service, **of),
    )


def _unconsumed(topology: Topology) -> Alert:
    name = "RabbitmqQueueUnconsumed"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=10 * MINUTE, shown=dict(_ORDERS))
    count, wait = bench.world.count, bench.wait // INTERVAL
    some, none, one, left = f"1x{count}", f"0x{count}", f"1x{count}", f"1x19 0x{count}"
    # Queues that have a consumer: another of the service, the same of another vhost, server or service. What is dead at
    # another node is told by it.
    beside = (
        *_told(bench, some, one, queue="mails"),
        *_told(bench, some, one, vhost="shop"),
        *_told(bench, some, one, server="second"),
        *_told(bench, some, one, "other"),
        *_told(bench, f"3x{count}", left, instance="second:15692"),
        # The same of another job, of whose queues nothing is known.
        bench.foreign(_WORK, 9, vhost="/", queue="log"),
    )
    # A consumer that comes back before the wait is over, after as long as one sample less.
    back = f"1x20 0x{max(wait - 2, 0)} 1x{count}"
    long = Bench(topology, _JOB, bench.wait, window=_DAY + 20 * MINUTE, shown=dict(_ORDERS))
    later = (long.due - _DAY * 2 // 3) // INTERVAL
    return Alert(
        alert=name,
        # Of the day every five minutes is enough, and a fiftieth of the samples.
        expr=expr(f"""
            max by ({names.BY_SERVICE}, {_VHOST}, {_QUEUE}) (
              {selector(_READY, _JOB)} > 0
              and {selector(_CONSUMERS, _JOB)} == 0
              and max_over_time({selector(_CONSUMERS, _JOB)}[1d:5m]) > 0
            )
            and {_works()}
        """),
        wait=bench.wait,
        severity="warning",
        summary="A RabbitMQ queue with messages has lost its consumers.",
        description=f"{{{{ $value | humanize }}}} messages wait without a consumer in {_OF}.",
        dashboard=DASHBOARD,
        panel="Queues without consumers",
        runbook=Runbook(
            meaning="Within the last day something consumed this queue; now nothing does, and messages wait. Whatever "
            "they ask for (mails, exports, payments) is not done.",
            first_look=(
                "The worker in Coolify: is it running, and when was it deployed? Its log says whether it connected.",
                "`docker exec NAME rabbitmqctl list_queues -p VHOST name consumers messages`: is it this queue only?",
            ),
            action=(
                "Start the worker, or take back the deploy that renamed the queue or lost the credentials.",
                "Nobody needs the queue any more: delete it, and the binding that fills it.",
            ),
            false_alarms="A consumer that comes by plan and leaves again, such as a nightly job: raise `for` of this "
            "alert beyond its pause. After a day without a consumer a queue counts as meant to wait, and this is over: "
            "resolved then does not mean consumed.",
        ),
        fires=(
            bench.fires(
                "fires for the queue that lost its consumer, and not for the others",
                (*_told(bench, some, left), *beside),
                f"3 messages wait without a consumer in {_OF_ORDERS}.",
            ),
            long.fires(
                "fires when its last consumer left less than a day ago",
                _told(long, f"1x{long.world.count}", f"1x{later} 0x{long.world.count - later - 1}"),
                f"1 messages wait without a consumer in {_OF_ORDERS}.",
            ),
        ),
        silent=(
            bench.silent("is silent while it has a consumer", (*_told(bench, some, one), *beside[:-4])),
            bench.silent("is silent while nothing waits", _told(bench, none, left)),
            bench.silent("is silent for a queue that is meant to wait: delays, dead letters", _told(bench, some, none)),
            bench.silent(
                "is silent for a stream, which keeps what was read",
                (*_told(bench, some, left, queue="log", work=none), beside[-1]),
            ),
            bench.world.never("is silent while its consumer is deployed again", _told(bench, some, back)),
            bench.silent(
                "is silent when the queue is deleted", _told(bench, "5x9 stale", "1 0x8 stale", work="7x9 stale")
            ),
            long.silent(
                "is silent when its last consumer left more than a day ago",
                _told(long, f"5x{long.world.count}", f"1x9 0x{long.world.count - 10}"),
            ),
        ),
    )


def _peaks(stairs: str, peak: float) -> str:
    """A single sample far above on every stair."""
    return " ".join(
        f"{peak:.15g} {value}x{int(length) - 1}" if length else value
        for value, _, length in (run.partition("x") for run in stairs.split())
    )


def _growing(topology: Topology) -> Alert:
    name = "RabbitmqBacklogGrowing"
    threshold = topology.alerts.threshold(name, 1000)
    # A burst is in both windows for less than that.
    shortest = 15 * MINUTE
    wait = max(topology.alerts.wait(name, shortest), shortest)
    bench = Bench(topology, _JOB, wait, window=30 * MINUTE, shown=dict(_ORDERS))
    count = bench.world.count
    one, none = f"1x{count}", f"0x{count}"
    run = 5 * MINUTE // INTERVAL
    # The sample ten minutes before it is due, with which the shorter window begins: in the middle of a stair, because
    # versions differ in whether it belongs to the window.
    begins = bench.due // INTERVAL - 2 * run
    lead = (begins + run // 2) % run + 1

    def stairs(first: float, each: float, before: float | None = None) -> str:
        """It grows every five minutes; the first sample may be another."""
        higher = (f"{first + each * (stair + 1):.15g}x{run - 1}" for stair in range(count // run + 1))
        values = [f"{first if before is None else before:.15g}", *([f"{first:.15g}x{lead - 2}"] if lead > 1 else [])]
        return " ".join((*values, *higher))

    def at(first: float, each: float) -> float:
        return first + each * -(-(begins + 1 - lead) // run)

    # Just above the threshold when both windows are full.
    each = threshold / 64
    first = threshold * 1.0625 - 4 * each
    steady = f"{threshold * 9:.15g}x{count}"
    beside = (*_told(bench, steady, one, queue="mails"), *_told(bench, steady, one, "other"))
    drains = f"0x20 {threshold * 9:.15g}-{threshold / 8:.15g}x72 0x{count}"
    batch = f"{threshold * 2:.15g}+{threshold / 4:.15g}x19"
    text = f"{short(at(first, each))} messages or more wait in {_OF_ORDERS}, and the backlog grows."
    ready, consumers = selector(_READY, _JOB), selector(_CONSUMERS, _JOB)
    return Alert(
        alert=name,
        # Always more in the last ten minutes than ever in ten minutes before: a burst that drains falls back meanwhile,
        # and one that stays is part of both after twenty minutes, before the wait is over.
        expr=expr(f"""
            max by ({names.BY_SERVICE}, {_VHOST}, {_QUEUE}) (
              (min_over_time({ready}[10m]) > max_over_time({ready}[10m] offset 20m)) > {number(threshold)}
              and max_over_time({consumers}[10m]) > 0
            )
            and {_works()}
        """),
        wait=bench.wait,
        shortest_wait=shortest,
        severity="warning",
        summary="A RabbitMQ queue grows although it has consumers.",
        description=f"{{{{ $value | humanize }}}} messages or more wait in {_OF}, and the backlog grows.",
        dashboard=DASHBOARD,
        panel="Longest queues",
        threshold=threshold,
        threshold_source="a backlog that a worker of 10 messages a second drains within two minutes; below, growth "
        "does not matter",
        runbook=Runbook(
            meaning="Consumers are there and take less than is published, for longer than a burst lasts. What waits "
            "is done ever later, and in the end RabbitMQ's memory or disk alarm blocks everybody who publishes.",
            first_look=(
                (
                    "Dashboard *RabbitMQ*, panels *Messages* and *Unacknowledged messages*: is more published, or less "
                    "acknowledged?"
                ),
                "The worker's log: errors that put messages back, or a slow database behind it?",
            ),
            action=(
                "More replicas of the worker, if what it waits for bears that.",
                "Messages that fail are delivered again and again: give the queue a dead letter exchange and a limit.",
                "Too much is published: find the publisher, and stop or slow it.",
            ),
            false_alarms="A batch that is published for more than half an hour and then worked off by plan: raise the "
            "threshold above its size.",
        ),
        fires=(
            bench.fires(
                "fires for the queue that grows, and not for the others",
                (
                    *_told(bench, stairs(first, each), one),
                    *_told(bench, stairs(first - each / 2, each), one, instance="second:15692"),
                    *beside,
                ),
                text,
            ),
            bench.fires(
                "fires when there was more than that long before",
                _told(bench, stairs(first, each, 9 * first), one),
                f"{short(at(first, each) + each)} messages or more wait in {_OF_ORDERS}, and the backlog grows.",
                after=5 * MINUTE,
            ),
            bench.fires(
                "fires when its consumers crash over and over",
                (*_told(bench, stairs(first, each), " ".join(["1 0x16"] * (count // 18 + 1))), *beside),
                text,
            ),
        ),
        silent=(
            bench.silent("is silent while a long queue stays as it is", (*_told(bench, steady, one), *beside)),
            bench.silent(
                "is silent while it grows below the threshold",
                _told(bench, stairs(threshold * 0.828125, each), one),
            ),
            bench.world.never("is silent while a burst drains", _told(bench, drains, one)),
            bench.world.never(
                "is silent while batches come and are worked off",
                _told(bench, " ".join([batch] * (count // 20 + 1)), one),
            ),
            bench.silent(
                "is silent for a queue that nobody consumes: delays, dead letters",
                _told(bench, stairs(first, each), none),
            ),
            bench.silent(
                "is silent while it has been above the threshold for less than the wait, and at it before",
                _told(bench, stairs(threshold - (at(0, 1) - 3) * each, each), one),
            ),
            bench.silent(
                "is silent when its consumers are gone for longer than they crash",
                _told(bench, stairs(first, each), f"1x{(bench.due - 15 * MINUTE) // INTERVAL} 0x{count}"),
            ),
            bench.silent(
                "is silent while it has peaks that it does not exceed",
                _told(bench, _peaks(stairs(first, each), 9 * threshold), one),
            ),
            bench.silent(
                "is silent for a stream",
                (
                    *_told(bench, stairs(first, each), one, work=none),
                    bench.foreign(_WORK, 9, **_ORDERS),
                ),
            ),
        ),
    )


def _unacked(topology: Topology) -> Alert:
    name = "RabbitmqUnackedHigh"
    threshold = topology.alerts.threshold(name, 1000)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), shown=dict(_ORDERS))

    def use(value: float, service: str) -> tuple[Series, ...]:
        return (
            bench.flat(_UNACKED, value, service, **_ORDERS),
            bench.flat(_UNACKED, value / 4, service, instance="second:15692", **_ORDERS),
            bench.flat(_UNACKED, value / 4, service, vhost="/", queue="mails"),
            bench.flat(_UNACKED, value / 4, service, vhost="shop", queue="orders"),
        )

    proven = exceeds(
        bench, use, threshold, lambda value: f"{short(value)} deliveries are not acknowledged in {_OF_ORDERS}."
    )
    brief = f"{threshold * 9:.15g}x{max(bench.wait // INTERVAL - 1, 0)} 0x{bench.world.count}"
    return Alert(
        alert=name,
        expr=f"{_by_queue(selector(_UNACKED, _JOB))} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="Consumers of a RabbitMQ queue do not acknowledge deliveries.",
        description=f"{{{{ $value | humanize }}}} deliveries are not acknowledged in {_OF}.",
        dashboard=DASHBOARD,
        panel="Unacknowledged messages",
        threshold=threshold,
        threshold_source="ten consumers with a prefetch of 100, the lower end of what RabbitMQ's documentation names",
        runbook=Runbook(
            meaning="Consumers took messages and neither acknowledge nor reject them. RabbitMQ keeps them in memory, "
            "gives them to nobody else, and delivers all of them again when the consumer is gone.",
            first_look=(
                "`docker exec NAME rabbitmqctl list_consumers -p VHOST`: how large is the prefetch, and who is it?",
                "`docker exec NAME rabbitmqctl list_channels connection messages_unacknowledged`: one channel, or all?",
                "The worker's log: does it hang, or acknowledge only at the end of a batch?",
            ),
            action=(
                "A consumer without a prefetch limit took the whole queue: set one (`basic.qos`), and restart it.",
                "It hangs: restart it. What it held is delivered again, so work may be done twice.",
                "It never acknowledges: a deploy that lost the call; take it back.",
            ),
            false_alarms="Many consumers with a large prefetch under full load: raise the threshold above the sum of "
            "their prefetches.",
        ),
        fires=proven.fires,
        silent=(
            *proven.silent,
            bench.silent(
                "is silent after a burst that was shorter than the wait",
                (bench.series(_UNACKED, brief, **_ORDERS),),
                bench.wait // INTERVAL * INTERVAL,
            ),
        ),
    )


def _unseen(topology: Topology) -> Alert:
    name = "RabbitmqQueuesUnseen"
    bench = Bench(topology, _BROKER, topology.alerts.wait(name, 10 * MINUTE))
    world = bench.world

    def seen(service: str = "db", job: str = _JOB, **labels: str) -> Series:
        values = flat(0, world.count)
        return world.scraped(_CONSUMERS, values, job=job, service=service, **{**_ORDERS, **labels})

    other = (bench.flat(_QUEUES, 3, "other"), seen("other"))
    few = bench.flat(_QUEUES, 1)

    def apart(case: Case) -> Case:
        """Servers share what is told of a service, so no other case may stand beside it."""
        return replace(case, apart=True)

    return Alert(
        alert=name,
        # Any node of the service will do: one that leads no queue shows none, and counts those of the cluster.
        expr=expr(f"""
            {by_service("max", selector(_QUEUES, _BROKER))} > 0
            unless on ({names.SERVICE}) {selector(_CONSUMERS, _JOB)}
        """),
        wait=bench.wait,
        severity="warning",
        summary="RabbitMQ has queues, but exports no metrics of single queues.",
        description=f"The page about single queues of RabbitMQ {WHERE} shows none, and there are: "
        "{{ $value | humanize }}.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="/metrics counts queues, and /metrics/detailed tells of none of them. Alerts on single queues "
            "cannot fire.",
            first_look=(
                "`curl -s 'TARGET/metrics/detailed?family=queue_consumer_count'` from Prometheus' network: which?",
                f"Prometheus, *Targets*, job {_JOB}: is it up, and with which parameters?",
            ),
            action=(
                "RabbitMQ before 3.9 has no such page: update it.",
                "A proxy before RabbitMQ drops the query string: scrape RabbitMQ itself.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            apart(
                bench.fires(
                    "fires for the one whose queues are not told of, and not for the other",
                    (few, bench.flat(_QUEUES, 2, instance="second:15692"), seen(job=names.JOB_APP), *other),
                    "The page about single queues of RabbitMQ db on main shows none, and there are: 2.",
                )
            ),
            apart(
                bench.fires(
                    "fires for a single queue",
                    (few, *other),
                    "The page about single queues of RabbitMQ db on main shows none, and there are: 1.",
                )
            ),
        ),
        silent=(
            apart(bench.silent("is silent while it tells of its queues", (few, seen(), *other))),
            apart(
                bench.silent("is silent while another node of the service tells of them", (few, seen(server="second")))
            ),
            apart(bench.silent("is silent while there are no queues", (bench.flat(_QUEUES, 0), *other))),
        ),
    )
