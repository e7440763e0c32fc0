"""The monitoring stack itself: failing rules, undelivered alerts, rejected configurations.

Its memory is monitored like any service's. No alert here can fire when Prometheus or Alertmanager is down: then
*Watchdog* stops arriving.
"""

from __future__ import annotations

from boxwatch.rules import deployment, names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.event_rate import event_rate_alert
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.topology.model import Topology

ID = "monitoring"

_MINUTE = 60
# Default threshold for Prometheus' active series.
SERIES_HELD = 60_000


def subject(topology: Topology) -> Subject:
    """Alerts on Prometheus and Alertmanager, and on rejected configurations."""
    return Subject(
        id=ID,
        title="Monitoring itself",
        groups=(
            Group(
                name=ID,
                rules=(
                    _rules(topology),
                    _delivery(topology),
                    _sending(topology),
                    _missed(topology),
                    _storage(topology),
                    _config(topology),
                    # The capacity of a shared Prometheus is planned by others.
                    *(() if topology.stack.shared else (_series(topology),)),
                ),
            ),
        ),
    )


def _our_groups(topology: Topology) -> str:
    """The matcher of our groups in Prometheus' metrics about rules, where it has others."""
    return f', rule_group=~".+;{deployment.group(topology, ".+")}"' if topology.stack.shared else ""


def _group(topology: Topology) -> str:
    return f"rules/host.yaml;{deployment.group(topology, 'host')}"


def _another_group(topology: Topology) -> dict[str, str] | None:
    return {"rule_group": "rules/others.yaml;host"} if topology.stack.shared else None


def _rules(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "PrometheusRuleFailures",
        f'prometheus_rule_evaluation_failures_total{{job="{names.JOB_PROMETHEUS}"{_our_groups(topology)}}}',
        wrong=_another_group(topology),
        by=f"{names.SERVER}, rule_group",
        wait=5 * _MINUTE,
        threshold=3,
        source="in ten minutes: one may be a restart or a heavy query; a broken rule fails at each evaluation",
        severity="critical",
        summary="Rules fail to evaluate, so their alerts cannot fire.",
        description="Rules of {{ $labels.rule_group }} fail in Prometheus on {{ $labels.server }}.",
        text=f"Rules of {_group(topology)} fail in Prometheus on main.",
        labels={"job": names.JOB_PROMETHEUS, "rule_group": _group(topology)},
        hidden="instance",
        runbook=Runbook(
            meaning="Prometheus cannot evaluate a rule, so its alerts do not fire. Any outage that they would report "
            "goes unnoticed.",
            first_look=(
                "Prometheus, page *Rules*, the group: the error is shown next to the rule.",
                "`many-to-many matching`: two series share the join's labels; the message names them.",
            ),
            action=(
                "It began with a publish: run `boxwatch rollback`, and report the rule.",
                "Two targets expose the same series: remove one from the scrape configuration.",
                "`query timed out` or `too many samples`: see *PrometheusSeriesHigh*.",
            ),
            false_alarms="None known.",
        ),
        panel="Rules",
    )


def _delivery(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "AlertmanagerNotificationsFailing",
        f'alertmanager_notifications_failed_total{{job="{names.JOB_ALERTMANAGER}"}}',
        by=f"{names.SERVER}, integration",
        wait=5 * _MINUTE,
        threshold=1,
        source="in ten minutes: Alertmanager retries for minutes before it counts a failure, and each is a lost "
        "message",
        severity="critical",
        summary="Alertmanager cannot deliver notifications.",
        description="Alertmanager on {{ $labels.server }} cannot deliver notifications by {{ $labels.integration }}.",
        text="Alertmanager on main cannot deliver notifications by email.",
        labels={"job": names.JOB_ALERTMANAGER, "integration": "email"},
        # The reason label exists since 0.26.
        hidden="reason",
        runbook=Runbook(
            meaning="Notifications are lost. This alert itself goes out only through receivers that still work.",
            first_look=("`docker logs alertmanager 2>&1 | grep -i notify`: what does the receiver answer?",),
            action=(
                "`401`, `403`, `404`: the webhook or its token was revoked. Create a new one.",
                "`timeout`, `no such host`: check the server's outbound network and DNS.",
                "`429`: too many notifications; group more alerts per message.",
            ),
            false_alarms="None known.",
        ),
        panel="Notifications",
    )


def _sending(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "PrometheusNotificationsFailing",
        f'prometheus_notifications_errors_total{{job="{names.JOB_PROMETHEUS}"}}',
        by=f"{names.SERVER}, alertmanager",
        wait=5 * _MINUTE,
        threshold=3,
        source="in ten minutes: a restart of Alertmanager fails once or twice",
        severity="warning",
        summary="Prometheus cannot send alerts to Alertmanager.",
        description="Prometheus on {{ $labels.server }} cannot send alerts to {{ $labels.alertmanager }}.",
        text="Prometheus on main cannot send alerts to http://alertmanager:9093/api/v2/alerts.",
        labels={"job": names.JOB_PROMETHEUS, "alertmanager": "http://alertmanager:9093/api/v2/alerts"},
        hidden="instance",
        runbook=Runbook(
            meaning="No notification goes out, not even for this alert: it shows only in Prometheus and on dashboards, "
            "and *Watchdog* stops arriving. Where several Alertmanagers run, the others still notify.",
            first_look=("`docker ps -a --filter name=alertmanager`: does it run?", "Prometheus' log."),
            action=(
                "Start Alertmanager.",
                "Its address changed: correct `stack.alertmanager` in the topology, and build.",
            ),
            false_alarms="None known.",
        ),
        panel="Notifications",
    )


def _missed(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "PrometheusMissedEvaluations",
        f'prometheus_rule_group_iterations_missed_total{{job="{names.JOB_PROMETHEUS}"{_our_groups(topology)}}}',
        wrong=_another_group(topology),
        by=f"{names.SERVER}, rule_group",
        wait=15 * _MINUTE,
        threshold=3,
        source="in ten minutes, of 20 evaluations: a restart misses one or two",
        severity="warning",
        summary="Prometheus skips rule evaluations.",
        description="Prometheus on {{ $labels.server }} skips evaluations of {{ $labels.rule_group }}.",
        text=f"Prometheus on main skips evaluations of {_group(topology)}.",
        labels={"job": names.JOB_PROMETHEUS, "rule_group": _group(topology)},
        hidden="instance",
        runbook=Runbook(
            meaning="Evaluating the group takes longer than its interval. Alerts fire late.",
            first_look=("Dashboard *Monitoring*, panel *Rules*: which group takes how long, and since when?",),
            action=(
                "The server is overloaded (dashboard *Host*), or Prometheus is short of memory.",
                "More series than before: see *PrometheusSeriesHigh* and *TargetSeriesMany*.",
            ),
            false_alarms="None known.",
        ),
        panel="Rules",
    )


def _storage(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "PrometheusStorageFailing",
        f'prometheus_tsdb_compactions_failed_total{{job="{names.JOB_PROMETHEUS}"}}',
        by=names.SERVER,
        wait=5 * _MINUTE,
        threshold=3,
        source="in ten minutes: Prometheus retries every minute",
        severity="warning",
        summary="Prometheus cannot compact its storage.",
        description="Prometheus on {{ $labels.server }} fails to compact its storage.",
        text="Prometheus on main fails to compact its storage.",
        labels={"job": names.JOB_PROMETHEUS},
        hidden="instance",
        runbook=Runbook(
            meaning="The samples of the last hours stay in memory and in the write-ahead log. Memory grows, and each "
            "restart takes longer.",
            first_look=("Prometheus' log names the error.", "Dashboard *Host*: is the disk full?"),
            action=(
                "`no space left on device`: free space, or lower `--storage.tsdb.retention.size`.",
                "Corrupt block: stop Prometheus, move the block named in the log away, and start Prometheus.",
            ),
            false_alarms="None known.",
        ),
        panel="Series in Prometheus",
    )


def _config(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ConfigurationRejected", 10 * _MINUTE)
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    metrics = {
        names.JOB_PROMETHEUS: "prometheus_config_last_reload_successful",
        names.JOB_ALERTMANAGER: "alertmanager_config_last_reload_successful",
        names.JOB_BLACKBOX: "blackbox_exporter_config_last_reload_successful",
    }

    def loaded(value: float, job: str, **labels: str) -> Series:
        return fixtures.scraped(metrics[job], flat(value, fixtures.count), **{"job": job, **labels})

    either = "\n  or\n  ".join(f'{metric}{{job="{job}"}}' for job, metric in metrics.items())
    return Alert(
        alert="ConfigurationRejected",
        expr=f"min by ({names.SERVER}, job) (\n  {either}\n) == 0",
        wait=wait,
        severity="warning",
        summary="A part of the monitoring stack rejected its new configuration and runs with the old one.",
        description="{{ $labels.job }} on {{ $labels.server }} rejected its configuration.",
        runbook=Runbook(
            meaning="The published configuration is not in effect, and after a restart the program will not start.",
            first_look=("`docker logs CONTAINER 2>&1 | grep -i config` names the line.",),
            action=(
                "`promtool check config`, `amtool check-config` or `blackbox_exporter --config.check` on the file.",
                "Correct the file, or run `boxwatch rollback`, and reload.",
            ),
            false_alarms="None known.",
        ),
        dashboard=ID,
        panel="Rules",
        fires=tuple(
            fixtures.fires(
                f"fires for {job} when it rejected its configuration, not for the others",
                (
                    loaded(0, job),
                    loaded(1, job, instance="second"),
                    loaded(1, job, server="second"),
                    *(loaded(1, other) for other in metrics if other != job),
                ),
                late,
                Expected({"server": "main", "job": job}, f"{job} on main rejected its configuration."),
            )
            for job in metrics
        ),
        silent=(
            fixtures.silent(
                "stays silent while all configurations are loaded", tuple(loaded(1, job) for job in metrics), late
            ),
        ),
    )


def _series(topology: Topology) -> Alert:
    wait = topology.alerts.wait("PrometheusSeriesHigh", 15 * _MINUTE)
    most = topology.alerts.threshold("PrometheusSeriesHigh", SERIES_HELD)
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def held(value: float, **labels: str) -> Series:
        values = f"{value:.10g}x{fixtures.count}"
        return fixtures.scraped("prometheus_tsdb_head_series", values, **{"job": names.JOB_PROMETHEUS, **labels})

    return Alert(
        alert="PrometheusSeriesHigh",
        expr=expr(f"""
            max by ({names.SERVER}) (prometheus_tsdb_head_series{{job="{names.JOB_PROMETHEUS}"}}) > {most:.10g}
        """),
        wait=wait,
        severity="warning",
        summary="Prometheus holds more series than its memory is planned for.",
        description='Prometheus on {{ $labels.server }} holds {{ printf "%.0f" $value }} series.',
        runbook=Runbook(
            meaning="Each series costs about 8 kB of memory. At its memory limit Prometheus is killed, and nothing is "
            "monitored until it has replayed its write-ahead log.",
            first_look=(
                "Dashboard *Monitoring*, panel *Series by target*: which target grew?",
                "Prometheus, page *Status → TSDB*: the metrics and labels with the most series.",
            ),
            action=(
                "Drop unused metrics (`metric_relabel_configs`), or the unbounded label.",
                "Many deployments create many containers; a removed container's series leave after two to three hours.",
                "All are needed: give Prometheus more memory, in the topology too, and raise the threshold.",
            ),
            false_alarms="None known.",
        ),
        threshold=most,
        threshold_source="8 kB a series (prometheus#4553): 60,000 are 480 MB, over half of the 896 MiB planned for it",
        dashboard=ID,
        panel="Series in Prometheus",
        fires=(
            fixtures.fires(
                "fires above the threshold, not for another server",
                (held(most * 1.1), held(most / 2, instance="second"), held(most * 0.9, server="second")),
                late,
                Expected({"server": "main"}, f"Prometheus on main holds {most * 1.1:.0f} series."),
            ),
        ),
        silent=(fixtures.silent("stays silent at the threshold", (held(most),), late),),
    )
