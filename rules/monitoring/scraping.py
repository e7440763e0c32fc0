"""Scraping: targets that are down, slow, or expose too many series.

These are tickets: metrics are missing, but no user notices. Missing container metrics of a server are
*ContainerMetricsMissing*, which pages.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.topology.model import Topology

ID = "scraping"

_MINUTE = 60
# Default thresholds: seconds of a scrape, and series per target.
SLOW, MANY = 5, 10_000
_BY = f"{names.BY_SERVICE}, job"
_PROBES = f"{names.JOB_PROBE}|{names.JOB_PROBE_PORTS}"
# Probes are excluded: slow or failing ones have their own alerts.
_SCRAPED = f'job!~"{_PROBES}"'
_TARGET = "{{ $labels.job }}{{ with $labels.service }} of {{ . }}{{ end }} on {{ $labels.server }}"
_LABELS = {"server": "main", "job": "redis", "service": "cache"}
_OTHERS = ({"service": "sessions"}, {"server": "second"}, {"job": "postgres"})


def subject(topology: Topology) -> Subject:
    """Alerts on every scrape."""
    return Subject(
        id=ID,
        title="Scrapes",
        groups=(
            Group(
                name=ID,
                rules=(
                    _down(topology),
                    *([_prober(topology)] if topology.stack.blackbox is not None else []),
                    _slow(topology),
                    _many(topology),
                ),
            ),
        ),
        reads=("worked",),
    )


def _target(fixtures: Fixtures, metric: str, values: str, **labels: str) -> Series:
    return fixtures.scraped(metric, values, **{"job": "redis", "service": "cache", **labels})


def _down(topology: Topology) -> Alert:
    wait = topology.alerts.wait("TargetDown", 5 * _MINUTE)
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    short = max(fixtures.steps_of(wait) - 1, 0)

    def up(value: float, **labels: str) -> Series:
        return _target(fixtures, "up", flat(value, fixtures.count), **labels)

    return Alert(
        alert="TargetDown",
        # What was never up is *TargetNeverUp*.
        expr=expr(f"""
            min by ({_BY}) (up{{job!~"{names.JOB_CADVISOR}|{_PROBES}"}}) == 0
            and on ({_BY}) {names.TARGET_WORKED}
        """),
        wait=wait,
        severity="warning",
        summary="A scrape target is down, so its metrics are missing.",
        description=f"{_TARGET} is down: alerts on its metrics cannot fire.",
        runbook=Runbook(
            meaning="Prometheus gets no metrics from the target: the exporter, its server or the network between is "
            "down. Exporters answer even while their database is down, so the database may be fine.",
            first_look=(
                "Prometheus, page *Targets*: what is the error?",
                "`docker ps -a` on the server: does the exporter run?",
                "Are all targets of one server down? Then check the server and its network.",
            ),
            action=(
                "`connection refused`: start it. `no such host`: attach it to a network shared with Prometheus.",
                "`context deadline exceeded`: the exporter, or the program it queries, is overloaded.",
                "`401`, `403`: the token or password changed.",
                "It should not be scraped: set `metrics: none` for the service in the topology.",
            ),
            false_alarms="None known.",
        ),
        dashboard="monitoring",
        panel="Targets",
        fires=(
            fixtures.fires(
                "fires for the target that is down, not for the others",
                (
                    _target(fixtures, "up", f"1 0x{fixtures.count}"),
                    up(1, instance="second"),
                    *(up(1, **other) for other in _OTHERS),
                    # These have never been up.
                    *(up(0, **other, instance="second") for other in ({"service": "x"}, {"server": "x"}, {"job": "x"})),
                ),
                late + fixtures.interval,
                Expected(_LABELS, "redis of cache on main is down: alerts on its metrics cannot fire."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while the target is up", (up(1),), late),
            fixtures.silent(
                "stays silent for jobs with their own alert",
                tuple(
                    _target(fixtures, "up", f"1 0x{fixtures.count}", job=job)
                    for job in (names.JOB_CADVISOR, names.JOB_PROBE, names.JOB_PROBE_PORTS)
                ),
                late + fixtures.interval,
            ),
            fixtures.silent(
                "stays silent for a target that has never been up, which has its own alert",
                (up(0), *(up(1, **other) for other in _OTHERS)),
                late,
            ),
            fixtures.never(
                "stays silent while it restarts",
                (_target(fixtures, "up", steps((1, 20), (0, short), (1, fixtures.count))),),
            ),
        ),
    )


def _prober(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ProberDown", 5 * _MINUTE)
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def up(value: float, job: str, **labels: str) -> Series:
        return _target(fixtures, "up", flat(value, fixtures.count), **{"job": job, "service": "", **labels})

    return Alert(
        alert="ProberDown",
        expr=expr(f"""
            max by ({names.SERVER}, job) (up{{job=~"{_PROBES}"}}) == 0
            unless on () up{{job="{names.JOB_BLACKBOX}"}} == 0
        """),
        wait=wait,
        severity="warning",
        summary="All probes of a server fail to run, so outages that only users see go unnoticed.",
        description="Job {{ $labels.job }} gets no probe results for {{ $labels.server }}, although the prober "
        "answers.",
        runbook=Runbook(
            meaning="The blackbox exporter runs but returns no probe results. Alerts on public URLs, certificates and "
            "open ports cannot fire. When the exporter itself is down, *TargetDown* fires instead.",
            first_look=(
                "Prometheus, page *Targets*, the job: what is the error?",
                "`curl 'BLACKBOX:9115/probe?module=http&target=https://example.com'` from Prometheus' network.",
            ),
            action=(
                "`400 Bad Request`: its configuration lacks the module; start it with the built blackbox.yml.",
                "`context deadline exceeded`: a module's timeout exceeds the scrape timeout.",
            ),
            false_alarms="None known.",
        ),
        dashboard="monitoring",
        panel="Targets",
        fires=tuple(
            fixtures.fires(
                f"fires for job {job} of a server without probe results, not for the other",
                (
                    up(0, job),
                    up(0, job, instance="second"),
                    up(1, job, server="second"),
                    up(1, next(other for other in _PROBES.split("|") if other != job)),
                    up(1, names.JOB_BLACKBOX),
                    up(0, "redis"),
                ),
                late,
                Expected(
                    {"server": "main", "job": job},
                    f"Job {job} gets no probe results for main, although the prober answers.",
                ),
            )
            for job in _PROBES.split("|")
        ),
        silent=(
            fixtures.silent(
                "stays silent while one of its targets is probed",
                (up(0, names.JOB_PROBE), up(1, names.JOB_PROBE, instance="second")),
                late,
            ),
            # One prober serves all servers, so its outage would silence cases evaluated in the same batch.
            replace(
                fixtures.silent(
                    "stays silent while the exporter itself is down, which has its own alert",
                    (up(0, names.JOB_PROBE), up(0, names.JOB_BLACKBOX, server="second")),
                    late,
                ),
                apart=True,
            ),
        ),
    )


def _cases(topology: Topology, wait: int, metric: str, threshold: float, text: str) -> tuple[tuple[Case, ...], Case]:
    """Cases of a target's metric above its threshold, and at it."""
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def is_(value: float, **labels: str) -> Series:
        return _target(fixtures, metric, flat(value, fixtures.count), **labels)

    fires = fixtures.fires(
        "fires for the target above the threshold, not for the others",
        (
            is_(threshold * 1.1),
            is_(threshold / 2, instance="second"),
            *(is_(threshold * 0.9, **other) for other in _OTHERS),
            *(is_(threshold * 9, job=job) for job in _PROBES.split("|")),
        ),
        late,
        Expected(_LABELS, text),
    )
    return (fires,), fixtures.silent("stays silent at the threshold", (is_(threshold),), late)


def _slow(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ScrapeSlow", 15 * _MINUTE)
    seconds = topology.alerts.threshold("ScrapeSlow", SLOW)
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    text = f"A scrape of redis of cache on main takes {seconds * 1.1:.1f} s."
    of_other = {"job": "postgres", "instance": "redis-exporter:1"}
    fires, silent = _cases(topology, wait, "scrape_duration_seconds", seconds, text)
    return Alert(
        alert="ScrapeSlow",
        # A scrape that times out is slow too, but its target is down, and *TargetDown* fires.
        expr=expr(f"""
            max by ({_BY}) (
              scrape_duration_seconds{{{_SCRAPED}}}
              unless on ({names.BY_SERVICE}, job, instance) up{{{_SCRAPED}}} == 0
            ) > {seconds:.10g}
        """),
        wait=wait,
        severity="warning",
        summary="A scrape takes over half of its timeout.",
        description=f'A scrape of {_TARGET} takes {{{{ printf "%.1f" $value }}}} s.',
        runbook=Runbook(
            meaning="Scrapes time out after 10 s (Prometheus' default), and the target then counts as down.",
            first_look=("Dashboard *Monitoring*, panel *Scrape duration*: since when? Since a deployment?",),
            action=(
                "A database's exporter: the database is slow; see its dashboard.",
                "cAdvisor: set the flags named in prometheus.yml; without them it exports every label.",
                "The server is overloaded: dashboard *Host*.",
            ),
            false_alarms="None known.",
        ),
        threshold=seconds,
        threshold_source="seconds: half of Prometheus' default scrape_timeout",
        dashboard="monitoring",
        panel="Scrape duration",
        fires=(
            *fires,
            fixtures.fires(
                "fires while other targets are down",
                (
                    _target(fixtures, "scrape_duration_seconds", flat(seconds * 1.1, fixtures.count)),
                    _target(fixtures, "up", flat(1, fixtures.count)),
                    *(
                        _target(fixtures, "up", flat(0, fixtures.count), **other)
                        for other in (*_OTHERS, {"instance": "x:1"}, of_other)
                    ),
                ),
                fixtures.late(wait),
                Expected(_LABELS, text),
            ),
        ),
        silent=(
            silent,
            fixtures.silent(
                "stays silent for a target that times out, which is down",
                tuple(
                    _target(fixtures, metric, flat(value, fixtures.count))
                    for metric, value in (("scrape_duration_seconds", seconds * 2), ("up", 0))
                ),
                fixtures.late(wait),
            ),
        ),
    )


def _many(topology: Topology) -> Alert:
    wait = topology.alerts.wait("TargetSeriesMany", 15 * _MINUTE)
    most = topology.alerts.threshold("TargetSeriesMany", MANY)
    text = f"redis of cache on main has {most * 1.1:.0f} series."
    fires, silent = _cases(topology, wait, "scrape_samples_post_metric_relabeling", most, text)
    return Alert(
        alert="TargetSeriesMany",
        expr=f"max by ({_BY}) (scrape_samples_post_metric_relabeling{{{_SCRAPED}}}) > {most:.10g}",
        wait=wait,
        severity="warning",
        summary="A target exposes too many series.",
        description=f'{_TARGET} has {{{{ printf "%.0f" $value }}}} series.',
        runbook=Runbook(
            meaning="Each series costs Prometheus about 8 kB. The usual cause is an unbounded label: users, "
            "queries, paths.",
            first_look=(
                '`topk(10, count by (__name__) ({job="JOB"}))` in Prometheus: which metric is it?',
                "Then `count by (LABEL) (METRIC)` for its labels.",
            ),
            action=(
                "Drop the label or metric at its source, or with the exporter's flags.",
                "cAdvisor: set the flags named in prometheus.yml; without them it exports every label.",
            ),
            false_alarms="A server with far more than a hundred containers: raise the threshold.",
        ),
        threshold=most,
        threshold_source="the whole default deployment has 8,000 to 15,000 series (25 containers; counted by exporter)",
        dashboard="monitoring",
        panel="Series by target",
        fires=fires,
        silent=(silent,),
    )
