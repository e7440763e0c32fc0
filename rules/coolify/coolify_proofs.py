"""What the proofs about Coolify share: the Coolify exporter's series as they are stored, and when there are any.

One account `team`, whose server is `box`; an application `shop` of project `store` in environment `live`. Its `service`
is empty unless given: a resource of Coolify that is in the plan carries its service's name by relabelling.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.topology.model import Topology

JOB = f'job="{names.JOB_COOLIFY}"'

BY_ACCOUNT = f"{names.SERVER}, {coolify.ACCOUNT}"
BY_BOX = f"{BY_ACCOUNT}, {coolify.COOLIFY_SERVER}"
# A resource's uuid tells two apart whose names are spelled alike.
BY_RESOURCE = (
    f"{BY_ACCOUNT}, {names.SERVICE}, {coolify.PROJECT}, {coolify.ENVIRONMENT}, {coolify.RESOURCE}, {coolify.UUID}"
)

# Of those outside the plan, which have no service.
BY_UNPLANNED = f"{BY_ACCOUNT}, {coolify.PROJECT}, {coolify.ENVIRONMENT}, {coolify.RESOURCE}, {coolify.UUID}"

# How texts call a resource; a path that can be found in Coolify's own menus.
RESOURCE = (
    "{{ with $labels.project }}{{ . }}/{{ end }}{{ with $labels.environment }}{{ . }}/{{ end }}{{ $labels.resource }}"
)


def watched(topology: Topology) -> bool:
    """Whether the Coolify exporter is scraped for any service."""
    return any(topology.metrics_of(service) for service in topology.services_of("coolify"))


def reads(source: str) -> str:
    """PromQL: accounts for which the exporter reads this source well now.

    What a failing source last said is shown for five minutes more (`--stale-after`), so an age would grow without
    anything being old.
    """
    return (
        f'on ({BY_ACCOUNT}) max by ({BY_ACCOUNT}) ({coolify.SOURCE_SUCCESS}{{{JOB},{coolify.SOURCE}="{source}"}}) == 1'
    )


def unless_meaningless() -> str:
    """PromQL: leave out resources whose state says nothing, or is meant.

    When SSH to a server fails, Coolify writes down all that is on it as exited (4.3.11, Server::status); and a resource
    all of whose containers are left out of health checks is not to be judged.
    """
    return (
        f"unless on ({BY_UNPLANNED}) {coolify.RESOURCE_SERVER_REACHABLE}{{{JOB}}} == 0\n"
        f"unless on ({BY_UNPLANNED}) {coolify.RESOURCE_EXCLUDED}{{{JOB}}} == 1"
    )


def of_account(fixtures: Fixtures, metric: str, values: str, /, **labels: str) -> Series:
    """A series about the account."""
    return fixtures.scraped(metric, values, **{"job": names.JOB_COOLIFY, "account": "team", **labels})


def source(fixtures: Fixtures, name: str, values: str | None = None, /, **labels: str) -> Series:
    """Whether a source is read well; all the time unless values are given."""
    return of_account(fixtures, coolify.SOURCE_SUCCESS, values or flat(1, fixtures.count), source=name, **labels)


def well_read(fixtures: Fixtures, name: str) -> tuple[Series, ...]:
    """A source that is read well, whatever others say of it: another exporter, another account, another server."""
    return (
        source(fixtures, name),
        source(fixtures, name, flat(0, fixtures.count), instance="coolify-exporter:2"),
        source(fixtures, name, instance="coolify-exporter:3"),
        source(fixtures, name, account="other"),
        source(fixtures, name, server="other"),
    )


def unread(fixtures: Fixtures, name: str) -> tuple[Series, ...]:
    """A source that fails, while all others are read well, and this one elsewhere."""
    return (
        source(fixtures, name, flat(0, fixtures.count)),
        source(fixtures, name, account="other"),
        source(fixtures, name, server="other"),
        *(source(fixtures, other) for other in coolify.SOURCES if other != name),
    )


def of_box(fixtures: Fixtures, metric: str, values: str, /, **labels: str) -> Series:
    """A series about the server `box` of Coolify."""
    return of_account(fixtures, metric, values, **{"coolify_server": "box", "uuid": "box-uuid", **labels})


def of_resource(fixtures: Fixtures, metric: str, values: str, /, **labels: str) -> Series:
    """A series about the resource `shop`, outside the plan unless `service` is given."""
    resource = labels.get("resource", "shop")
    more = {"project": "store", "environment": "live", "resource": resource, "uuid": f"{resource}-uuid"}
    return of_account(fixtures, metric, values, **{**more, **labels})


def decoys(fixtures: Fixtures, metric: str, value: float, /, **labels: str) -> tuple[Series, ...]:
    """The same of other resources, each of which differs in one label from `shop`, and from another job."""
    different = ("job", "server", "account", "project", "environment", "resource", "uuid")
    return tuple(
        of_resource(fixtures, metric, flat(value, fixtures.count), **{"uuid": "shop-uuid", **labels, label: "other"})
        for label in (*different, *(["service"] if "service" in labels else []))
    )


def about_account(**labels: str) -> dict[str, str]:
    """The labels of an alert about the account."""
    return {"server": "main", "account": "team", **labels}


def about_box(**labels: str) -> dict[str, str]:
    """The labels of an alert about `box`."""
    return about_account(**{"coolify_server": "box", **labels})


def about_resource(resource: str = "shop", **labels: str) -> dict[str, str]:
    """The labels of an alert about a resource."""
    return about_account(
        **{"project": "store", "environment": "live", "resource": resource, "uuid": f"{resource}-uuid", **labels}
    )


def always(fixtures: Fixtures, age: float) -> str:
    """A moment that is always as long ago."""
    return f"{-int(age)}+{fixtures.interval}x{fixtures.count}"


def closed(
    fixtures: Fixtures, wait: int, reasons: tuple[str, ...], says: str
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which Coolify gives the exporter nothing for each of some reasons, and cases close to them."""

    def reason(name: str, values: str | None = None, **labels: str) -> Series:
        return of_account(fixtures, coolify.DOWN_REASON, values or flat(1, fixtures.count), reason=name, **labels)

    def fires(name: str) -> Case:
        return fixtures.fires(
            f"fires for {name}, for the account that it is true of, not for the other",
            (
                reason(name),
                # The same Coolify, asked by others.
                reason(name, flat(0, fixtures.count), instance="coolify-exporter:2"),
                reason(name, flat(1, fixtures.count), instance="coolify-exporter:3"),
                reason(name, flat(0, fixtures.count), account="second"),
            ),
            fixtures.late(wait),
            Expected(
                about_account(reason=name),
                f"Coolify account team on main: {says} ({name}), so its deployments and resources are not monitored.",
            ),
        )

    before, short = fixtures.steps_of(600), max(fixtures.steps_of(wait) - 1, 0)
    return tuple(map(fires, reasons)), (
        fixtures.silent(
            "stays silent while Coolify answers",
            tuple(reason(name, flat(0, fixtures.count)) for name in coolify.REASONS),
            fixtures.late(wait),
        ),
        fixtures.silent(
            "stays silent for states with their own alert",
            tuple(reason(name) for name in coolify.REASONS if name not in reasons),
            fixtures.late(wait),
        ),
        fixtures.never(
            "stays silent for an outage of Coolify shorter than the `for`",
            tuple(reason(name, steps((0, before), (1, short), (0, fixtures.count))) for name in reasons),
        ),
    )
