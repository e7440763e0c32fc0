"""Warnings about likely problems, and their absence."""

from __future__ import annotations

import pytest

from boxwatch.topology.load import parse

HEAD = "name: mvp\nservers:\n  main: {cpus: 8, memory: 32g, disk: 500GB, reserved: 4g}\nservices:\n"
WEB = "  web: {kind: web, server: main, memory: 1g}\n"


def warnings(text: str) -> list[str]:
    """The warnings of a valid file."""
    return [str(problem) for problem in parse(text, "a.yaml").warnings]


def service(text: str) -> list[str]:
    """The warnings about one service with these keys."""
    return warnings(f"{HEAD}  web: {{kind: web, server: main, memory: 1g, {text}}}\n")


def test_an_ordinary_file_gives_none() -> None:
    """A normal file gives no warnings, so that warnings are read."""
    assert warnings(HEAD + WEB) == []


def test_a_stated_total_that_differs_shows_the_arithmetic() -> None:
    """The sum exceeds the stated total, and assumed memory is listed."""
    text = HEAD.replace("reserved: 4g", "reserved: 4g, stated_total: 24g")
    text += "  api: {kind: api, server: main, memory: 20g}\n"
    text += "  proxy: {kind: traefik, server: main, memory: 2g, assumed: true}\n"
    assert warnings(text) == [
        (
            "a.yaml:3:73: servers.main.stated_total: 20 GB of services stated + 2 GB assumed + 4 GB reserved "
            "= 26 GB ≠ 24 GB: the lines add up to 2 GB more (correct a line or the total)"
        )
    ]


def test_a_stated_total_that_is_too_large_says_less() -> None:
    """Without a reserve and assumed memory, these terms are omitted."""
    text = HEAD.replace("reserved: 4g", "stated_total: 2g") + WEB
    assert warnings(text) == [
        (
            "a.yaml:3:59: servers.main.stated_total: 1 GB of services stated = 1 GB ≠ 2 GB: "
            "the lines add up to 1 GB less (correct a line or the total)"
        )
    ]


def test_a_stated_total_that_agrees_is_fine() -> None:
    """The totals are compared in bytes."""
    assert warnings(HEAD.replace("reserved: 4g", "reserved: 4g, stated_total: 5g") + WEB) == []


def test_a_server_without_services_is_mentioned() -> None:
    """The warning is located at the server's name."""
    text = HEAD.replace("services:", "  idle: {cpus: 2, memory: 4g, disk: 80GB, address: 10.0.0.2}\nservices:") + WEB
    assert warnings(text) == [
        (
            "a.yaml:4:3: servers.idle: has no services, so only the server itself is monitored "
            "(name it in the `server` of a service)"
        )
    ]


def test_less_than_a_tenth_of_headroom_is_mentioned() -> None:
    """Deploys run old and new replicas side by side, and need headroom."""
    text = HEAD + "  web: {kind: web, server: main, memory: 25g}\n"
    assert warnings(text) == [
        (
            "a.yaml:3:27: servers.main.memory: 32 GB leaves 3 GB (9%) above the planned 29 GB: "
            "too little for spikes and for deploys, which run old and new together (leave at least a tenth free)"
        )
    ]


def test_a_tenth_of_headroom_is_enough() -> None:
    """28.75 of 32 GB leave 10.2 %."""
    assert warnings(HEAD + "  web: {kind: web, server: main, memory: 24.75g}\n") == []


def test_a_limit_above_the_server_never_takes_effect() -> None:
    """Such a limit is probably a wrong unit."""
    assert service("limit: 64g") == [
        ("a.yaml:5:53: services.web.limit: 64 GB never takes effect: the server has 32 GB (write `none` for no limit)")
    ]


@pytest.mark.parametrize("limit", ["none", "32g", "2g"])
def test_a_limit_within_the_server_is_fine(limit: str) -> None:
    """A limit below the server's memory, or none, gives no warning."""
    assert service(f"limit: {limit}") == []


def test_an_exposed_service_without_ports_exposes_nothing() -> None:
    """The ports were probably forgotten."""
    assert service("exposed: true") == [
        "a.yaml:5:55: services.web.exposed: has no effect: the service has no ports (add its `ports`)"
    ]
    assert service("exposed: true, ports: [80]") == []


def test_one_container_name_cannot_be_two_replicas() -> None:
    """Container names are unique in Docker."""
    assert service("replicas: 2, containers: [{name: app}]") == [
        (
            "a.yaml:5:56: services.web.replicas: expects 2 replicas, but its container names "
            "match at most 1 container (add the other container names, or use a pattern such as app-[0-9]+)"
        )
    ]


@pytest.mark.parametrize(
    "containers", ["{name: app-1}, {name: app-2}", "{name: 'app-[0-9]'}", "{resource: app}", "{name: a}, {resource: b}"]
)
def test_names_that_can_be_enough_are_fine(containers: str) -> None:
    """One name per replica, a pattern, or another label gives no warning."""
    assert service(f"replicas: 2, containers: [{containers}]") == []


def test_a_glob_is_not_a_regular_expression() -> None:
    """`web-*` matches `web--`, not `web-1`."""
    assert service("containers: [{resource: web-*}]") == [
        (
            "a.yaml:5:70: services.web.containers[0].resource: `web-*` is a regular expression: "
            "its star only repeats the `-` before it (write `web-.*`)"
        )
    ]
    assert service("containers: [{resource: 'web-.*'}, {resource: '(www-)*x'}]") == []


def test_patience_below_two_scrapes_is_mentioned() -> None:
    """A single failed scrape would page."""
    text = HEAD + WEB + "scrape_interval: 60s\nalerts: {outage_grace: 1m, deploy_grace: 90s}\n"
    assert warnings(text) == [
        (
            "a.yaml:7:24: alerts.outage_grace: 1m is less than two scrapes of 1m: one failed scrape can fire it "
            "(write 2m or more)"
        ),
        (
            "a.yaml:7:42: alerts.deploy_grace: 1m30s is less than two scrapes of 1m: one failed scrape can fire it "
            "(write 2m or more)"
        ),
    ]


def test_warnings_come_in_the_order_of_the_file() -> None:
    """Warnings are sorted by position, whichever rule they come from."""
    lines = [problem.line for problem in parse(
        HEAD.replace("reserved: 4g", "stated_total: 4g") + "  a: {kind: web, server: main, memory: 1g, exposed: true}\n"
        "  b: {kind: web, server: main, memory: 1g, limit: 99g}\nalerts: {outage_grace: 1s}\n", "a.yaml"
    ).warnings]  # fmt: skip
    assert lines == [3, 5, 6, 7]


def test_a_second_of_a_kind_at_one_place_is_not_scraped() -> None:
    """A server with an address has one usual port per kind, and Traefik has one fixed name."""
    text = """name: mvp
servers:
  main: {cpus: 8, memory: 32g, disk: 500GB, address: 10.0.0.2}
services:
  cache: {kind: redis, server: main, memory: 1g}
  queue: {kind: redis, server: main, memory: 1g}
  quiet: {kind: redis, server: main, memory: 1g, metrics: none}
"""
    (warning,) = warnings(text)

    assert warning.startswith("a.yaml:6:3: services.queue: is not scraped: the usual target belongs to another redis")
    assert warning.endswith("(set `metrics` to the host:port of its exporter)")


def test_a_route_for_a_label_that_no_alert_has_is_noticed() -> None:
    """Labels come from the file, a service or an alert; one of a rule of your own may be meant, so it is no error."""
    said = """
labels: {team: ops}
alerts: {rules: {HostDiskLow: {labels: {tier: "1"}}, ServiceDown: {services: {web: {labels: {shift: night}}}}}}
notifications:
  receivers: {ops: {webhook: {url: "https://example.com"}}}
  critical: ops
  warning: ops
  routes:
    - {labels: {teem: ops}, to: ops}
    - {labels: {team: opps}, to: ops}
    - {labels: {team: [ops, shop], tier: "1", shift: night, device: sda}, to: ops}
    - {labels: {zone: z}, to: ops}
"""
    where = "add it to `labels` of a service, of the file or of an alert"
    place = "a.yaml:{}:17: notifications.routes[{}].labels.{}: no alert of this file has the label"
    assert warnings(HEAD + WEB + said) == [
        f"{place.format(14, 0, 'teem')} teem (did you mean `team`?)",
        f"{place.format(15, 1, 'team')} team with this value ({where})",
        f"{place.format(17, 3, 'zone')} zone ({where})",
    ]
