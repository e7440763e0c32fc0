"""RabbitMQ queues: missing consumers, growing backlogs, unacknowledged deliveries.

The rules read the page /metrics/detailed, families queue_coarse_metrics and queue_consumer_count: /metrics sums over
all queues of a node, where a dead queue hides among busy ones, and /metrics/per-object has 23 series per queue.

Some queues hold messages on purpose: delay and dead letter queues have no consumers, and a stream keeps messages after
they are read. So only queues that had a consumer within a day count, and streams are recognised by the work of their
process, which no version reports (recorded on 3.10, 4.0 and 4.3; the queue type is on the page only since 4.1 or
later). Reply queues, exclusive or auto-deleted, disappear with their consumer, and so do their series.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import exceeds
from boxwatch.rules.patterns.fragments import counted, expr, number
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
    """Alerts on single queues; None if no RabbitMQ is scraped."""
    if not scraped(topology, "rabbitmq"):
        return None
    rules = (_unconsumed(topology), _growing(topology), _unacked(topology), _unseen(topology))
    return Subject(id=ID, title="RabbitMQ's queues", groups=(Group(name="rabbitmq-queues", rules=rules),))


def _by_queue(inside: str) -> str:
    return by_service("max", inside, _VHOST, _QUEUE)


def _works() -> str:
    """The queues that are not streams: their process has done some work since it started."""
    return by_service("group", f"{selector(_WORK, _JOB)} > 0", _VHOST, _QUEUE)


def _queue(  # noqa: PLR0913 - all that differs between queues
    bench: Bench,
    ready: str,
    consumers: str,
    service: str = "db",
    *,
    work: str = "",
    instance: str = "",
    **labels: str,
) -> tuple[Series, ...]:
    """The series of a queue: ready messages, consumers, and the work of its process."""
    of = {**_ORDERS, **labels, **({"instance": instance} if instance else {})}
    return (
        bench.series(_READY, ready, service, **of),
        bench.series(_CONSUMERS, consumers, service, **of),
        bench.series(_WORK, work or f"1x{bench.fixtures.count}", service, **of),
    )


def _unconsumed(topology: Topology) -> Alert:
    name = "RabbitmqQueueUnconsumed"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=10 * MINUTE, shown=dict(_ORDERS))
    count, wait = bench.fixtures.count, bench.wait // INTERVAL
    some, none, one, left = f"1x{count}", f"0x{count}", f"1x{count}", f"1x19 0x{count}"
    # Queues with a consumer: another one of the service, and the same one in another vhost, server or service. Another
    # node reports the same lost consumer.
    decoys = (
        *_queue(bench, some, one, queue="mails"),
        *_queue(bench, some, one, vhost="shop"),
        *_queue(bench, some, one, server="second"),
        *_queue(bench, some, one, "other"),
        *_queue(bench, f"3x{count}", left, instance="second:15692"),
        # Work of a queue reported by another job does not count.
        bench.foreign(_WORK, 9, vhost="/", queue="log"),
    )
    # A consumer that comes back one sample before the wait is over.
    back = f"1x20 0x{max(wait - 2, 0)} 1x{count}"
    long = Bench(topology, _JOB, bench.wait, window=_DAY + 20 * MINUTE, shown=dict(_ORDERS))
    later = (long.due - _DAY * 2 // 3) // INTERVAL
    return Alert(
        alert=name,
        # Every five minutes of the day is enough, and reads a fraction of the samples.
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
        description=f"{counted('message waits', 'messages wait', '$value | humanize')} without a consumer in {_OF}.",
        dashboard=DASHBOARD,
        panel="Queues without consumers",
        runbook=Runbook(
            meaning="The queue had a consumer within the last day; now it has none, and messages are waiting. The work "
            "they request (mails, exports, payments) is not done.",
            first_look=(
                "The worker in Coolify: is it running, and when was it deployed? Its log says whether it connected.",
                "`docker exec NAME rabbitmqctl list_queues -p VHOST name consumers messages`: is it only this queue?",
            ),
            action=(
                "Start the worker, or roll back the deploy that renamed the queue or lost the credentials.",
                "Nobody needs the queue any more: delete it and the binding that fills it.",
            ),
            false_alarms="A consumer that comes and goes on schedule, such as a nightly job: raise `for` of this alert "
            "beyond its pause. After a day without a consumer, the queue counts as one that waits on purpose, and the "
            "alert resolves although nothing was consumed.",
        ),
        fires=(
            bench.fires(
                "fires for the queue that lost its consumer, not for the others",
                (*_queue(bench, some, left), *decoys),
                f"3 messages wait without a consumer in {_OF_ORDERS}.",
            ),
            long.fires(
                "fires when the last consumer left less than a day ago",
                _queue(long, f"1x{long.fixtures.count}", f"1x{later} 0x{long.fixtures.count - later - 1}"),
                f"1 message waits without a consumer in {_OF_ORDERS}.",
            ),
        ),
        silent=(
            bench.silent("stays silent while the queue has a consumer", (*_queue(bench, some, one), *decoys[:-4])),
            bench.silent("stays silent while the queue is empty", _queue(bench, none, left)),
            bench.silent("stays silent for delay and dead letter queues", _queue(bench, some, none)),
            bench.silent(
                "stays silent for a stream, which keeps messages after they are read",
                (*_queue(bench, some, left, queue="log", work=none), decoys[-1]),
            ),
            bench.fixtures.never("stays silent while the consumer is redeployed", _queue(bench, some, back)),
            bench.silent(
                "stays silent when the queue is deleted", _queue(bench, "5x9 stale", "1 0x8 stale", work="7x9 stale")
            ),
            long.silent(
                "stays silent when the last consumer left more than a day ago",
                _queue(long, f"5x{long.fixtures.count}", f"1x9 0x{long.fixtures.count - 10}"),
            ),
        ),
    )


def _peaks(stairs: str, peak: float) -> str:
    """The same stairs, with a single sample far higher at the start of each."""
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
    count = bench.fixtures.count
    one, none = f"1x{count}", f"0x{count}"
    run = 5 * MINUTE // INTERVAL
    # The sample ten minutes before the alert is due, at which the shorter window begins. It lies within a stair,
    # because versions differ in whether it belongs to the window.
    begins = bench.due // INTERVAL - 2 * run
    lead = (begins + run // 2) % run + 1

    def stairs(first: float, each: float, before: float | None = None) -> str:
        """A backlog that grows every five minutes; `before` replaces the first sample."""
        higher = (f"{first + each * (stair + 1):.15g}x{run - 1}" for stair in range(count // run + 1))
        values = [f"{first if before is None else before:.15g}", *([f"{first:.15g}x{lead - 2}"] if lead > 1 else [])]
        return " ".join((*values, *higher))

    def at(first: float, each: float) -> float:
        return first + each * -(-(begins + 1 - lead) // run)

    # Just above the threshold when both windows are full.
    each = threshold / 64
    first = threshold * 1.0625 - 4 * each
    steady = f"{threshold * 9:.15g}x{count}"
    decoys = (*_queue(bench, steady, one, queue="mails"), *_queue(bench, steady, one, "other"))
    drains = f"0x20 {threshold * 9:.15g}-{threshold / 8:.15g}x72 0x{count}"
    batch = f"{threshold * 2:.15g}+{threshold / 4:.15g}x19"
    text = f"At least {short(at(first, each))} messages wait in {_OF_ORDERS}, and the backlog is growing."
    ready, consumers = selector(_READY, _JOB), selector(_CONSUMERS, _JOB)
    return Alert(
        alert=name,
        # The minimum of the last ten minutes exceeds the maximum of an earlier ten minutes: a draining burst falls back
        # in between, and one that stays is in both windows after twenty minutes, before the wait is over.
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
        summary="A RabbitMQ queue keeps growing although it has consumers.",
        description=f"At least {{{{ $value | humanize }}}} messages wait in {_OF}, and the backlog is growing.",
        dashboard=DASHBOARD,
        panel="Longest queues",
        threshold=threshold,
        threshold_source="a worker that handles 10 messages per second drains this backlog within two minutes; below "
        "it, growth does not matter",
        runbook=Runbook(
            meaning="The queue has consumers, but they have taken less than is published for longer than a burst "
            "lasts. Messages wait ever longer, and in the end RabbitMQ's memory or disk alarm blocks all publishers.",
            first_look=(
                (
                    "Dashboard *RabbitMQ*, panels *Messages* and *Unacknowledged messages*: is more published, or less "
                    "acknowledged?"
                ),
                "The worker's log: errors that requeue messages, or a slow database behind it?",
            ),
            action=(
                "Add replicas of the worker, if the services it depends on can take the load.",
                "Failing messages are redelivered endlessly: give the queue a dead letter exchange and a limit.",
                "Too much is published: find the publisher, and stop it or slow it down.",
            ),
            false_alarms="A scheduled batch that is published for more than half an hour and then worked off: raise "
            "the threshold above its size.",
        ),
        fires=(
            bench.fires(
                "fires for the growing queue, not for the others",
                (
                    *_queue(bench, stairs(first, each), one),
                    *_queue(bench, stairs(first - each / 2, each), one, instance="second:15692"),
                    *decoys,
                ),
                text,
            ),
            bench.fires(
                "fires even if the queue was longer some time ago",
                _queue(bench, stairs(first, each, 9 * first), one),
                f"At least {short(at(first, each) + each)} messages wait in {_OF_ORDERS}, and the backlog is growing.",
                after=5 * MINUTE,
            ),
            bench.fires(
                "fires when the consumers keep crashing",
                (*_queue(bench, stairs(first, each), " ".join(["1 0x16"] * (count // 18 + 1))), *decoys),
                text,
            ),
        ),
        silent=(
            bench.silent(
                "stays silent while the length of a long queue is constant", (*_queue(bench, steady, one), *decoys)
            ),
            bench.silent(
                "stays silent while the queue grows below the threshold",
                _queue(bench, stairs(threshold * 0.828125, each), one),
            ),
            bench.fixtures.never("stays silent while a burst drains", _queue(bench, drains, one)),
            bench.fixtures.never(
                "stays silent while batches arrive and are worked off",
                _queue(bench, " ".join([batch] * (count // 20 + 1)), one),
            ),
            bench.silent(
                "stays silent for delay and dead letter queues, which have no consumers",
                _queue(bench, stairs(first, each), none),
            ),
            bench.silent(
                "stays silent while the queue has exceeded the threshold for less than the wait, from exactly there",
                _queue(bench, stairs(threshold - (at(0, 1) - 3) * each, each), one),
            ),
            bench.silent(
                "stays silent once the consumers are gone rather than crashing",
                _queue(bench, stairs(first, each), f"1x{(bench.due - 15 * MINUTE) // INTERVAL} 0x{count}"),
            ),
            bench.silent(
                "stays silent while the queue stays below its earlier peaks",
                _queue(bench, _peaks(stairs(first, each), 9 * threshold), one),
            ),
            bench.silent(
                "stays silent for a stream",
                (
                    *_queue(bench, stairs(first, each), one, work=none),
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
        bench, use, threshold, lambda value: f"{short(value)} deliveries are unacknowledged in {_OF_ORDERS}."
    )
    brief = f"{threshold * 9:.15g}x{max(bench.wait // INTERVAL - 1, 0)} 0x{bench.fixtures.count}"
    return Alert(
        alert=name,
        expr=f"{_by_queue(selector(_UNACKED, _JOB))} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="Unacknowledged deliveries pile up in a RabbitMQ queue.",
        description=f"{{{{ $value | humanize }}}} deliveries are unacknowledged in {_OF}.",
        dashboard=DASHBOARD,
        panel="Unacknowledged messages",
        threshold=threshold,
        threshold_source="ten consumers with a prefetch of 100, the low end of the range in RabbitMQ's documentation",
        runbook=Runbook(
            meaning="Consumers have taken messages but neither acknowledge nor reject them. RabbitMQ keeps them in "
            "memory, gives them to no other consumer, and redelivers all of them once their consumer is gone.",
            first_look=(
                "`docker exec NAME rabbitmqctl list_consumers -p VHOST`: which consumers, with which prefetch?",
                "`docker exec NAME rabbitmqctl list_channels connection messages_unacknowledged`: one channel, or all?",
                "The worker's log: does it hang, or acknowledge only at the end of a batch?",
            ),
            action=(
                "A consumer without a prefetch limit took the whole queue: set one (`basic.qos`) and restart it.",
                "It hangs: restart it. Its messages are redelivered, so work may be done twice.",
                "It never acknowledges because a deploy lost the call: roll back.",
            ),
            false_alarms="Many consumers with a large prefetch under full load: raise the threshold above the sum of "
            "their prefetch counts.",
        ),
        fires=proven.fires,
        silent=(
            *proven.silent,
            bench.silent(
                "stays silent after a burst shorter than the wait",
                (bench.series(_UNACKED, brief, **_ORDERS),),
                bench.wait // INTERVAL * INTERVAL,
            ),
        ),
    )


def _unseen(topology: Topology) -> Alert:
    name = "RabbitmqQueuesUnseen"
    bench = Bench(topology, _BROKER, topology.alerts.wait(name, 10 * MINUTE))
    fixtures = bench.fixtures

    def seen(service: str = "db", job: str = _JOB, **labels: str) -> Series:
        values = flat(0, fixtures.count)
        return fixtures.scraped(_CONSUMERS, values, job=job, service=service, **{**_ORDERS, **labels})

    other = (bench.flat(_QUEUES, 3, "other"), seen("other"))
    few = bench.flat(_QUEUES, 1)

    def apart(case: Case) -> Case:
        """Not batched, because the rule combines the servers of a service."""
        return replace(case, apart=True)

    return Alert(
        alert=name,
        # Any node of the service will do: one that leads no queue exposes none, but counts those of the cluster.
        expr=expr(f"""
            {by_service("max", selector(_QUEUES, _BROKER))} > 0
            unless on ({names.SERVICE}) {selector(_CONSUMERS, _JOB)}
        """),
        wait=bench.wait,
        severity="warning",
        summary="RabbitMQ has queues but exposes no metrics of single queues.",
        description=f"RabbitMQ {WHERE} exposes no metrics of single queues, although it has "
        "{{ $value | humanize }}.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="/metrics counts queues, but /metrics/detailed lists none of them. Alerts on single queues cannot "
            "fire.",
            first_look=(
                "`curl -s 'TARGET/metrics/detailed?family=queue_consumer_count'` in Prometheus' network: any queues?",
                f"Prometheus, *Targets*, job {_JOB}: is it up, and with which parameters?",
            ),
            action=(
                "RabbitMQ before 3.9 has no such page: upgrade it.",
                "A proxy in front of RabbitMQ drops the query string: scrape RabbitMQ directly.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            apart(
                bench.fires(
                    "fires for the service without metrics of single queues, not for the other",
                    (few, bench.flat(_QUEUES, 2, instance="second:15692"), seen(job=names.JOB_APP), *other),
                    "RabbitMQ db on main exposes no metrics of single queues, although it has 2.",
                )
            ),
            apart(
                bench.fires(
                    "fires for a single queue",
                    (few, *other),
                    "RabbitMQ db on main exposes no metrics of single queues, although it has 1.",
                )
            ),
        ),
        silent=(
            apart(bench.silent("stays silent while single queues have metrics", (few, seen(), *other))),
            apart(
                bench.silent(
                    "stays silent while another node of the service exposes them", (few, seen(server="second"))
                )
            ),
            apart(bench.silent("stays silent while there are no queues", (bench.flat(_QUEUES, 0), *other))),
        ),
    )
