"""Redis memory: `maxmemory` against the plan, its use, and eviction."""

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

    text = "Redis db on main uses {} of its maxmemory, and may not evict."
    proven = exceeds(bench, use, threshold, lambda share: text.format(percentage(share)))
    full, decoys = 1.25 * threshold, use(threshold / 2, "other")
    return Alert(
        alert=name,
        # A cache that may evict is full all day by design.
        expr=expr(f"""
            {by_service("max", selector(_USED, _JOB))}
              / ({_ALLOWED} > 0) > {number(threshold)}
            and on ({names.BY_SERVICE}) {selector(_INFO, _JOB, 'maxmemory_policy="noeviction"')}
        """),
        wait=bench.wait,
        severity="warning",
        summary="A Redis that may not evict is almost full.",
        description=f"Redis {WHERE} uses {{{{ $value | humanizePercentage }}}} of its maxmemory, and may not evict.",
        dashboard=DASHBOARD,
        panel="Memory",
        threshold=threshold,
        threshold_source="redis-mixin and awesome-prometheus-alerts; a backlog adds a tenth while someone investigates",
        runbook=Runbook(
            meaning="The policy is `noeviction`: at `maxmemory` Redis refuses every write that would add data, and "
            "applications get errors. See *RedisWritesRefused*.",
            first_look=(
                "Dashboard *Redis*, panel *Keys*: more keys, or larger ones?",
                "`redis-cli --bigkeys` and `redis-cli info keyspace`: which keys, and do they expire?",
            ),
            action=(
                "A queue that grows: look at its workers.",
                "Keys without the expiry they should have: set it where they are written.",
                "A cache: set `maxmemory-policy allkeys-lru`.",
                "All of it is needed: raise the memory in Coolify, in the topology, and as `maxmemory`.",
            ),
            false_alarms="None known: it fires for the policy noeviction only.",
        ),
        fires=proven.fires,
        silent=(
            *proven.silent,
            bench.silent(
                "stays silent for a cache that may evict",
                (*use(full, "db", "allkeys-lru"), bench.foreign(_INFO, 1, maxmemory_policy="noeviction"), *decoys),
            ),
            bench.silent(
                "stays silent without maxmemory, which has its own alert", (*use(full, "db", most=0), *decoys)
            ),
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
        summary="Redis has no memory limit of its own.",
        description=f"Redis {WHERE} has no maxmemory: at the container's limit the kernel kills it.",
        dashboard=DASHBOARD,
        panel="Memory",
        runbook=Runbook(
            meaning="Redis grows to the container's limit, and then the kernel kills it and its data is lost. With "
            "`maxmemory` it would evict, or refuse writes, and survive.",
            first_look=("`redis-cli config get maxmemory` returns 0.",),
            action=(
                (
                    "Set `maxmemory` to three quarters of the memory in the topology: a snapshot copies pages "
                    "written meanwhile, and fragmentation takes some."
                ),
                (
                    "Set `maxmemory-policy` too: `allkeys-lru` for a cache, `noeviction` for queues and sessions. In "
                    "Coolify both belong in the database's custom configuration."
                ),
            ),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the server without maxmemory, not for the other",
                use(0),
                "Redis db on main has no maxmemory: at the container's limit the kernel kills it.",
            ),
        ),
        silent=(bench.silent("stays silent for any maxmemory, however small", use(1)),),
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
            # Two replicas, 1 GiB each.
            bench.fixtures.constant(names.SERVICE_MEMORY_BUDGET, 2 * GIB, **planned),
            bench.fixtures.constant(names.SERVICE_REPLICAS_DESIRED, 2, **planned),
        )

    text = "The maxmemory of Redis db on main is {} of its planned memory."
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
        summary="Redis may use more memory than planned.",
        description=f"The maxmemory of Redis {WHERE} is {{{{ $value | humanizePercentage }}}} of its planned memory.",
        dashboard=DASHBOARD,
        panel="Memory",
        threshold=threshold,
        threshold_source="`memory` of the service in the topology",
        runbook=Runbook(
            meaning="Redis evicts only after it has used more than its planned memory: it takes memory from others, or "
            "the kernel kills it at the container's limit before it evicts anything.",
            first_look=("`redis-cli config get maxmemory`, and `boxwatch topology` for the plan.",),
            action=(
                "Lower `maxmemory` to three quarters of the plan.",
                "Or raise `memory` in the topology, if the sum still fits the server.",
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
        """A high counter that starts again from the beginning in the hour before the alert is due."""
        each, until = share * keys / 120, bench.due // INTERVAL - 60
        life = f"{10 * keys * threshold!r}+{each!r}x{until} {each!r}+{each!r}x{bench.fixtures.count}"
        return (bench.series(_EVICTED, life), *evicted(0)[2:])

    def held(before: int, after: int, since: int) -> tuple[Series, ...]:
        """Keys of two databases whose number changes `since` seconds before the alert is due."""
        lead = (bench.due - since) // INTERVAL
        return tuple(
            bench.series(_KEYS, f"{before // 2}x{lead} {after // 2}x{bench.fixtures.count - lead - 1}", db=db)
            for db in ("db0", "db1")
        )

    decoys = evicted(threshold / 2, "other")
    once = f"0 {10 * keys * threshold!r}x{bench.fixtures.count}"
    # All at once, when the window is full.
    late = f"0x{hour // INTERVAL - 1} {10 * keys * threshold!r}x{bench.fixtures.count}"
    return Alert(
        alert=name,
        # The most keys within the hour: a cache just deployed has few, and its predecessor did the evicting.
        expr=expr(f"""
            {by_service("sum", f"increase({selector(_EVICTED, _JOB)}[1h])")}
              / {by_service("sum", f"max_over_time({selector(_KEYS, _JOB)}[1h])")} > {number(threshold)}
        """),
        wait=bench.wait,
        severity="warning",
        summary="A Redis cache evicts all its keys within an hour.",
        description=f"Redis {WHERE} evicted {{{{ $value | humanizePercentage }}}} of its number of keys within an "
        "hour.",
        dashboard=DASHBOARD,
        panel="Evicted and expired keys",
        threshold=threshold,
        threshold_source="one turnover an hour: entries are gone before they are requested again",
        runbook=Runbook(
            meaning="Within an hour Redis evicts as many keys as it holds. Some eviction is normal in a cache; at this "
            "rate it has few hits, and the database does the work.",
            first_look=("Dashboard *Redis*, panel *Hit ratio*: did it fall when this began?",),
            action=(
                "New large or short-lived keys fill it: run `redis-cli --bigkeys`, and check the last deployment.",
                "It is simply too small: raise the memory in Coolify, in the topology, and as `maxmemory`.",
            ),
            false_alarms="A cache with a handful of keys: raise the threshold.",
        ),
        fires=(
            bench.fires(
                "fires for the thrashing cache, not for the other",
                (*evicted(threshold * ABOVE), *decoys),
                f"Redis db on main evicted {percentage(threshold * ABOVE)} of its number of keys within an hour.",
            ),
            bench.fires(
                "fires for a thrashing cache that was restarted",
                (*restarted(threshold * ABOVE), *decoys),
                f"Redis db on main evicted {percentage(threshold * ABOVE)} of its number of keys within an hour.",
            ),
            bench.fires(
                "fires although there were more keys over an hour ago",
                (*evicted(threshold * ABOVE)[:2], *held(9 * keys, keys, bench.wait + 2 * MINUTE), *decoys),
                f"Redis db on main evicted {percentage(threshold * ABOVE)} of its number of keys within an hour.",
                after=hour,
            ),
        ),
        silent=(
            bench.silent("stays silent just below the threshold", (*evicted(threshold * 0.96875), *decoys)),
            bench.silent(
                "stays silent before it has lasted", (bench.series(_EVICTED, late), *evicted(0)[2:]), after=-INTERVAL
            ),
            bench.silent(
                "stays silent while a cache deployed without its keys refills",
                (*evicted(threshold * 0.96875)[:2], *held(keys, keys // 60, hour + bench.wait - 2 * MINUTE), *decoys),
            ),
            bench.silent(
                "stays silent for a mass eviction over an hour ago",
                (bench.series(_EVICTED, once), *evicted(0)[2:], *decoys),
                after=MINUTE,
            ),
            bench.silent(
                "stays silent when a restart resets the counter",
                (bench.series(_EVICTED, f"{10 * keys}x9 0x{bench.fixtures.count}"), *evicted(0)[2:], *decoys),
            ),
        ),
    )
