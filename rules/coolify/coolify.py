"""Whether the Coolify exporter sees: without it, silence about deployments, backups and resources says nothing.

No user notices while it is blind, so these are tickets. That the exporter itself does not answer is *TargetDown*.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import BY_ACCOUNT, JOB, about_account, closed, of_account, source, watched
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import World, flat
from boxwatch.topology.model import Topology

ID = "coolify"

_MINUTE = 60
_BLIND = "Deployments, backups and states of resources are not watched meanwhile; containers are, through cAdvisor."


def subject(topology: Topology) -> Subject | None:
    """Alerts on a Coolify exporter that cannot tell; None where there is none."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Coolify, as far as it can be seen",
        groups=(
            Group(
                name="coolify",
                rules=(
                    _unreachable(topology),
                    _token(topology),
                    _disabled(topology),
                    _rate_limited(topology),
                    _source(topology),
                    _unparsed(topology),
                ),
            ),
        ),
    )


def _one_of(reasons: tuple[str, ...]) -> str:
    """A matcher for the reasons; a regular expression only where there are several."""
    return f'{coolify.REASON}="{reasons[0]}"' if len(reasons) == 1 else f'{coolify.REASON}=~"{"|".join(reasons)}"'


def _down(  # noqa: PLR0913 - what the four alerts about a closed API differ in
    topology: Topology, alert: str, reasons: tuple[str, ...], *, default: int, summary: str, says: str, runbook: Runbook
) -> Alert:
    """An alert on some of the reasons for which Coolify gives the exporter nothing."""
    wait = topology.alerts.wait(alert, default)
    world = World(length=4 * wait + 30 * _MINUTE, thresholds=topology.thresholds)
    fires, silent = closed(world, wait, reasons, says)
    return Alert(
        alert=alert,
        expr=f"max by ({BY_ACCOUNT}, {coolify.REASON}) ({coolify.DOWN_REASON}{{{JOB},{_one_of(reasons)}}}) == 1",
        wait=wait,
        severity="warning",
        summary=summary,
        description=f"Coolify account {{{{ $labels.account }}}} on {{{{ $labels.server }}}}: {says}"
        " ({{ $labels.reason }}), so nothing is known of its deployments and resources.",
        runbook=runbook,
        dashboard="deployments",
        panel="Coolify answers",
        fires=fires,
        silent=silent,
    )


def _unreachable(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyUnreachable",
        (coolify.UNREACHABLE, coolify.SERVER_ERROR, coolify.BAD_PAYLOAD, coolify.REDIRECTED, coolify.REJECTED),
        default=15 * _MINUTE,
        summary="Coolify does not answer its exporter, or not with what its API says.",
        says="the API does not answer as it should",
        runbook=Runbook(
            meaning=f"For a quarter of an hour Coolify gave the exporter no usable answer; an update of Coolify takes "
            f"a few minutes. What is deployed runs on without Coolify. {_BLIND}",
            first_look=(
                "`docker ps --filter name=coolify` on the server: does the container `coolify` run, and since when?",
                "`docker logs --tail 20 coolify-exporter`: the log says what failed (refused, dns, tls, status).",
            ),
            action=(
                "`unreachable`: start Coolify, or give both containers a network in common (`coolify`).",
                "`server_error`: read Coolify's log; its database `coolify-db` may be down or out of disk.",
                "`redirected`: give the exporter the URL that it is redirected to.",
                "`bad_payload`, `rejected`: a proxy answers in Coolify's place, or a version that nobody has seen yet.",
            ),
            false_alarms="An update of Coolify that takes longer than a quarter of an hour.",
        ),
    )


def _token(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyTokenRefused",
        (coolify.UNAUTHORISED, coolify.FORBIDDEN, coolify.NO_TOKEN),
        default=5 * _MINUTE,
        summary="Coolify refuses the exporter's token.",
        says="the API refuses the token",
        runbook=Runbook(
            meaning="The token expired (after 30 days, unless it was made to last), was revoked, lacks `read`, or is "
            f"not where the exporter looks. It does not come back by itself. {_BLIND}",
            first_look=("The label `reason`, and `docker logs --tail 20 coolify-exporter`.",),
            action=(
                (
                    "`unauthorised`: make a token with `read` in *Keys & Tokens*, without expiry or with a date in "
                    "your calendar, and write it into the token's file; the exporter rereads it."
                ),
                (
                    "`forbidden`: give the token `read`, or add the exporter's network to *Allowed IPs* in *Settings → "
                    "Configuration*."
                ),
                "`no_token`: the file is missing, empty or unreadable for the container's user.",
            ),
            false_alarms="None known.",
        ),
    )


def _disabled(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyApiDisabled",
        (coolify.API_DISABLED,),
        default=5 * _MINUTE,
        summary="Coolify's API is switched off.",
        says="the API is switched off",
        runbook=Runbook(
            meaning=f"The instance's switch for the API is off, which is its default. {_BLIND}",
            first_look=("Coolify, *Settings → Configuration → API settings*.",),
            action=("Switch the API on. If nobody did this on purpose, find out who changed the settings.",),
            false_alarms="None known.",
        ),
    )


def _rate_limited(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyRateLimited",
        (coolify.RATE_LIMITED,),
        default=15 * _MINUTE,
        summary="Coolify has refused the exporter's requests as too many for a quarter of an hour.",
        says="the API grants no more requests",
        runbook=Runbook(
            meaning="Coolify grants each user 200 requests a minute, for all tokens of that user together. The "
            f"exporter stays below half of that and backs off, so something else uses them up. {_BLIND}",
            first_look=(
                "`coolify_api_rate_limit_remaining_requests` and `coolify_api_requests_total` in Prometheus: is it us?",
                "Coolify, *Keys & Tokens*: which other tokens does this user have, and when were they last used?",
            ),
            action=(
                "Give the exporter a user of its own, or the other client a slower pace.",
                "Lower `--requests-per-minute`, or raise `API_RATE_LIMIT` in Coolify's environment.",
            ),
            false_alarms="None known.",
        ),
    )


def _source(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifySourceFailing", 15 * _MINUTE)
    world = World(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait)
    up = of_account(world, coolify.UP, flat(1, world.count))
    failing = source(world, "history", flat(0, world.count))
    return Alert(
        alert="CoolifySourceFailing",
        expr=expr(f"""
            min by ({BY_ACCOUNT}, {coolify.SOURCE}) ({coolify.SOURCE_SUCCESS}{{{JOB}}}) == 0
            and on ({BY_ACCOUNT}) max by ({BY_ACCOUNT}) ({coolify.UP}{{{JOB}}}) == 1
        """),
        wait=wait,
        severity="warning",
        summary="A part of what Coolify tells cannot be read, so what it would show is not watched.",
        description="Coolify account {{ $labels.account }} on {{ $labels.server }}: {{ $labels.source }} cannot be"
        " read, and what it last said has left the metrics.",
        runbook=Runbook(
            meaning="Coolify answers, but not this one of its lists. After five minutes its series are left out, and "
            "alerts on them resolve without anything being well again.",
            first_look=(
                "`coolify_source_failure_reason` in Prometheus, and the exporter's log.",
                "Ask Coolify the same: `curl -H 'Authorization: Bearer …' COOLIFY/api/v1/SOURCE`.",
            ),
            action=(
                "`server_error`: one record breaks Coolify's list; its own log names it.",
                "`bad_payload`: a version of Coolify that answers otherwise; report it with the exporter's log.",
                "`forbidden`: the token's user may not see it.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Coolify answers",
        fires=(
            world.fires(
                "fires for the source and the account that fail, not for the others",
                (
                    up,
                    failing,
                    source(world, "history", instance="coolify-exporter:2"),
                    source(world, "servers"),
                    of_account(world, coolify.UP, flat(0, world.count), instance="coolify-exporter:2"),
                    of_account(world, coolify.UP, flat(1, world.count), instance="coolify-exporter:3"),
                    of_account(world, coolify.UP, flat(1, world.count), account="second"),
                    source(world, "history", account="second"),
                ),
                late,
                Expected(
                    about_account(source="history"),
                    "Coolify account team on main: history cannot be read, and what it last said has left the metrics.",
                ),
            ),
        ),
        silent=(
            world.silent("stays silent while all is read", (up, source(world, "history")), late),
            world.silent(
                "stays silent while nothing is read, which has its own alert",
                (
                    of_account(world, coolify.UP, flat(0, world.count)),
                    failing,
                    of_account(world, coolify.UP, flat(1, world.count), account="second"),
                    of_account(world, coolify.UP, flat(1, world.count), server="second"),
                ),
                late,
            ),
        ),
    )


def _unparsed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyValuesUnparsed", 0)
    world = World(length=wait + 180 * _MINUTE, thresholds=topology.thresholds)
    hour = world.steps_of(60 * _MINUTE)

    def counted(values: str, **labels: str) -> Series:
        more = {"source": "statuses", "field": "status", **labels}
        return of_account(world, coolify.UNPARSED, values, **more)

    at = wait + 50 * _MINUTE
    # A restart in between, and nothing new for most of the hour.
    begin, rising = 4, world.steps_of(at - 45 * _MINUTE) - 4
    values = f"900x{begin - 1} 0+1x{rising} {rising}x{world.count}"
    return Alert(
        alert="CoolifyValuesUnparsed",
        expr=f"sum by ({BY_ACCOUNT}, {coolify.SOURCE}, field) (increase({coolify.UNPARSED}{{{JOB}}}[1h])) > 0",
        wait=wait,
        severity="info",
        summary="Coolify says something that the exporter does not understand.",
        description="Values of {{ $labels.field }} in {{ $labels.source }} of Coolify account {{ $labels.account }} on"
        " {{ $labels.server }} could not be understood and were left out.",
        runbook=Runbook(
            meaning="A value is of an unknown kind, or a list is longer than the exporter shows (`over_limit`). What "
            "it says of this field is incomplete, and alerts on it may stay silent.",
            first_look=("The exporter's log names the value.",),
            action=(
                "Coolify was updated: look for a newer boxwatch, or report the value.",
                "`over_limit`: raise `--max-resources`.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Coolify answers",
        fires=(
            world.fires(
                "fires for the field whose values were not understood, not for the others",
                (
                    counted(values),
                    counted(flat(5, world.count), instance="coolify-exporter:2"),
                    counted(flat(5, world.count), field="type"),
                    counted(flat(5, world.count), source="servers"),
                    counted(flat(5, world.count), account="second"),
                ),
                at,
                Expected(
                    about_account(source="statuses", field="status"),
                    "Values of status in statuses of Coolify account team on main could not be understood and were"
                    " left out.",
                ),
            ),
        ),
        silent=(
            world.silent("stays silent when the count stays", (counted(flat(5, world.count)),), at),
            world.silent(
                "stays silent an hour after the last one",
                (counted(f"0x10 3x{world.count - 11}"),),
                world.interval * 10 + 65 * _MINUTE,
            ),
            world.silent("stays silent when the exporter restarts", (counted(f"9x{hour} 0x{hour}"),), 90 * _MINUTE),
        ),
    )
