"""Container visibility: while cAdvisor cannot see containers, silent alerts mean nothing."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Measured, Record, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr, labels_missing, named_containers, one_or_many
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample, series, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "container_visibility"

_MINUTE = 60
_START = "container_start_time_seconds"
_BLIND = "cAdvisor on {} is not scraped or names no container, so RAM and replicas there are not monitored."
_ONLY, _NONE = "The only container on {} does not have", "None of the {} containers on {} has"
_UNLABELLED = "{} the label coolify.resourceName, so services recognised by it are not monitored."


def subject(topology: Topology) -> Subject:
    """Alerts on a cAdvisor that exposes no containers, or no labels."""
    return Subject(
        id=ID,
        title="Container visibility",
        groups=(
            Group(name="container-labels", rules=(_unlabelled(),)),
            Group(
                name="container-visibility",
                rules=(_metrics_missing(topology), _never_seen(topology), _labels_missing(topology)),
            ),
        ),
        measured=(_measured(topology),),
        reads=("worked",),
    )


def _unlabelled() -> Record:
    return Record(
        record=names.SERVER_LABELS_MISSING,
        expr=labels_missing(),
        doc="Containers of a server whose services are recognised by Coolify's label, if none of them has it.",
    )


def _measured(topology: Topology) -> Measured:
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)
    return Measured(
        title="labels are missing where no container has a resource",
        expr=names.SERVER_LABELS_MISSING,
        at=10 * _MINUTE,
        samples=(
            sample(names.SERVER_LABELS_MISSING, 2, server="main"),
            sample(names.SERVER_LABELS_MISSING, 1, server="fourth"),
            sample(names.SERVER_LABELS_MISSING, 1, server="bare"),
            sample(names.SERVER_LABELS_MISSING, 1, server="cgroups"),
            sample(names.SERVER_LABELS_MISSING, 1, server="named"),
        ),
        series=(
            *fixtures.service(),
            *_runs(fixtures, "u1", "u2", service=""),
            *fixtures.service(server="second"),
            *_runs(fixtures, "u1", service="", server="second", resource="shop"),
            *fixtures.service(server="third"),
            *_runs(fixtures, "u1", server="third", resource="web"),
            # Recognised by the compose label, which does not prove that Coolify's is exported.
            *fixtures.service(server="fourth"),
            *fixtures.service("stats", server="fourth", identified_by="compose"),
            *_runs(fixtures, "u1", service="stats", server="fourth", resource="stats"),
            # Nothing here is recognised by a label, so none is missing.
            *fixtures.service("stats", server="fifth", identified_by="name"),
            *_runs(fixtures, "u1", service="stats", server="fifth", resource=""),
            # A single desired replica is enough; a parked service is not.
            *fixtures.service(server="bare", replicas=1),
            *_runs(fixtures, "u1", service="", server="bare", resource=""),
            *fixtures.service(server="parked", replicas=0),
            *_runs(fixtures, "u1", service="", server="parked", resource=""),
            # Labels of a raw cgroup or of another job do not count.
            *fixtures.service(server="cgroups"),
            *_runs(fixtures, "u1", server="cgroups", service="traefik", resource=""),
            *_runs(fixtures, "", server="cgroups", service="", resource="shop"),
            *_runs(fixtures, "", server="cgroups", resource="web"),
            *_runs(fixtures, "web-1", server="cgroups", job="other"),
            # Each is named after the other's resource.
            *fixtures.service(server="crossed"),
            *_runs(fixtures, "a", server="crossed", service="", resource="b"),
            *_runs(fixtures, "b", server="crossed", service="", resource="a"),
            # A service recognised by name proves no label; another service does, and so does its namesake on another
            # server.
            *fixtures.service(server="named"),
            *fixtures.service("traefik", server="named", identified_by="name"),
            *_runs(fixtures, "u1", server="named", service="traefik", resource="x"),
            *fixtures.service(server="beside"),
            *fixtures.service("traefik", server="beside", identified_by="name"),
            *_runs(fixtures, "u1", server="beside", resource="web"),
            *fixtures.service(server="elsewhere"),
            *_runs(fixtures, "u1", server="elsewhere", service="stats", resource="stats"),
        ),
        interval=fixtures.interval,
    )


def _runs(fixtures: Fixtures, *names_: str, **labels: str) -> tuple[Series, ...]:
    return tuple(fixtures.container(_START, flat(7, fixtures.count), name, **labels) for name in names_)


def _metrics_missing(topology: Topology) -> Alert:
    name = "ContainerMetricsMissing"
    wait = topology.alerts.wait(name, deploys.UNSEEN)
    fixtures = Fixtures(length=wait + 20 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait) + _MINUTE
    plan = fixtures.server(memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB)
    both = (*plan, *fixtures.server("second", memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB))
    sees = _runs(fixtures, "web-1")

    def saw(server: str = "main") -> Series:
        """A container that was named once."""
        return fixtures.container(_START, "7 stale", "web-2", server=server)

    return Alert(
        alert=name,
        # Compared with the plan, not with `up`, which is absent for a server that was never configured or was removed
        # by mistake.
        expr=expr(f"""
            {names.SERVER_MEMORY_PLAN} > 0
            and on ({names.BY_SERVER}) {names.SERVER_CONTAINERS_SEEN}
            unless on ({names.BY_SERVER}) {named_containers()}
        """),
        wait=wait,
        severity="critical",
        summary="A server has no container metrics, so outages there go unnoticed.",
        description=_BLIND.format("{{ $labels.server }}"),
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="Prometheus has received no container metrics from a planned server for minutes. Alerts on RAM and "
            "replicas of that server stay silent, whatever happens there.",
            first_look=(
                "Prometheus, page *Targets*, job cadvisor: which error does it show?",
                "`docker ps` on the server: is cAdvisor running? Does the server respond at all?",
                (
                    "The target is up: run `curl HOST:8080/metrics | grep container_start_time_seconds`. Names are "
                    "empty if cAdvisor cannot reach Docker, for example before 0.54 with Docker 29's containerd image "
                    "store."
                ),
            ),
            action=(
                "Start or restart cAdvisor: after failing to reach Docker once, it does not retry.",
                "Mount /var/run and /var/lib/docker into it read-only; use version 0.57 or later.",
                "The server is gone for good: remove it from the topology.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            fixtures.fires(
                "fires for the server without container metrics, not for the other",
                # Container metrics of another job do not count.
                (
                    *both,
                    *sees,
                    saw("second"),
                    # Nothing was ever seen of a third.
                    *fixtures.server("third", memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB),
                    series(_START, flat(7, fixtures.count), job="other", server="second", name="web-1"),
                ),
                late + fixtures.interval,
                Expected(
                    {"server": "second"},
                    _BLIND.format("second"),
                ),
            ),
            fixtures.fires(
                "fires when cAdvisor answers but names nothing",
                (
                    *plan,
                    series(
                        "up", flat(1, fixtures.count), job=names.JOB_CADVISOR, instance="cadvisor:8080", server="main"
                    ),
                    fixtures.container(_START, flat(7, fixtures.count), "", service=""),
                    saw(),
                ),
                late + fixtures.interval,
                Expected(
                    {"server": "main"},
                    _BLIND.format("main"),
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while containers are named", (*plan, *sees), late),
            fixtures.silent("stays silent where none was ever named, which has its own alert", plan, late),
            fixtures.silent(
                "stays silent while cAdvisor restarts",
                (*plan, fixtures.container(_START, steps((7, 10), (None, 10), (7, fixtures.count - 19)))),
                20 * _MINUTE,
            ),
        ),
    )


def _never_seen(topology: Topology) -> Alert:
    name = "ContainersNeverSeen"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 20 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    plan = fixtures.server(memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB)
    second = fixtures.server("second", memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB)
    text = "cAdvisor on {} has never named a container: start it with the flags at the top of prometheus.yml."
    return Alert(
        alert=name,
        expr=expr(f"""
            {names.SERVER_MEMORY_PLAN} > 0
            unless on ({names.BY_SERVER}) {names.SERVER_CONTAINERS_SEEN}
        """),
        wait=wait,
        severity="warning",
        summary="A server has never had container metrics: cAdvisor was not switched on.",
        description=text.format("{{ $labels.server }}"),
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="Prometheus has never received metrics of named containers from a planned server. Alerts on RAM "
            "and replicas of that server cannot fire, and their lack does not page, because nobody knows whether "
            "cAdvisor has ever run there.",
            first_look=(
                "Prometheus, page *Targets*, job cadvisor: which error does it show?",
                "`docker ps` on the server: is cAdvisor running?",
            ),
            action=(
                (
                    "Start cAdvisor 0.57 or later with the flags at the top of prometheus.yml, and mount /rootfs, "
                    "/var/run, /sys and /var/lib/docker into it read-only."
                ),
                "The server is not yet there: remove it from the topology until it is.",
            ),
            false_alarms="Prometheus lost its data, or was off for more than three days, while cAdvisor was down: "
            "nothing remembers then that it had worked.",
        ),
        fires=(
            fixtures.fires(
                "fires for the server whose containers were never seen, not for the other",
                (*plan, *second, *_runs(fixtures, "web-1", server="second")),
                late,
                Expected({"server": "main"}, text.format("main")),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while containers are named", (*plan, *_runs(fixtures, "web-1")), late),
            fixtures.silent(
                "stays silent where containers were named once, which is an outage",
                (*plan, fixtures.container(_START, "7 stale", "web-1")),
                late,
            ),
        ),
    )


def _labels_missing(topology: Topology) -> Alert:
    name = "ContainerLabelsMissing"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    fixtures = Fixtures(length=wait + 20 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait) + _MINUTE
    bare = _runs(fixtures, "coolify-proxy", service="traefik", resource="")
    return Alert(
        alert=name,
        expr=f"{names.SERVER_LABELS_MISSING} > 0",
        wait=wait,
        severity="critical",
        summary="No container has Coolify's label, so services recognised by it are not monitored.",
        description=_UNLABELLED.format(
            one_or_many(_ONLY.format("{{ $labels.server }}"), _NONE.format("{{ $value }}", "{{ $labels.server }}"))
        ),
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="cAdvisor runs without the flag that exports the labels by which the topology recognises "
            "containers. boxwatch then reports nothing about those services rather than calling all of them down.",
            first_look=("`docker inspect --format '{{json .Args}}' cadvisor` on the server: cAdvisor's command line.",),
            action=(
                (
                    "Start cAdvisor with `--store_container_labels=false --whitelisted_container_labels="
                    "coolify.resourceName,coolify.projectName,coolify.environmentName,coolify.pullRequestId,"
                    "com.docker.compose.service`."
                ),
            ),
            false_alarms="A server whose planned services are recognised by a label, but where neither Coolify nor "
            "compose has started anything yet: it looks the same.",
        ),
        fires=(
            *(
                fixtures.fires(
                    f"fires when containers have names and {'only compose labels' if half else 'no labels'}",
                    # Labels of another job or of a raw cgroup do not count.
                    (
                        *fixtures.service(replicas=1),
                        *bare,
                        *_runs(fixtures, "web-1", job="other"),
                        *_runs(fixtures, "", resource="web-1"),
                        *(_runs(fixtures, "u7-1", service="") if half else ()),
                        *(fixtures.service("stats", identified_by="compose") if half else ()),
                        *(_runs(fixtures, "grafana-u7", service="stats", resource="grafana") if half else ()),
                    ),
                    late,
                    Expected(
                        {"server": "main"},
                        _UNLABELLED.format(_NONE.format(3, "main") if half else _ONLY.format("main")),
                    ),
                )
                for half in (False, True)
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent when a planned container has the label",
                (*fixtures.service(), *bare, *_runs(fixtures, "web-1")),
                late,
            ),
            fixtures.silent(
                "stays silent when any container has the label",
                (*fixtures.service(), *bare, *_runs(fixtures, "shop-u1", service="", resource="shop")),
                late,
            ),
            fixtures.silent(
                "stays silent while every service recognised by a label is parked",
                (*fixtures.service(replicas=0), *bare),
                late,
            ),
            fixtures.silent(
                "stays silent where every service is recognised by name",
                (*fixtures.service("traefik", replicas=1, identified_by="name"), *bare),
                late,
            ),
        ),
    )
