"""Deployments: history, duration, failures, and the state of Coolify's resources."""

from __future__ import annotations

from boxwatch.dashboards import layout, queries, render
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.panels.timelines import ROWS, States
from boxwatch.dashboards.variables import SERVERS
from boxwatch.exporters.coolify import names as coolify
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

_CHOSEN = queries.ON_SERVERS
_AT = f'job="{names.JOB_COOLIFY}", {_CHOSEN}'
_BY = f"{names.SERVER}, {coolify.PROJECT}, {coolify.ENVIRONMENT}, {coolify.RESOURCE}"
_CALLED = "{{project}}/{{environment}}/{{resource}}"

# In the order of Coolify's own words; bad states stand out by their colour.
_STATES = (
    ("running", colours.GOOD),
    ("starting", colours.USE),
    ("restarting", colours.NEAR),
    ("degraded", colours.NEAR),
    ("paused", colours.QUIET),
    ("exited", colours.BAD),
    ("unknown", colours.QUIET),
)
_RESULTS = (("finished", colours.GOOD), ("failed", colours.BAD), ("cancelled", colours.QUIET))


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None without a Coolify exporter."""
    topology = built.topology
    if not any(topology.metrics_of(service) for service in topology.services_of("coolify")):
        return None
    page = render.Page(
        id="deployments",
        title="Deployments",
        description="What was deployed when, how long did it take, and what failed?",
        variables=(SERVERS,),
        marked=_CHOSEN,
        alarmed=queries.shown_on(built, "deployments"),
        panels=layout.place(
            layout.even(4, _failed(), _active("in_progress", "Running now"), _active("queued", "Waiting"), _today()),
            layout.line(9, (_last(), 24)),
            layout.heading("Deployments over time"),
            layout.even(8, _results(topology), _ended()),
            layout.even(8, _ages(), _durations()),
            layout.heading("Resources"),
            layout.even(9, _resources(topology), _health(topology)),
            layout.line(8, (_backups(), 24)),
            layout.heading("Coolify"),
            layout.even(7, _servers(), _answers()),
        ),
    )
    return render.build(page, topology)


def _one_of(metric: str, label: str, values: tuple[tuple[str, str], ...], keep: str) -> str:
    """PromQL for the value that is 1, as its position among the values."""
    each = (f'{number} * ({metric}{{{_AT}, {label}="{value}"}} == 1)' for number, (value, _) in enumerate(values))
    return f"max by ({keep}) ({' or '.join(each)})"


def _words(values: tuple[tuple[str, str], ...]) -> tuple[Node, ...]:
    return tuple(field_config.states(*(State(number, value, colour) for number, (value, colour) in enumerate(values))))


def _many(topology: Topology) -> bool:
    """Whether Coolify has more resources than fit into a panel: one for each replica."""
    return sum(service.replicas * len(service.server) for service in topology.services) > ROWS


def _failed() -> Stat:
    result = f'{coolify.DEPLOYMENT_RESULT}{{{_AT}, result="failed"}}'
    return Stat(
        title="Failed",
        description="An application whose last deployment failed; the table lists all. Healthy: none failed.",
        unit="none",
        scale=scale.none_is_good(colours.NEAR),
        queries=(
            Query(queries.worst(f"max by ({_BY}) ({result}) == 1"), "{{resource}}"),
            Query(
                queries.none_of(f"max by ({_BY}) ({result}) == 1", f"{coolify.DEPLOYMENT_RESULT}{{{_AT}}}"),
                "none failed",
            ),
        ),
        overrides=(field_config.query("A", ("mappings", field_config.states(State(1, "failed", colours.NEAR)))),),
        no_value="none yet",
    )


def _active(status: str, title: str) -> Stat:
    return Stat(
        title=title,
        description=f"Deployments that are {status.replace('_', ' ')}. Healthy: few, and not for long.",
        unit="none",
        scale=scale.none_known("The number depends on you, so nothing is coloured."),
        queries=(Query(f'sum({coolify.DEPLOYMENTS_ACTIVE}{{{_AT}, status="{status}"}})'),),
    )


def _today() -> Stat:
    done = f'{coolify.DEPLOYMENTS}{{{_AT}, kind=~"deployment|rollback", result="finished"}}'
    return Stat(
        title="Deployed in a day",
        description="Successful deployments and rollbacks within 24 hours. Healthy: as many as you made.",
        unit="none",
        scale=scale.none_known("The number depends on you, so nothing is coloured."),
        queries=(Query(f"round(sum(increase({done}[1d])))"),),
    )


def _last() -> Table:
    return table(
        Rows(
            title="Last deployment",
            description="Each application's last completed deployment or rollback. Healthy: all finished.",
            labels=(
                Label(label=coolify.RESOURCE, head="Application"),
                Label(label=coolify.ENVIRONMENT, head="Environment", width=140),
                Label(label=coolify.PROJECT, head="Project", width=160),
            ),
            columns=(
                Column(
                    head="Result",
                    expr=_one_of(coolify.DEPLOYMENT_RESULT, "result", _RESULTS, _BY),
                    unit="none",
                    scale=scale.lines("The colours follow the result, as defined in Coolify's documentation."),
                    mappings=_words(_RESULTS),
                    width=90,
                ),
                Column(
                    head="Ended",
                    expr=f"time() - max by ({_BY}) ({coolify.DEPLOYMENT_FINISHED}{{{_AT}}})",
                    unit="dtdurations",
                    width=160,
                ),
                Column(
                    head="Took",
                    expr=f"max by ({_BY}) ({coolify.DEPLOYMENT_DURATION}{{{_AT}}})",
                    unit="dtdurations",
                    width=160,
                ),
            ),
            sort_by=("Result",),
            hidden=(names.SERVER,),
            no_value="no deployment seen yet",
        )
    )


def _ages() -> Graph:
    moved, created = coolify.DEPLOYMENT_PROGRESS, coolify.DEPLOYMENTS_OLDEST
    return Graph(
        title="Running and queued deployments",
        description="Time since a running deployment made progress, and since the oldest queued one was requested. "
        "Healthy: short.",
        unit="dtdurations",
        scale=scale.none_known("The alerts' thresholds are in their runbooks; nothing is coloured."),
        queries=(
            Query(f'time() - max by ({_BY}) ({moved}{{{_AT}, status="in_progress"}})', f"runs {_CALLED}"),
            Query(
                f'time() - min by ({names.SERVER}, {coolify.COOLIFY_SERVER}) ({created}{{{_AT}, status="queued"}})',
                "queued for {{coolify_server}}",
            ),
        ),
        no_value="none running or queued",
    )


def _results(topology: Topology) -> States:
    return States(
        title="Results over time",
        description="Result of the last completed deployment. Healthy: no lasting red.",
        unit="none",
        scale=scale.none_known("Red is failed, as defined in Coolify's documentation."),
        queries=(Query(_one_of(coolify.DEPLOYMENT_RESULT, "result", _RESULTS, _BY), _CALLED),),
        mappings=_words(_RESULTS),
        paged=_many(topology),
    )


def _durations() -> Graph:
    return Graph(
        title="Deployment duration",
        description="Duration of the last deployment, time in the queue included. Healthy: a familiar level.",
        unit="dtdurations",
        scale=scale.none_known("The topology plans no duration, so nothing is coloured."),
        queries=(Query(queries.largest(f"max by ({_BY}) ({coolify.DEPLOYMENT_DURATION}{{{_AT}}})"), _CALLED),),
    )


def _ended() -> Graph:
    done = f'{coolify.DEPLOYMENTS}{{{_AT}, kind=~"deployment|rollback"}}'
    return Graph(
        title="Deployments completed in an hour",
        description="Deployments and rollbacks by result. Healthy: few failures.",
        unit="none",
        scale=scale.none_known("The number depends on you, so nothing is coloured."),
        queries=(Query(f"round(sum by (result) (increase({done}[1h])))", "{{result}}"),),
        overrides=tuple(field_config.field(result, field_config.colour(colour)) for result, colour in _RESULTS),
        words=tuple(result for result, _ in _RESULTS),
        steps=True,
        soft_max=1,
    )


def _answers() -> States:
    up, source = f"{coolify.UP}{{{_AT}}}", f"{coolify.SOURCE_SUCCESS}{{{_AT}}}"
    return States(
        title="Coolify API availability",
        description="Whether Coolify answers the exporter, in total and for each endpoint. Healthy: green throughout.",
        unit="none",
        scale=scale.none_known("Red is no answer: the affected values are unknown, and the alert says why."),
        queries=(
            Query(f"min by ({coolify.ACCOUNT}) ({up})", "all of {{account}}"),
            Query(f"min by ({coolify.ACCOUNT}, {coolify.SOURCE}) ({source})", "{{source}}"),
        ),
        mappings=tuple(field_config.states(State(0, "no answer", colours.BAD), State(1, "answers", colours.GOOD))),
    )


def _resources(topology: Topology) -> States:
    return States(
        title="States of resources",
        description="State of each resource in Coolify, up to five minutes old. Healthy: green.",
        unit="none",
        scale=scale.none_known(
            "Red is exited, which Coolify also reports for every resource of an unreachable server."
        ),
        queries=(Query(_one_of(coolify.RESOURCE_STATE, coolify.STATE, _STATES, _BY), _CALLED),),
        mappings=_words(_STATES),
        paged=_many(topology),
    )


def _health(topology: Topology) -> States:
    health = (
        ("healthy", colours.GOOD),
        ("unhealthy", colours.BAD),
        ("starting", colours.USE),
        ("unknown", colours.QUIET),
    )
    return States(
        title="Health of resources",
        description="Results of the health checks; grey means none. Healthy: green.",
        unit="none",
        scale=scale.none_known("Red is unhealthy, which Coolify also reports for stopped resources."),
        queries=(Query(_one_of(coolify.RESOURCE_HEALTH, coolify.STATE, health, _BY), _CALLED),),
        mappings=_words(health),
        paged=_many(topology),
    )


def _servers() -> States:
    by = f"{names.SERVER}, {coolify.COOLIFY_SERVER}"
    return States(
        title="Servers as Coolify sees them",
        description="Whether Coolify reaches each server and can deploy to it. Healthy: green.",
        unit="none",
        scale=scale.none_known("Red is unreachable, amber reachable but unusable, as in the alerts."),
        queries=(
            Query(
                f"min by ({by}) ({coolify.SERVER_REACHABLE}{{{_AT}}})"
                f" * on ({by}) (1 + min by ({by}) ({coolify.SERVER_USABLE}{{{_AT}}}))",
                "{{coolify_server}}",
            ),
        ),
        mappings=tuple(
            field_config.states(
                State(0, "unreachable", colours.BAD),
                State(1, "unusable", colours.NEAR),
                State(2, "usable", colours.GOOD),
            )
        ),
    )


def _backups() -> Table:
    by = f"{_BY}, {coolify.BACKUP}"
    return table(
        Rows(
            title="Backups",
            description="Backup schedules of Coolify's databases. Healthy: no failure, and an age below the interval.",
            labels=(
                Label(label=coolify.RESOURCE, head="Database"),
                Label(label=coolify.ENVIRONMENT, head="Environment", width=140),
            ),
            columns=(
                Column(
                    head="Last backup",
                    expr=f'max by ({by}) ({coolify.BACKUP_RESULT}{{{_AT}, result="failed"}})',
                    unit="none",
                    scale=scale.none_known("Red is failed, as defined in Coolify's documentation."),
                    mappings=_words((("succeeded", colours.GOOD), ("failed", colours.BAD))),
                    width=115,
                ),
                Column(
                    head="Last good one",
                    expr=f"time() - max by ({by}) ({coolify.BACKUP_SUCCESS}{{{_AT}}})",
                    unit="dtdurations",
                    width=160,
                ),
                Column(
                    head="Interval",
                    expr=f"max by ({by}) ({coolify.BACKUP_INTERVAL}{{{_AT}}})",
                    unit="dtdurations",
                    width=130,
                ),
                Column(head="Size", expr=f"max by ({by}) ({coolify.BACKUP_SIZE}{{{_AT}}})", unit="bytes", width=100),
            ),
            sort_by=("Last backup", "Last good one"),
            # Schedules have no name, only an id.
            hidden=(names.SERVER, coolify.PROJECT, coolify.BACKUP),
            no_value="no schedule in Coolify",
        )
    )
