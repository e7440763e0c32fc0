"""Redis' memory: what `maxmemory` allows against the plan, what is used of it, and what is thrown out."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import ABOVE, MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import exceeds
from boxwatch.rules.patterns.fragments import expr, number
from boxwatch.rules.proofs.fixtures import INTERVAL
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "redis_memory"
DASHBOARD = "redis"

_JOB = kinds.of("redis").job
_USED, _MAX = "redis_memory_used_bytes", "redis_memory_max_bytes"
_INFO = "redis_instance_info"
_EVICTED, _KEYS = "redis_evicted_keys_total", "redis_db_keys"
_ALLOWED = by_service("max", selector(_MAX, _JOB))


def subject(topology: Topology) -> Subject | None:
    """Alerts on Redis' memory; None where no Redis is scraped."""
    if not scraped(topology, "redis"):
        return None
    rules = (_near(topology), _missing(topology), _above_plan(topology), _thrashing(topology))
    return Subject(id=ID, title="Redis' memory", groups=(Group(name="redis-memory", rules=rules),))


def _near(topology: Topology) -> Alert:
    name = "RedisMemoryNearMax"
    threshold = topology.alerts.threshold(name, 0.9)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))

    def use(share: float, service: str, policy: str = "noeviction", most: int = GIB) -> tuple[Series, ...]:
        return (
            bench.flat(_USED, share * GIB, service),
            bench.flat(_USED, 1, service, instance="second:9121"),
            bench.flat(_MAX, most, service),
            bench.flat(_MAX, most / 2, service, instance="second:9121"),
            bench.flat(_INFO, 1, service, maxmemory_policy=policy),
        )

    text = "Redis db on main uses {} of its maxmemory, and must not evict."
    proven = exceeds(bench, use, threshold, lambda share: text.format(percentage(share)))
    full, beside = 1.25 * threshold, use(threshold / 2, "other")
    return Alert(
        alert=name,
        # A cache that may evict is full all day, and that is what it is for.
        expr=expr(f"""
            {by_service("max", selector(_USED, _JOB))}
              / ({_ALLOWED} > 0) > {number(threshold)}
            and on ({names.BY_SERVICE}) {selector(_INFO, _JOB, 'maxmemory_policy="noeviction"')}
        """),
        wait=bench.wait,
        severity="warning",
        summary="A Redis that must not evict is almost full.",
        description=f"Redis {WHERE} uses {{{{ $value | humanizePercentage }}}} of its maxmemory, and must not evict.",
        dashboard=DASHBOARD,
        panel="Memory",
        threshold=threshold,
        threshold_source="redis-mixin and awesome-prometheus-alerts; a backlog adds a tenth while someone looks",
        runbook=Runbook(
            meaning="The policy is `noeviction`: at `maxmemory` Redis refuses everything that would add data, and "
            "applications get errors. See *RedisWritesRefused*.",
            first_look=(
                "Dashboard *Redis*, panel *Keys*: does it grow by number or by size?",
                "`redis-cli --bigkeys` and `redis-cli info keyspace`: what is it, and does it ever expire?",
            ),
            action=(
                "A queue that nobody empties: look at the workers.",
                "Keys without an expiry that should have one: set it where they are written.",
                "It is a cache: `maxmemory-policy allkeys-lru`.",
                "It is needed: more memory in Coolify, in the topology, and as `maxmemory`.",
            ),
            false_alarms="None known: with another policy than noeviction it does not fire.",
        ),
        fires=proven.fires,
        silent=(
            *proven.silent,
            bench.silent(
                "stays silent for a cache that may evict",
                (*use(full, "db", "allkeys-lru"), bench.foreign(_INFO, 1, maxmemory_policy="noeviction"), *beside),
            ),
            bench.silent("stays silent without maxmemory, which has an alert", (*use(full, "db", most=0), *beside)),
        ),
    )


def _missing(topology: Topology) -> Alert:
    name = "RedisMaxmemoryMissing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 30 * MINUTE))

    def use(most: int) -> tuple[Series, ...]:
        return (
            bench.flat(_MAX, most),
            bench.flat(_MAX, 0, instance="second:9121"),
            bench.flat(_MAX, GIB, "other"),
        )

    return Alert(
        alert=name,
        expr=f"{_ALLOWED} == 0",
        wait=bench.wait,
        severity="warning",
        summary="Redis may use all memory that there is.",
        description=f"Redis {WHERE} has no maxmemory: the kernel will end it where Redis could have evicted.",
        dashboard=DASHBOARD,
        panel="Memory",
        runbook=Runbook(
            meaning="Redis grows until the container's limit, and then the kernel kills it with all that it holds. "
            "With `maxmemory` it would evict, or refuse writes, and live.",
            first_look=("`redis-cli config get maxmemory` says 0.",),
            action=(
                (
                    "Set `maxmemory` to three quarters of the memory in the topology: a snapshot copies what is "
                    "written meanwhile, and fragmentation needs some."
                ),
                (
                    "Set `maxmemory-policy` too: `allkeys-lru` for a cache, `noeviction` for queues and sessions. In "
                    "Coolify both stand in the database's custom configuration."
                ),
            ),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the one without, not for the other",
                use(0),
                "Redis db on main has no maxmemory: the kernel will end it where Redis could have evicted.",
            ),
        ),
        silent=(bench.silent("stays silent when there is one, be it small", use(1)),),
    )


def _above_plan(topology: Topology) -> Alert:
    name = "RedisMaxmemoryAbovePlan"
    threshold = topology.alerts.threshold(name, 1)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 30 * MINUTE))

    def use(share: float, service: str) -> tuple[Series, ...]:
        planned = {"server": "main", "service": service}
        return (
            bench.flat(_MAX, share * GIB, service),
            bench.flat(_MAX, 1, service, instance="second:9121"),
            # Two replicas of a GiB each.
            bench.world.constant(names.SERVICE_MEMORY_BUDGET, 2 * GIB, **planned),
            bench.world.constant(names.SERVICE_REPLICAS_DESIRED, 2, **planned),
        )

    text = "The maxmemory of Redis db on main is {} of the memory that is planned for it."
    proven = exceeds(bench, use, threshold, lambda share: text.format(percentage(share)))
    on = f"on ({names.BY_SERVICE})"
    return Alert(
        alert=name,
        expr=expr(f"""
            {_ALLOWED}
              / {on} ({names.SERVICE_MEMORY_BUDGET} / {on} {names.SERVICE_REPLICAS_DESIRED}) > {number(threshold)}
        """),
        wait=bench.wait,
        severity="warning",
        summary="Redis may use more memory than is planned for it.",
        description=f"The maxmemory of Redis {WHERE} is {{{{ $value | humanizePercentage }}}} of the memory that is "
        "planned for it.",
        dashboard=DASHBOARD,
        panel="Memory",
        threshold=threshold,
        threshold_source="`memory` of the service in the topology",
        runbook=Runbook(
            meaning="Redis does not evict before it uses more than the plan gives it: it takes from others, or the "
            "kernel kills it at the container's limit, before Redis does anything.",
            first_look=("`redis-cli config get maxmemory`, and `boxwatch topology` for the plan.",),
            action=(
                "Lower `maxmemory` to three quarters of the plan.",
                "Or raise `memory` in the topology, and see that the sum still fits.",
            ),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )


def _thrashing(topology: Topology) -> Alert:
    name = "RedisCacheThrashing"
    threshold = topology.alerts.threshold(name, 1)
    hour = 60 * MINUTE
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 30 * MINUTE), window=hour)
    keys = 7680

    def evicted(share: float, service: str = "db") -> tuple[Series, ...]:
        # 120 samples fill an hour.
        each = share * keys / 120
        return (
            bench.rising(_EVICTED, each / 2, service),
            bench.rising(_EVICTED, each / 2, service, instance="second:9121"),
            *(bench.flat(_KEYS, keys / 2, service, db=db) for db in ("db0", "db1")),
        )

    def restarted(share: float) -> tuple[Series, ...]:
        """The counter was far up, and went on from the beginning in the hour before the alert is due."""
        each, until = share * keys / 120, bench.due // INTERVAL - 60
        life = f"{10 * keys * threshold!r}+{each!r}x{until} {each!r}+{each!r}x{bench.world.count}"
        return (bench.series(_EVICTED, life), *evicted(0)[2:])

    def held(before: int, after: int, since: int) -> tuple[Series, ...]:
        """Keys of two databases that changed so many seconds before the alert is due."""
        lead = (bench.due - since) // INTERVAL
        return tuple(
            bench.series(_KEYS, f"{before // 2}x{lead} {after // 2}x{bench.world.count - lead - 1}", db=db)
            for db in ("db0", "db1")
        )

    beside = evicted(threshold / 2, "other")
    once = f"0 {10 * keys * threshold!r}x{bench.world.count}"
    # All at once when the window is full.
    late = f"0x{hour // INTERVAL - 1} {10 * keys * threshold!r}x{bench.world.count}"
    return Alert(
        alert=name,
        # The most keys of that hour: a cache that was just deployed holds few, and it is the one before that evicted.
        expr=expr(f"""
            {by_service("sum", f"increase({selector(_EVICTED, _JOB)}[1h])")}
              / {by_service("sum", f"max_over_time({selector(_KEYS, _JOB)}[1h])")} > {number(threshold)}
        """),
        wait=bench.wait,
        severity="warning",
        summary="A Redis cache is too small for what is put into it.",
        description=f"Within an hour Redis {WHERE} evicted {{{{ $value | humanizePercentage }}}} of the keys that it "
        "holds.",
        dashboard=DASHBOARD,
        panel="Evicted and expired keys",
        threshold=threshold,
        threshold_source="once over in an hour: what is cached is gone before it is asked for again",
        runbook=Runbook(
            meaning="Redis throws out as much as it holds, within an hour. Some eviction is normal in a cache; this "
            "much means that it answers little and the database does the work.",
            first_look=("Dashboard *Redis*, panel *Hit ratio*: did it fall when this began?",),
            action=(
                "Something new fills it, with large or short-lived keys: `redis-cli --bigkeys`, and the last deploy.",
                "It is just too small: more memory in Coolify, in the topology, and as `maxmemory`.",
            ),
            false_alarms="A cache with a handful of keys; raise the threshold.",
        ),
        fires=(
            bench.fires(
                "fires for the cache that is turned over, not for the other",
                (*evicted(threshold * ABOVE), *beside),
                f"Within an hour Redis db on main evicted {percentage(threshold * ABOVE)} of the keys that it holds.",
            ),
            bench.fires(
                "fires for a cache that was restarted meanwhile",
                (*restarted(threshold * ABOVE), *beside),
                f"Within an hour Redis db on main evicted {percentage(threshold * ABOVE)} of the keys that it holds.",
            ),
            bench.fires(
                "fires where there were more keys than that more than an hour ago",
                (*evicted(threshold * ABOVE)[:2], *held(9 * keys, keys, bench.wait + 2 * MINUTE), *beside),
                f"Within an hour Redis db on main evicted {percentage(threshold * ABOVE)} of the keys that it holds.",
                after=hour,
            ),
        ),
        silent=(
            bench.silent("stays silent just below the threshold", (*evicted(threshold * 0.96875), *beside)),
            bench.silent(
                "stays silent when it has not lasted", (bench.series(_EVICTED, late), *evicted(0)[2:]), after=-INTERVAL
            ),
            bench.silent(
                "stays silent while a cache that was deployed without its keys fills again",
                (*evicted(threshold * 0.96875)[:2], *held(keys, keys // 60, hour + bench.wait - 2 * MINUTE), *beside),
            ),
            bench.silent(
                "stays silent when a lot was evicted more than an hour ago",
                (bench.series(_EVICTED, once), *evicted(0)[2:], *beside),
                after=MINUTE,
            ),
            bench.silent(
                "stays silent when a restart sets the counter back",
                (bench.series(_EVICTED, f"{10 * keys}x9 0x{bench.world.count}"), *evicted(0)[2:], *beside),
            ),
        ),
    )
