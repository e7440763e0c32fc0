"""Proofs of the recorded restarts and replacements, and of the alert on replacements."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Measured, Sample, Series
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, sample, series, steps
from boxwatch.topology.model import Topology

_MINUTE = 60
_START = "container_start_time_seconds"
_CREATION = "container_creation_time_seconds"
_CPU = "container_cpu_usage_seconds_total"


def shows(
    fixtures: Fixtures, title: str, expr: str, parts: tuple[Series, ...], *samples: Sample, at: int = 15 * _MINUTE
) -> Measured:
    """The proof that a query returns these samples for this input."""
    return Measured(title=title, expr=expr, at=at, samples=samples, series=parts, interval=fixtures.interval)


def of_part(service: str, component: str = "") -> dict[str, str]:
    """The labels of a service on the first server, or of one of its components."""
    return {"server": "main", "service": service, "component": component}


def pages(fixtures: Fixtures, alert: str, **labels: str) -> Series:
    """An alert of the component that fires, by default as a page."""
    of = {"server": "main", "service": "web", "alertstate": "firing", "severity": "critical", **labels}
    return series("ALERTS", flat(1, fixtures.count), alertname=alert, **of)


def other_outages(fixtures: Fixtures, alert: str) -> tuple[Series, ...]:
    """The alert as it says nothing about the component: pending, a ticket, of another component, service or server."""
    return (
        pages(fixtures, alert, alertstate="pending"),
        pages(fixtures, alert, severity="warning"),
        pages(fixtures, alert, component="other"),
        pages(fixtures, alert, service="api"),
        pages(fixtures, alert, server="second"),
        pages(fixtures, "ServiceReplicasExtra"),
    )


def already(fixtures: Fixtures, alert: str, own: str, **labels: str) -> tuple[Series, ...]:
    """Another alert that pages, while the own one fires only for what is alike, or is pending."""
    return (
        pages(fixtures, alert, **labels),
        pages(fixtures, own, **{**labels, "component": "alike"}),
        pages(fixtures, own, service="alike", **labels),
        pages(fixtures, own, server="alike", **labels),
        pages(fixtures, own, alertstate="pending", **labels),
    )


def restarts(fixtures: Fixtures) -> tuple[Measured, ...]:
    """Proofs of restarts, seen by start time and by CPU counter."""
    name = names.COMPONENT_RESTARTS
    at = 30 * _MINUTE
    # Four restarts: one long ago, and three at minutes 18, 21 and 24.
    starts = steps((5, 10), (10, 26), (200, 6), (400, 6), (600, 33))
    cpu = "0+1x9 0+1x25 0+1x5 0+1x5 0+1x32"
    often = " ".join(["0+1x3"] * 20)
    # Decoys: a container outside the plan, and a raw cgroup.
    others = tuple(
        fixtures.container(metric, values, name, **labels)
        for name, labels in (("adminer", {"service": ""}), ("", {"resource": "cgroup"}))
        for metric, values in ((_START, "0+1x80"), (_CPU, often))
    )
    return (
        shows(
            fixtures,
            "restarts are counted by the start time",
            name,
            (fixtures.container(_START, starts), fixtures.container(_CPU, f"0+1x{fixtures.count}"), *others),
            sample(name, 3, **of_part("web")),
            at=at,
        ),
        shows(
            fixtures,
            "restarts are counted by the CPU counter where the start time is the creation time",
            name,
            (
                fixtures.container(_START, flat(10, fixtures.count)),
                fixtures.container(_CPU, cpu),
                fixtures.container(_CPU, "0+1x50 0+1x25", "web-side", component="side"),
                *others,
            ),
            sample(name, 1, **of_part("web", "side")),
            sample(name, 3, **of_part("web")),
            at=at,
        ),
        shows(
            fixtures,
            "restarts visible in every core's CPU counter count once",
            name,
            tuple(fixtures.container(_CPU, cpu, cpu=core) for core in ("cpu00", "cpu01")),
            sample(name, 3, **of_part("web")),
            at=at,
        ),
        shows(
            fixtures,
            "a new container under the old name is no restart, but its own restarts count",
            name,
            (
                fixtures.container(_START, starts),
                fixtures.container(_CREATION, steps((4, 36), (199, 45))),
                fixtures.container(_CPU, cpu),
                # Endless redeploys are no crash loop: a container created as often as it starts.
                fixtures.container(_START, starts, "api-1", service="api"),
                fixtures.container(_CREATION, starts, "api-1", service="api"),
            ),
            sample(name, 2, **of_part("web")),
            sample(name, 0, **of_part("api")),
            at=at,
        ),
        shows(
            fixtures,
            "a restart visible in both counts once, and a deploy does not count",
            name,
            (
                fixtures.container(_START, starts),
                fixtures.container(_CPU, cpu),
                fixtures.container(_START, steps((None, 40), (300, 30)), "web-2"),
                fixtures.container(_CPU, "_x40 0+1x29", "web-2"),
            ),
            sample(name, 3, **of_part("web")),
            at=at,
        ),
    )


def created(fixtures: Fixtures) -> tuple[Measured, ...]:
    """Proofs that new containers under an old name are subtracted from the restarts, each from its own."""
    name = names.COMPONENT_RESTARTS
    starts = steps((5, 10), (10, 26), (200, 6), (400, 6), (600, 33))
    renewed = steps((4, 36), (199, 45))

    def part(component: str, start: str, *creations: str, **labels: str) -> tuple[Series, ...]:
        """A container of a component, with its creation time according to each scrape."""
        called = f"web-{component}"
        return (
            fixtures.container(_START, start, called, component=component, **labels),
            *(
                fixtures.container(_CREATION, values, called, component=component, instance=f"scrape{number}", **labels)
                for number, values in enumerate(creations)
            ),
        )

    return (
        shows(
            fixtures,
            "a new container is subtracted once, for every component, by its own creation time",
            name,
            (
                # Metrics of another job about the same container do not count.
                fixtures.container(_START, starts),
                *(fixtures.container(metric, "0+1x80", job="other") for metric in (_START, _CREATION)),
                fixtures.container(_CPU, " ".join(["0+1x3"] * 20), job="other"),
                # Two scrapes agree; one has not seen it; it was created before the restarts in the window.
                *part("twice", starts, renewed, renewed),
                *part("once", starts, renewed, flat(4, fixtures.count)),
                *part("before", steps((4, 20), (50, 22), (90, 39)), steps((4, 20), (49, 61))),
                # Its start is not visible.
                *part("unseen", flat(10, fixtures.count), renewed),
                # The name moved to another resource.
                *part("moved", "1x40 stale", resource="a"),
                *part("moved", f"_x41 1x{fixtures.count - 41}", resource="b"),
            ),
            sample(name, 3, **of_part("web")),
            sample(name, 2, **of_part("web", "twice")),
            sample(name, 2, **of_part("web", "once")),
            sample(name, 1, **of_part("web", "before")),
            sample(name, 0, **of_part("web", "unseen")),
            sample(name, 0, **of_part("web", "moved")),
            at=30 * _MINUTE,
        ),
        shows(
            fixtures,
            "restarts of a container that is gone still count, however they were seen",
            name,
            (
                *part("started", f"{steps((5, 38), (9, 6))} stale"),
                fixtures.container(_CPU, "0+1x37 0+1x5 stale", "web-reset", component="reset"),
            ),
            sample(name, 1, **of_part("web", "started")),
            sample(name, 1, **of_part("web", "reset")),
            at=30 * _MINUTE,
        ),
    )


def replacements(fixtures: Fixtures) -> Measured:
    """The proof of the number of containers replaced or removed."""
    name = names.COMPONENT_REPLACEMENTS
    return Measured(
        title="replacements are containers of the last hour that are gone",
        expr=name,
        at=70 * _MINUTE,
        samples=(
            sample(name, 2, **of_part("web")),
            sample(name, 0, **of_part("api")),
            sample(name, 1, **of_part("web", "side")),
            sample(name, 0, **of_part("web", "other")),
        ),
        series=(
            # Gone for more than an hour, gone within the hour (twice), and running.
            fixtures.container(_START, "1x4 stale", "web-a"),
            fixtures.container(_START, "1x59 stale", "web-b"),
            fixtures.container(_START, "_x40 1x59 stale", "web-c"),
            fixtures.container(_START, f"_x80 1x{fixtures.count - 80}", "web-d"),
            fixtures.container(_START, flat(1, fixtures.count), "api-1", service="api"),
            fixtures.container(_START, "1x59 stale", "side-a", component="side"),
            fixtures.container(_START, flat(1, fixtures.count), "other-a", component="other"),
            # Outside the plan, gone and present; seen by another job; a raw cgroup.
            fixtures.container(_START, "1x59 stale", "adminer", service=""),
            fixtures.container(_START, flat(1, fixtures.count), "shell", service="", component="x"),
            fixtures.container(_START, flat(1, fixtures.count), "web-b", job="other"),
            fixtures.container(_START, flat(1, fixtures.count), "x", service="elsewhere", job="other"),
            fixtures.container(_START, flat(1, fixtures.count), "", service="cgroup"),
        ),
        interval=fixtures.interval,
    )


def replaced_often(topology: Topology) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Containers replaced more often than the threshold, and as often."""
    most = topology.thresholds.replacements
    fixtures = Fixtures(length=80 * _MINUTE, thresholds=topology.thresholds, interval=60)

    def deployed(times: int) -> tuple[Series, ...]:
        """One planned replica, replaced `times` times within the last hour."""
        return (
            *fixtures.service(replicas=1),
            *(
                fixtures.container(_START, f"_x20 7x{1 + number % 40} stale", f"web-{number}")
                for number in range(times)
            ),
            fixtures.container(_START, f"_x61 7x{fixtures.count - 61}", "web-last"),
        )

    # All of them gone at minute 61.
    at_once = (
        *fixtures.service(replicas=1),
        *(fixtures.container(_START, "7x60 stale", f"web-{number}") for number in range(most + 1)),
        fixtures.container(_START, flat(7, fixtures.count), "web-last"),
    )
    expected = Expected(
        of_service(), f"{most + 1} containers of web on main were replaced or removed in the last hour."
    )
    fires = (
        fixtures.fires("fires above the threshold", deployed(most + 1), 70 * _MINUTE, expected),
        fixtures.fires("fires five minutes after the last replacement", at_once, 66 * _MINUTE, expected),
    )
    silent = (
        fixtures.silent("stays silent at the threshold", deployed(most), 70 * _MINUTE),
        fixtures.silent("stays silent four minutes after the last replacement", at_once, 65 * _MINUTE),
        fixtures.silent(
            "stays silent when the replacements are spread over two hours",
            (
                *fixtures.service(replicas=1),
                *(
                    fixtures.container(_START, "7x2 stale" if number % 2 else "_x40 7x2 stale", f"web-{number}")
                    for number in range(most + 1)
                ),
                fixtures.container(_START, flat(7, fixtures.count), "web-last"),
            ),
            70 * _MINUTE,
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return fires, silent
