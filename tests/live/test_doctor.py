"""The doctor finds each thing that is wrong with a stack, alone and among others, and nothing that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import live_box as box
from support.live_box import Fault, answers, prometheus, relabelled, target, valued, without

from boxwatch.discovery.model import Container
from boxwatch.live.doctor import questions as q
from boxwatch.live.doctor.catalogue import diagnose
from boxwatch.live.doctor.line import Line, Report
from boxwatch.live.doctor.seen import Alertmanager, DataSource, Grafana, Sample, Seen

Apply = Callable[[Seen], Seen]
# A scrape job, a group of rules; None removes it.
Document = dict[str, Any]
Change = Callable[[Document], Document | None]
_GIB = 2**30
_WEB = {"server": "main", "service": "web"}


def _key(job: str, server: str = "main") -> str:
    return next(one.key for one in box.expected() if (one.job, one.server) == (job, server))


def _down(job: str, error: str, kind: str, server: str = "main") -> Fault:
    return Fault(f"{job}: {kind}", _key(job, server), target(job, server, health="down", error=error), kind)


def _config(change: Change) -> Apply:
    def apply(seen: Seen) -> Seen:
        config = {**(seen.prometheus.config or {})}
        jobs = [change(dict(job)) for job in config["scrape_configs"]]
        config["scrape_configs"] = [job for job in jobs if job is not None]
        pools = {job["job_name"] for job in config["scrape_configs"]}
        kept = tuple(one for one in seen.prometheus.targets if one.pool in pools)
        return replace(seen, prometheus=replace(seen.prometheus, config=config, targets=kept))

    return apply


def _job(name: str, change: Change) -> Apply:
    return _config(lambda job: change(job) if job["job_name"] == name else job)


def _groups(change: Change) -> Apply:
    def apply(seen: Seen) -> Seen:
        groups = tuple(new for one in seen.prometheus.groups if (new := change(dict(one))) is not None)
        return replace(seen, prometheus=replace(seen.prometheus, groups=groups))

    return apply


def _rule(group: str, **changes: object) -> Apply:
    def change(one: dict[str, Any]) -> dict[str, Any]:
        if one["name"] == group:
            one["rules"] = [{**one["rules"][0], **changes}, *one["rules"][1:]]
        return one

    return _groups(change)


def _unlabelled(seen: Seen) -> Seen:
    """What relabelling makes of containers whose labels cAdvisor does not export."""
    apply = answers(
        q.CONTAINERS,
        lambda one: (
            Sample({**one.labels, "resource": "", "service": "", "component": ""}, 1)
            if one["server"] == "main" and one["resource"]
            else one
        ),
    )
    return apply(seen)


def _stranger(**labels: str) -> Sample:
    return Sample({"server": "main", "service": "", "name": "x", "image": "y", "resource": "", **labels}, 1)


def _of_alertmanager(**changes: Any) -> Apply:  # noqa: ANN401 - fields of any type
    return lambda seen: replace(seen, alertmanager=replace(seen.alertmanager or Alertmanager(), **changes))


def _of_grafana(**changes: Any) -> Apply:  # noqa: ANN401 - fields of any type
    return lambda seen: replace(seen, grafana=replace(seen.grafana or Grafana(), **changes))


def _receivers(change: Document | list[Document]) -> Apply:
    def apply(seen: Seen) -> Seen:
        config = {**(seen.alertmanager or Alertmanager()).config}
        config["receivers"] = [*config["receivers"], change] if isinstance(change, dict) else change
        return _of_alertmanager(config=config)(seen)

    return apply


_CADVISOR = Container(name="cadvisor", image="ghcr.io/google/cadvisor:0.60.5")
_NODE = Container(name="node", image="prom/node-exporter:v1.12.1")

FAULTS = (
    # Prometheus
    Fault("slow queries", "queries", prometheus(unanswered={"disk": "timed out"}), "disk: timed out", "warning"),
    Fault("clock ahead", "clock", lambda seen: replace(seen, skew=90.0), "90 s ahead", "warning"),
    Fault("clock behind", "clock", lambda seen: replace(seen, skew=-90.0), "90 s behind", "warning"),
    Fault(
        "short retention",
        "retention",
        prometheus(runtime={"storageRetention": "15d"}),
        "keeps 15d",
        "warning",
        part="storage",
    ),
    Fault(
        "small limit",
        "disk",
        prometheus(runtime={"storageRetention": "90d or 1GiB"}),
        "reached after 22d",
        "warning",
        part="storage",
    ),
    Fault("full disk", "disk", valued(q.FREE, _GIB, server="main"), "GiB that are still missing", part="storage"),
    Fault("rejected reload", "reload:prometheus", valued(q.RELOADED, 0), "rejected its configuration"),
    # Configuration
    Fault("no job", "configuration:redis", _job("redis", lambda _: None), "not in Prometheus' running configuration"),
    Fault(
        "no relabelling",
        "configuration:cadvisor-main",
        _job("cadvisor-main", lambda job: {**job, "metric_relabel_configs": []}),
        "metric_relabel_configs",
    ),
    Fault(
        "rare scrapes", "configuration:node", _job("node", lambda job: {**job, "scrape_interval": "5m"}), "too rarely"
    ),
    Fault(
        "rare evaluations",
        "configuration:global",
        lambda seen: prometheus(
            config={**(seen.prometheus.config or {}), "global": {"scrape_interval": "30s", "evaluation_interval": "5m"}}
        )(seen),
        "evaluated every 5m",
    ),
    # Targets
    _down("node", 'Get "http://x/metrics": dial tcp 10.0.0.1:9100: connect: connection refused', "connection refused"),
    _down("postgres", "dial tcp: lookup db-exporter: no such host", "unknown host"),
    _down("minio", "server returned HTTP status 403 Forbidden", "permission denied"),
    _down("elasticsearch", "server returned HTTP status 401 Unauthorized", "authentication failed"),
    _down("traefik", "server returned HTTP status 404 Not Found", "no such page"),
    _down("docker", "context deadline exceeded", "timed out"),
    _down("cadvisor", "read: connection reset by peer", "unreachable", "second"),
    _down("grafana", "server returned HTTP status 502 Bad Gateway", "server error"),
    _down("probe", "server returned HTTP status 400 Bad Request", "bad request"),
    _down("coolify", 'received unsupported Content-Type "text/html"', "not metrics"),
    _down("alertmanager", "http: server gave HTTP response to HTTPS client", "TLS"),
    _down("redis", "sample limit exceeded", "too large"),
    _down("blackbox", "something new", "failed"),
    Fault("not scraped yet", _key("redis"), target("redis", health="unknown"), "has not been scraped yet", "warning"),
    Fault("wrong label", _key("redis"), target("redis", labels={"job": "redis", "server": "box"}), "server is `box`"),
    Fault("other program", _key("redis"), relabelled(q.EXPORTERS, {"job": "redis"}, __name__="pg_up"), "postgres_"),
    Fault("no metrics", _key("redis"), without(q.EXPORTERS, job="redis"), "serves no metrics of redis_exporter"),
    # Versions
    Fault("old Prometheus", "version:Prometheus:Prometheus", prometheus(version="2.40.0"), "older than 2.42.0"),
    Fault(
        "old cAdvisor",
        "version:cadvisor:cadvisor on main",
        relabelled(q.VERSIONS, {"job": "cadvisor"}, cadvisorVersion="v0.49.1"),
        "cadvisor 0.49.1 is older than 0.55.1",
    ),
    Fault(
        "old postgres_exporter",
        "version:postgres_exporter:postgres of db on main",
        relabelled(q.VERSIONS, {"job": "postgres"}, version="0.11.1"),
        "older than 0.17.1",
    ),
    Fault("old Alertmanager", "version:Alertmanager:Alertmanager", _of_alertmanager(version="0.24.0"), "than 0.25.0"),
    Fault("old Grafana", "version:Grafana:Grafana", _of_grafana(version="9.5.0"), "older than 10.4.0"),
    # cAdvisor
    Fault("no names", "cadvisor-names:second", without(q.CONTAINERS, server="second"), "names no container"),
    Fault("no labels", "cadvisor-labels:main", _unlabelled, "exports no label"),
    Fault(
        "no OOM events",
        "cadvisor-metrics:main",
        without(q.CONTAINER_METRICS, server="main", __name__="container_oom_events_total"),
        "container_oom_events_total",
    ),
    Fault("rare measurements", "cadvisor-interval:main", valued(q.HOUSEKEEPING, 0.5, server="main"), "50%", "warning"),
    Fault("raw cgroups", "cadvisor-cgroups:main", valued(q.DROPPED, 5000, server="main"), "5,000 samples", "warning"),
    # node_exporter
    Fault(
        "bridge network",
        "node-network:main",
        relabelled(q.HOST_NAMES, {"server": "main"}, nodename="0123456789ab"),
        "container's network",
    ),
    Fault("loopback only", "node-network:second", without(q.DEVICES, server="second", device="eth0"), "the loopback"),
    Fault(
        "veth",
        "node-network:main",
        answers(q.PEERS, lambda one: one, Sample({"server": "main", "device": "eth0"}, 7)),
        "looks like a container's interface",
        "warning",
    ),
    Fault(
        "no rootfs",
        "node-rootfs:main",
        relabelled(q.MOUNTS, {"server": "main", "mountpoint": "/"}, mountpoint="/host"),
        "as /host",
    ),
    Fault(
        "own mounts",
        "node-rootfs:main",
        relabelled(q.MOUNTS, {"server": "main", "mountpoint": "/boot"}, mountpoint="/etc/hosts"),
        "/etc/hosts",
    ),
    Fault("no root", "node-rootfs:second", without(q.MOUNTS, server="second", mountpoint="/"), "no file system at /"),
    Fault("skewed server", "clock:second", valued(q.CLOCKS, -8, server="second"), "8 s behind"),
    # Services
    Fault("no container", "service:main:web", without(q.CONTAINERS, **_WEB), "no container resembles it"),
    Fault("one of two", "service:main:web", without(q.CONTAINERS, **_WEB, resource="web-2"), "has 1 of 2 containers"),
    Fault(
        "component gone",
        "service:main:coolify",
        without(q.CONTAINERS, service="coolify", component="database"),
        "has no container of database",
    ),
    Fault(
        "stranger",
        "outside:main",
        answers(q.CONTAINERS, lambda one: one, _stranger(name="adminer")),
        "adminer",
        "warning",
    ),
    # Exporters
    Fault("no PostgreSQL", "reached:main:db", valued(q.REACHED, 0, service="db"), "not reached"),
    Fault(
        "no pg_monitor",
        "rights:main:db",
        answers(q.HIDDEN, lambda one: one, Sample({"server": "main", "service": "db"}, 9)),
        "hides the sessions",
    ),
    Fault(
        "no Redis right",
        "reached:main:cache",
        answers(q.REDIS_ERRORS, lambda one: one, Sample({"server": "main", "service": "cache", "err": "NOPERM x"}, 1)),
        "NOPERM x",
    ),
    Fault("no Elasticsearch", "reached:main:search", without(q.REACHED, service="search"), "not reached"),
    Fault(
        "API disabled",
        "reached:main:coolify",
        answers(q.COOLIFY_REASONS, lambda one: one, Sample({"server": "main", "reason": "api_disabled"}, 1)),
        "api_disabled",
    ),
    # Traefik
    Fault(
        "entry points only",
        "traefik-services:main",
        without(q.TRAEFIK, __name__="traefik_service_requests_total"),
        "addServicesLabels",
        "warning",
    ),
    Fault("no traffic", "traefik-services:main", without(q.TRAEFIK), "no request yet", "warning"),
    Fault("other buckets", "traefik-buckets:main", without(q.BUCKETS, le="0.3"), "0.1,1.2,5"),
    # Rules
    Fault(
        "no rules",
        "rules",
        _groups(lambda _: None),
        "none of this deployment is loaded: Prometheus",
        part="groups",
    ),
    Fault(
        "a group is gone",
        "rules",
        _groups(lambda one: None if one["name"] == "redis" else one),
        "1 group missing: redis",
        part="groups",
    ),
    Fault(
        "another query",
        "rules",
        _rule("watchdog", query="vector(2)"),
        "1 group other than built: watchdog",
        part="groups",
    ),
    Fault("another wait", "rules", _rule("redis", duration=1), "other than built: redis", part="groups"),
    Fault(
        "failing rule",
        "rules-health",
        _rule("redis", health="err", lastError="many-to-many"),
        "1 rule fail",
        part="groups",
    ),
    Fault(
        "waiting rule", "rules-health", _rule("redis", health="unknown"), "not evaluated yet", "warning", part="groups"
    ),
    # Notifications
    Fault("no Alertmanager", "alertmanagers", prometheus(alertmanagers=()), "sends alerts to no Alertmanager"),
    Fault("lost alerts", "alertmanagers", answers(q.SEND_ERRORS, lambda one: one, Sample({}, 7.2)), "7 alerts"),
    Fault(
        "Alertmanager away",
        "alertmanager",
        _of_alertmanager(error="connection refused"),
        "connection refused",
        mutes=("alertmanager-config", "receivers"),
    ),
    Fault("other configuration", "alertmanager-config", _receivers([]), "receivers", part="receivers"),
    Fault("silent receiver", "receivers", _receivers({"name": "mute"}), "mute", part="receivers"),
    Fault(
        "failed deliveries",
        "deliveries",
        answers(q.FAILED, lambda one: one, Sample({"integration": "webhook", "reason": "serverError"}, 3.9)),
        "4 by webhook (serverError)",
    ),
    Fault("no Watchdog", "watchdog", without(q.WATCHDOG), "does not fire"),
    Fault("lost Watchdog", "watchdog", _of_alertmanager(heartbeats=None), "Alertmanager does not have it"),
    Fault("silenced Watchdog", "watchdog", _of_alertmanager(suppressed=True), "silenced or inhibited"),
    Fault("misrouted Watchdog", "watchdog", _of_alertmanager(heartbeats=("office",)), "goes to office"),
    # Grafana
    Fault(
        "Grafana away",
        "grafana",
        _of_grafana(error="cannot be reached"),
        "cannot be reached",
        mutes=("data-source", "data-source:P", "dashboards"),
    ),
    Fault(
        "no data source",
        "data-source",
        _of_grafana(sources=()),
        "no Prometheus data source",
        part="sources",
    ),
    Fault(
        "broken data source",
        "data-source:P",
        _of_grafana(sources=(DataSource(name="P", error="bad"),)),
        "P: bad",
        part="sources",
    ),
    Fault("missing dashboards", "dashboards", _of_grafana(missing=("Overview",)), "1 dashboard missing: Overview"),
    Fault("other dashboards", "dashboards", _of_grafana(differing=("Host", "Redis")), "Host and Redis", "warning"),
)


def _report(*faults: Fault, shared: bool = False) -> Report:
    seen = box.healthy(shared=shared)
    for fault in faults:
        seen = fault.apply(seen)
    return diagnose(box.examined(seen, shared=shared))


def _shown(report: Report) -> dict[str, Line]:
    return {entry.line.key: entry.line for entry in report.entries}


def _below(report: Report) -> set[str]:
    return {line.key for entry in report.entries for line in entry.consequences}


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_a_healthy_stack_is_green(*, shared: bool) -> None:
    """Nothing is wrong, and nothing is left to do."""
    report = _report(shared=shared)

    assert [line for line in _shown(report).values() if line.state != "ok"] == []
    assert report.next is None
    assert len(_shown(report)) > 50


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_reported_where_it_is(fault: Fault) -> None:
    """The report names it and its remedy, and puts nothing else beside it."""
    report = _report(fault)

    line = _shown(report)[fault.key]
    assert (line.state, fault.says in line.what) == (fault.state, True), line
    assert line.remedy
    assert report.next == line
    assert [key for key, one in _shown(report).items() if one.state != "ok"] == [fault.key]


def _some(least: int, most: int) -> st.SearchStrategy[list[Fault]]:
    """Faults that can be there together."""
    return st.lists(
        st.sampled_from(FAULTS), min_size=least, max_size=most, unique_by=lambda one: one.part or one.name
    )  # fmt: skip


@settings(max_examples=settings().max_examples // 3)
@given(_some(2, 8))
def test_faults_are_reported_together(faults: list[Fault]) -> None:
    """Each is shown, or waits below another one; what is not broken is not reported."""
    report = _report(*faults)
    shown, below = _shown(report), _below(report)
    broken = {key for key, line in shown.items() if line.state != "ok"}

    keys = {fault.key for fault in faults}
    assert broken <= keys
    assert keys - {key for fault in faults for key in fault.mutes} <= broken | below
    assert not shown.keys() & below


# Each example makes as many reports as it has faults.
@settings(max_examples=settings().max_examples // 10)
@given(_some(1, 6), st.data())
def test_mending_what_is_next_leads_to_green(faults: list[Fault], data: st.DataObject) -> None:
    """The last line always names something that is broken, so whoever follows it ends with a green stack."""
    rest = list(faults)
    for _ in range(len(faults)):
        line = _report(*rest).next
        if line is None:
            break
        mended = [fault for fault in rest if fault.key == line.key]
        assert mended
        rest.remove(data.draw(st.sampled_from(mended)))

    assert _report(*rest).next is None


def test_without_prometheus_the_others_are_still_judged() -> None:
    """A stack whose Prometheus is away has one finding about it, and those of Alertmanager and Grafana."""
    gone = Fault("", "", prometheus(error="connection refused", version=""), "")
    report = _report(gone, Fault("", "", _of_grafana(missing=("Overview",)), ""))

    broken = {key for key, line in _shown(report).items() if line.state != "ok"}
    assert broken == {"prometheus", "dashboards"}
    assert "alertmanager-config" in _shown(report)


def test_what_cannot_be_asked_is_not_judged() -> None:
    """A server that answers no query is not told that everything is missing."""
    report = _report(Fault("", "", prometheus(samples={}, unanswered={"x": "error"}), ""))

    said = {line.check for line in _shown(report).values() if line.state != "ok"}
    assert said == {"prometheus"}


def _without_notifications(**changes: object) -> Report:
    """The report on a deployment whose notifications are other than the built ones, or none."""
    said = box.topology().notifications
    assert said is not None
    changed = said.model_copy(update=changes) if changes else None
    seen = replace(box.healthy(), alertmanager=None)
    return diagnose(box.examined_of(box.topology().model_copy(update={"notifications": changed}), seen))


def test_a_deployment_that_notifies_nobody_is_a_warning() -> None:
    """It is allowed, and unlikely to be meant."""
    line = _shown(_without_notifications())["watchdog"]

    assert (line.state, line.what) == ("warning", "nobody is notified of any alert")


def test_a_watchdog_without_a_receiver_is_a_warning() -> None:
    """Nobody would notice that the server is gone."""
    line = _shown(_without_notifications(watchdog=None))["watchdog"]

    assert (line.state, "nobody notices when this server is gone" in line.what) == ("warning", True)


def test_the_way_of_the_watchdog_is_unknown_without_alertmanager() -> None:
    """That is no problem, and the line says how to know."""
    report = diagnose(box.examined(replace(box.healthy(), alertmanager=None)))
    line = _shown(report)["watchdog"]

    assert (line.state, "pass --alertmanager URL" in line.what) == ("ok", True)


def test_the_version_of_alertmanager_is_known_from_its_metrics() -> None:
    """If it is not asked itself."""
    labels = {"__name__": "alertmanager_build_info", "job": "alertmanager", "server": "main", "version": "0.23.0"}
    seen = answers(q.VERSIONS, lambda one: one, Sample(labels, 1))(replace(box.healthy(), alertmanager=None))
    shown = _shown(diagnose(box.examined(seen)))

    assert shown["version:Alertmanager:alertmanager on main"].state == "problem"


def test_a_duration_in_an_unknown_form_is_a_difference() -> None:
    """It cannot be compared, so it is not called equal."""
    assert _shown(_report(Fault("", "", _rule("redis", duration="soon"), "")))["rules"].state == "problem"
