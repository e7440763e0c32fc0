"""The Coolify exporter's access to Coolify; without it, alerts on deployments, backups and resources cannot fire.

No user notices, so these are tickets. When the exporter itself does not answer, *TargetDown* fires.
"""

from __future__ import annotations

import textwrap

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.coolify.coolify_proofs import BY_ACCOUNT, JOB, about_account, closed, of_account, source, watched
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import risen
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.topology.model import Topology

ID = "coolify"

_MINUTE = 60
_BLIND = "Meanwhile deployments, backups and resource states are not monitored; containers are, through cAdvisor."


def subject(topology: Topology) -> Subject | None:
    """Alerts on the Coolify exporter's access; None where none is scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Coolify exporter",
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
    """An alert on some of the reasons why the exporter gets nothing from Coolify."""
    wait = topology.alerts.wait(alert, default)
    fixtures = Fixtures(length=4 * wait + 30 * _MINUTE, thresholds=topology.thresholds)
    fires, silent = closed(fixtures, wait, reasons, says)
    return Alert(
        alert=alert,
        expr=f"max by ({BY_ACCOUNT}, {coolify.REASON}) ({coolify.DOWN_REASON}{{{JOB},{_one_of(reasons)}}}) == 1",
        wait=wait,
        severity="warning",
        summary=summary,
        description=f"Coolify account {{{{ $labels.account }}}} on {{{{ $labels.server }}}}: {says}"
        " ({{ $labels.reason }}), so its deployments and resources are not monitored.",
        runbook=runbook,
        dashboard="deployments",
        panel="Coolify API availability",
        fires=fires,
        silent=silent,
    )


def _unreachable(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyUnreachable",
        (coolify.UNREACHABLE, coolify.SERVER_ERROR, coolify.BAD_PAYLOAD, coolify.REDIRECTED, coolify.REJECTED),
        default=15 * _MINUTE,
        summary="Coolify's API does not answer, or answers unusably.",
        says="the API gives no usable answer",
        runbook=Runbook(
            meaning=f"For a quarter of an hour Coolify has given the exporter no usable answer; an update of Coolify "
            f"takes a few minutes. Deployed services keep running without Coolify. {_BLIND}",
            first_look=(
                "`docker ps --filter name=coolify` on the server: does the container `coolify` run, and since when?",
                "`docker logs --tail 20 coolify-exporter`: the log names the failure (refused, dns, tls, status).",
            ),
            action=(
                "`unreachable`: start Coolify, or attach both containers to one network (`coolify`).",
                "`server_error`: read Coolify's log; its database `coolify-db` may be down or out of disk.",
                "`redirected`: set the exporter's URL to the target of the redirect.",
                "`bad_payload`, `rejected`: a proxy answers in Coolify's place, or Coolify's version is unknown.",
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
            meaning="The token expired (after 30 days by default), was revoked, lacks `read`, or is missing where "
            f"the exporter expects it. This does not resolve by itself. {_BLIND}",
            first_look=("The label `reason`, and `docker logs --tail 20 coolify-exporter`.",),
            action=(
                (
                    "`unauthorised`: create a token with `read` in *Keys & Tokens*, without expiry or with a reminder "
                    "in your calendar, and write it to the token file; the exporter rereads it."
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
            action=("Switch the API on. If nobody switched it off on purpose, find out who changed the settings.",),
            false_alarms="None known.",
        ),
    )


def _rate_limited(topology: Topology) -> Alert:
    return _down(
        topology,
        "CoolifyRateLimited",
        (coolify.RATE_LIMITED,),
        default=15 * _MINUTE,
        summary="Coolify rate-limits its exporter.",
        says="the API's rate limit is exhausted",
        runbook=Runbook(
            meaning="Coolify allows each user 200 requests a minute, over all of that user's tokens. The exporter "
            f"stays below half of that and backs off, so another client uses up the rest. {_BLIND}",
            first_look=(
                (
                    "`coolify_api_rate_limit_remaining_requests` and `coolify_api_requests_total` in Prometheus: is it "
                    "the exporter?"
                ),
                "Coolify, *Keys & Tokens*: which other tokens does this user have, and when were they last used?",
            ),
            action=(
                "Give the exporter a user of its own, or slow the other client down.",
                "Lower `--requests-per-minute`, or raise `API_RATE_LIMIT` in Coolify's environment.",
            ),
            false_alarms="None known.",
        ),
    )


def _source(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifySourceFailing", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    up = of_account(fixtures, coolify.UP, flat(1, fixtures.count))
    failing = source(fixtures, "history", flat(0, fixtures.count))
    return Alert(
        alert="CoolifySourceFailing",
        expr=expr(f"""
            min by ({BY_ACCOUNT}, {coolify.SOURCE}) ({coolify.SOURCE_SUCCESS}{{{JOB}}}) == 0
            and on ({BY_ACCOUNT}) max by ({BY_ACCOUNT}) ({coolify.UP}{{{JOB}}}) == 1
        """),
        wait=wait,
        severity="warning",
        summary="The Coolify exporter cannot read one of Coolify's lists.",
        description="Coolify account {{ $labels.account }} on {{ $labels.server }}: {{ $labels.source }} cannot be"
        " read, and its metrics are missing.",
        runbook=Runbook(
            meaning="Coolify answers, but not for this list. After five minutes its series are dropped, and alerts on "
            "them resolve although nothing has recovered.",
            first_look=(
                "`coolify_source_failure_reason` in Prometheus, and the exporter's log.",
                "Query Coolify directly: `curl -H 'Authorization: Bearer …' COOLIFY/api/v1/SOURCE`.",
            ),
            action=(
                "`server_error`: one record breaks Coolify's list; its own log names it.",
                "`bad_payload`: this Coolify version answers in another form; report it with the exporter's log.",
                "`forbidden`: the token's user lacks permission.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Coolify API availability",
        fires=(
            fixtures.fires(
                "fires for the source and the account that fail, not for the others",
                (
                    up,
                    failing,
                    source(fixtures, "history", instance="coolify-exporter:2"),
                    source(fixtures, "servers"),
                    of_account(fixtures, coolify.UP, flat(0, fixtures.count), instance="coolify-exporter:2"),
                    of_account(fixtures, coolify.UP, flat(1, fixtures.count), instance="coolify-exporter:3"),
                    of_account(fixtures, coolify.UP, flat(1, fixtures.count), account="second"),
                    source(fixtures, "history", account="second"),
                ),
                late,
                Expected(
                    about_account(source="history"),
                    "Coolify account team on main: history cannot be read, and its metrics are missing.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while every source is read", (up, source(fixtures, "history")), late),
            fixtures.silent(
                "stays silent while no source is read, which has its own alert",
                (
                    of_account(fixtures, coolify.UP, flat(0, fixtures.count)),
                    failing,
                    of_account(fixtures, coolify.UP, flat(1, fixtures.count), account="second"),
                    of_account(fixtures, coolify.UP, flat(1, fixtures.count), server="second"),
                ),
                late,
            ),
        ),
    )


def _unparsed(topology: Topology) -> Alert:
    text = "Values of status in statuses of Coolify account team on main could not be parsed and were skipped."
    wait = topology.alerts.wait("CoolifyValuesUnparsed", 0)
    fixtures = Fixtures(length=wait + 180 * _MINUTE, thresholds=topology.thresholds)
    hour = fixtures.steps_of(60 * _MINUTE)

    def counter(values: str, **labels: str) -> Series:
        more = {"source": "statuses", "field": "status", **labels}
        return of_account(fixtures, coolify.UNPARSED, values, **more)

    def up(values: str, **labels: str) -> Series:
        return fixtures.scraped("up", values, **{"job": names.JOB_COOLIFY, **labels})

    counted = risen(f"{coolify.UNPARSED}{{{JOB}}}", f"up{{{JOB}}}", "1h", target=f"{names.SERVER}, instance")
    late, about = fixtures.steps_of(70 * _MINUTE), about_account(source="statuses", field="status")
    born = 120 * _MINUTE
    elsewhere = tuple(
        up(flat(1, fixtures.count), **other)
        for other in ({"server": "second"}, {"instance": "coolify-exporter:2"}, {"job": names.JOB_NODE})
    )
    at = wait + 50 * _MINUTE
    # A restart, then nothing new for most of the hour.
    begin, rising = 4, fixtures.steps_of(at - 45 * _MINUTE) - 4
    # By less than one: any increase is enough.
    values = f"900x{begin - 1} 0+{0.5 / rising!r}x{rising} 0.5x{fixtures.count}"
    return Alert(
        alert="CoolifyValuesUnparsed",
        # The first value of a field that cannot be parsed creates its series.
        expr=f"sum by ({BY_ACCOUNT}, {coolify.SOURCE}, field) (\n{textwrap.indent(counted, '  ')}\n) > 0",
        wait=wait,
        severity="info",
        summary="The exporter skips values of Coolify that it cannot parse.",
        description="Values of {{ $labels.field }} in {{ $labels.source }} of Coolify account {{ $labels.account }} on"
        " {{ $labels.server }} could not be parsed and were skipped.",
        runbook=Runbook(
            meaning="A value is of an unknown kind, or a list exceeds the exporter's limit (`over_limit`). Metrics of "
            "this field are incomplete, and alerts on it may not fire.",
            first_look=("The exporter's log names the value.",),
            action=(
                "Coolify was updated: look for a newer boxwatch, or report the value.",
                "`over_limit`: raise `--max-resources`.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Coolify API availability",
        fires=(
            *(
                [
                    fixtures.fires(
                        "fires for values after a restart that forgot those before",
                        (
                            up(flat(1, fixtures.count)),
                            counter(f"5x{hour} stale _x{fixtures.steps_of(40 * _MINUTE)} 3x{fixtures.count}"),
                        ),
                        born + 5 * _MINUTE + wait,
                        Expected(about, text),
                    )
                ]
                if wait < 10 * _MINUTE
                else []
            ),
            fixtures.fires(
                "fires for the field with unparsed values, not for the others",
                (
                    counter(values),
                    counter(flat(5, fixtures.count), instance="coolify-exporter:2"),
                    counter(flat(5, fixtures.count), field="type"),
                    counter(flat(5, fixtures.count), source="servers"),
                    counter(flat(5, fixtures.count), account="second"),
                ),
                at,
                Expected(about, text),
            ),
            fixtures.fires(
                "fires for the first values of a field that could not be parsed",
                (
                    up(flat(1, fixtures.count)),
                    up(flat(1, fixtures.count), job=names.JOB_NODE, instance="coolify-exporter:1"),
                    counter(f"_x{late} 1x{fixtures.count}"),
                ),
                born + wait,
                Expected(about, text),
            )
            if wait < 10 * _MINUTE
            else fixtures.fires(
                "fires for values that could not be parsed all the time",
                (counter(f"0+1x{fixtures.count}"),),
                at,
                Expected(about, text),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent when the count stays",
                (up(flat(1, fixtures.count)), counter(flat(5, fixtures.count))),
                at,
            ),
            fixtures.silent(
                "stays silent for a count that appears with its target, which may be old",
                (up(f"_x{late} 1x{fixtures.count}"), *elsewhere, counter(f"_x{late} 7x{fixtures.count}")),
                born,
            ),
            fixtures.silent(
                "stays silent for a count that appears when its target is up again, which may be old",
                (up(f"0x{late - 1} 1x{fixtures.count}"), counter(f"_x{late} 7x{fixtures.count}")),
                born,
            ),
            fixtures.silent(
                "stays silent for a count that appears at none",
                (up(flat(1, fixtures.count)), counter(f"_x{late} 0x{fixtures.count}")),
                born,
            ),
            fixtures.silent(
                "stays silent an hour after the first values",
                (up(flat(1, fixtures.count)), counter(f"_x{late} 7x{fixtures.count}")),
                135 * _MINUTE + 2 * _MINUTE,
            ),
            fixtures.silent(
                "stays silent an hour after the last one",
                (counter(f"0x10 3x{fixtures.count - 11}"),),
                fixtures.interval * 10 + 65 * _MINUTE,
            ),
            fixtures.silent("stays silent when the exporter restarts", (counter(f"9x{hour} 0x{hour}"),), 90 * _MINUTE),
        ),
    )
