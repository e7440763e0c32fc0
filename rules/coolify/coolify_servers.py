"""Coolify's servers: unreachable, unusable, without a reporting Sentinel or a running proxy.

Services keep running without Coolify, so these are tickets. When a server itself is down, its exporters' alerts fire.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import BY_BOX, JOB, about_box, of_box, reads, unread, watched, well_read
from boxwatch.rules.coolify.coolify_servers_proofs import near, sentinel
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.topology.model import Topology

ID = "coolify_servers"

_MINUTE = 60
_PANEL = "Servers as Coolify sees them"
_BOX = "server {{ $labels.coolify_server }} (Coolify on {{ $labels.server }})"


def subject(topology: Topology) -> Subject | None:
    """Alerts on Coolify's servers; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Servers of Coolify",
        groups=(
            Group(
                name="coolify-servers",
                rules=(_unreachable(topology), _unusable(topology), _sentinel(topology), _proxy(topology)),
            ),
        ),
    )


def _unreachable(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyServerUnreachable", 10 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def reached(value: float, **labels: str) -> Series:
        return of_box(fixtures, coolify.SERVER_REACHABLE, flat(value, fixtures.count), **labels)

    return Alert(
        alert="CoolifyServerUnreachable",
        expr=f"min by ({BY_BOX}) ({coolify.SERVER_REACHABLE}{{{JOB}}}) == 0",
        wait=wait,
        severity="warning",
        summary="Coolify cannot reach a server, so nothing can be deployed there.",
        description=f"Coolify cannot reach {_BOX}.",
        runbook=Runbook(
            meaning="SSH from Coolify to the server fails. Its services keep running, but Coolify marks them all as "
            "exited; the alerts on its resources ignore that.",
            first_look=(
                "Does the server answer at all? See *TargetDown* and dashboard *Host*.",
                "Coolify, *Servers*, the server's page, *Validate*: what does SSH say?",
            ),
            action=(
                "Allow Coolify's address on the SSH port (fail2ban sometimes bans it).",
                "The key was removed from authorized_keys: add it again.",
                "The server is gone for good: remove it in Coolify.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the server that is not reached, not for the others",
                (reached(0), reached(1, instance="c:2"), *near(fixtures, coolify.SERVER_REACHABLE, 1)),
                late,
                Expected(about_box(), "Coolify cannot reach server box (Coolify on main)."),
            ),
        ),
        silent=(fixtures.silent("stays silent while it is reached", (reached(1), reached(0, job="other")), late),),
    )


def _unusable(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyServerUnusable", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def server(usable: float, reachable: float = 1, **labels: str) -> tuple[Series, ...]:
        return (
            of_box(fixtures, coolify.SERVER_USABLE, flat(usable, fixtures.count), **labels),
            of_box(fixtures, coolify.SERVER_REACHABLE, flat(reachable, fixtures.count), **labels),
        )

    return Alert(
        alert="CoolifyServerUnusable",
        expr=expr(f"""
            min by ({BY_BOX}) ({coolify.SERVER_USABLE}{{{JOB}}}) == 0
            unless on ({BY_BOX}) {coolify.SERVER_REACHABLE}{{{JOB}}} == 0
        """),
        wait=wait,
        severity="warning",
        summary="Coolify reaches a server but cannot deploy to it.",
        description=f"Coolify reaches {_BOX}, but cannot use it.",
        runbook=Runbook(
            meaning="SSH works, but Docker does not, or is too old, or the server was not validated after a change.",
            first_look=("Coolify, *Servers*, the server's page, *Validate*.", "`docker info` on the server."),
            action=("Start or update Docker, and validate the server again.",),
            false_alarms="A server that was just added and not validated yet.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the server that cannot be used, not for the others",
                (
                    *server(0),
                    of_box(fixtures, coolify.SERVER_USABLE, flat(1, fixtures.count), instance="c:2"),
                    *near(fixtures, coolify.SERVER_USABLE, 1),
                    *near(fixtures, coolify.SERVER_REACHABLE, 0),
                ),
                late,
                Expected(about_box(), "Coolify reaches server box (Coolify on main), but cannot use it."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while it can be used", (*server(1), *server(0, job="other")), late),
            fixtures.silent("stays silent while it is not reached, which has its own alert", server(0, 0), late),
        ),
    )


def _sentinel(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifySentinelOutdated", 5 * _MINUTE)
    threshold = topology.alerts.threshold("CoolifySentinelOutdated", 600)
    fires, silent = sentinel(topology, wait, threshold)
    return Alert(
        alert="CoolifySentinelOutdated",
        # Coolify itself calls it out of date after three intervals (4.3.11, at least 120 s).
        expr=expr(f"""
            time() - max by ({BY_BOX}) ({coolify.SERVER_SENTINEL_PUSH}{{{JOB}}})
              > clamp_min(3 * max by ({BY_BOX}) ({coolify.SERVER_SENTINEL_INTERVAL}{{{JOB}}}), {threshold:.10g})
            and on ({BY_BOX}) {coolify.SERVER_SENTINEL_ENABLED}{{{JOB}}} == 1
            and {reads("server_details")}
            unless on ({BY_BOX}) {coolify.SERVER_REACHABLE}{{{JOB}}} == 0
        """),
        wait=wait,
        severity="warning",
        summary="Sentinel does not report to Coolify, so Coolify's states are outdated.",
        description=f"Sentinel on {_BOX} last reported {{{{ $value | humanizeDuration }}}} ago.",
        runbook=Runbook(
            meaning="Coolify shows Sentinel's last report. State and health of every resource on that server may be "
            "outdated, in Coolify and in the alerts on its resources; cAdvisor's metrics are not affected.",
            first_look=("`docker logs --tail 20 coolify-sentinel` on the server.",),
            action=(
                "Restart Sentinel on the server's page in Coolify.",
                "It cannot reach Coolify: check the endpoint in its settings, which must answer from the server.",
            ),
            false_alarms="None known: the threshold grows with Sentinel's interval.",
        ),
        threshold=threshold,
        threshold_source="ten times Sentinel's default interval of a minute, more than a hiccup (coolify #11803)",
        dashboard="deployments",
        panel=_PANEL,
        fires=fires,
        silent=silent,
    )


def _proxy(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyProxyNotRunning", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def proxy(state: str, value: float = 1, **labels: str) -> Series:
        return of_box(fixtures, coolify.SERVER_PROXY_STATE, flat(value, fixtures.count), state=state, **labels)

    wrong = ("exited", "degraded", "restarting", "paused")
    read = well_read(fixtures, "server_details")
    return Alert(
        alert="CoolifyProxyNotRunning",
        # Build servers, swarm workers and servers without a proxy have no series; a stopped proxy may be "unknown".
        expr=expr(f"""
            max by ({BY_BOX}, {coolify.STATE}) (
              {coolify.SERVER_PROXY_STATE}{{{JOB},state=~"{"|".join(wrong)}"}}
            ) == 1
            and {reads("server_details")}
            unless on ({BY_BOX}) {coolify.SERVER_REACHABLE}{{{JOB}}} == 0
        """),
        wait=wait,
        severity="warning",
        summary="Coolify reports a server's proxy as not running.",
        description=f"Coolify reports the proxy of {_BOX} as {{{{ $labels.state }}}}.",
        runbook=Runbook(
            meaning="If Coolify is right, no service behind this proxy can be reached. Where Traefik is planned, "
            "*ServiceDown* fires first; this alert covers servers outside the topology.",
            first_look=("`docker ps -a --filter name=coolify-proxy` on the server.",),
            action=("Start the proxy on the server's page in Coolify.", "It exits at once: its log names the problem."),
            false_alarms="A proxy that was stopped on purpose. While Sentinel reports, Coolify does not check the "
            "proxy again (#11539): trust `docker ps`, and restart the proxy once to refresh the state.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=tuple(
            fixtures.fires(
                f"fires for the server whose proxy is {state}, not for the others",
                (
                    proxy(state),
                    proxy(state, 0, instance="c:2"),
                    proxy(state, 1, instance="c:3"),
                    *near(fixtures, coolify.SERVER_PROXY_STATE, 0, state=state),
                    *near(fixtures, coolify.SERVER_REACHABLE, 0),
                    *read,
                ),
                late,
                Expected(
                    about_box(state=state), f"Coolify reports the proxy of server box (Coolify on main) as {state}."
                ),
            )
            for state in wrong
        ),
        silent=(
            fixtures.silent(
                "stays silent while it runs, starts or is not there",
                (proxy("running"), proxy("starting"), proxy("unknown"), proxy("exited", 0), *read),
                late,
            ),
            fixtures.silent(
                "stays silent while the server is not reached, which has its own alert",
                (proxy("exited"), of_box(fixtures, coolify.SERVER_REACHABLE, flat(0, fixtures.count)), *read),
                late,
            ),
            fixtures.silent(
                "stays silent while servers cannot be read, which has its own alert",
                (proxy("exited"), *unread(fixtures, "server_details")),
                late,
            ),
        ),
    )
