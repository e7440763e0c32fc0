"""Deployments that nobody thought of: topologies with overlays, drawn as a person would write them.

`deployments()` draws the text of a topology file that is meant to be accepted: every kind present or absent, several of
one kind, one to three servers, with and without public addresses, URLs, objectives, components and notifications, and
`alerts.rules` that change alerts which the topology has, for all services and for some. What is drawn is as wide as the
format and respects what the format says; the few that the loader still refuses are its business, and are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from boxwatch.errors import TopologyError
from boxwatch.rules import catalogue, crossed, names
from boxwatch.rules.model import ALWAYS_FIRING, Alert
from boxwatch.rules.replicas.replica_health import SHORTEST_GRACE
from boxwatch.topology import kinds
from boxwatch.topology.load import Loaded, parse
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration, parse_duration

FILE: Final = "topology.yaml"

# A value of a YAML document.
Node = dict[str, Any]

# None is the beginning of another, so that the default selectors NAME(-[0-9]+)? are apart.
_NAMES: Final = (
    "web", "shop", "alpha", "b2", "x_y", "job", "queue", "store", "edge", "panel", "main", "critical", "none",
    "service", "up", "vector", "le", "on", "by", "info", "infinity", "a", "z-0-9", "inf", "nan", "cadvisor", "node",
    "probe",     "s23456789-123456789-123456789-1234567890",
)  # fmt: skip
_SERVERS: Final = ("main", "db", "third", "s-1")
_ADDRESSES: Final = ("203.0.113.7", "198.51.100.20", "2001:db9::5", "box.example.com")
_BOUNDS: Final = ([0.1, 0.3, 1.2, 5], [0.25, 0.5, 1], [1.2], [0.005, 1.2, 60])
_SHARES: Final = ("50%", "90%", "95%", "99%", "99.9%", "99.95%")
_WAITS: Final = ("0s", "15s", "1m", "2m", "5m", "7m30s", "20m", "2h")
# Odd ones: what no binary fraction is, what rounds, what is many times as much.
_FACTORS: Final = (0.37, 0.5, 0.7, 0.93, 1.05, 1.5, 2.0, 3.3)
LABELS: Final = ("team", "tier", "_x")
LABEL_VALUES: Final = ("ops", "1", "a b", "é", 'say "hi"', "$value", "back\\slash", "o.s|(x", "ops|web")
SEVERITIES: Final = ("critical", "warning", "info")
_ZONES: Final = ("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata")
_MIB: Final = 2**20


def accepted(text: str) -> Loaded | None:
    """What the loader makes of a file, `alerts.rules` included; None when it refuses it."""
    found = _loaded(text)
    return found if isinstance(found, Loaded) else None


def refusal(text: str) -> tuple[str, ...]:
    """Why the loader refuses a file; nothing when it does not."""
    found = _loaded(text)
    return tuple(problem.message for problem in found.problems) if isinstance(found, TopologyError) else ()


def _loaded(text: str) -> Loaded | TopologyError:
    try:
        loaded = parse(text, FILE)
        catalogue.check(loaded)
    except TopologyError as error:
        return error
    return loaded


@st.composite
def deployments(draw: st.DrawFn) -> str:
    """The text of a topology, with changes to some of its alerts in half of the cases."""
    document = draw(topologies())
    if any("is never reached" in reason or "is not an alert" in reason for reason in refusal(json.dumps(document))):
        # One route before another took all its alerts, or it names alerts on a part that does not exist.
        del document["notifications"]["routes"]
    if draw(st.booleans()):
        plain = accepted(json.dumps(document))
        if plain is not None:
            document.setdefault("alerts", {})["rules"] = draw(overlays(plain.topology))
    return json.dumps(document, indent=1)


@st.composite
def topologies(draw: st.DrawFn) -> Node:
    """A topology without changes to single alerts."""
    servers = draw(_servers())
    bounds = draw(st.sampled_from(_BOUNDS))
    services = draw(_services(servers, bounds))
    within = f"{draw(st.sampled_from(bounds)):g}s"
    document: Node = {
        "name": draw(st.sampled_from(("mvp", "staging", "a", "n23456789-123456789-123456789-1234567890"))),
        "servers": servers,
        "services": services,
        "latency_buckets": bounds,
        "objectives": {"latency_within": within, **draw(_some({"availability": _share(), "latency": _share()}))},
    }
    drawn = draw(
        _some(
            {
                "version": st.just(1),
                "scrape_interval": st.sampled_from(("10s", "15s", "17s", "30s", "45s", "1m")),
                "thresholds": _thresholds(),
                "alerts": _some({"deploy_grace": _wait(1), "outage_grace": _wait(1)}),
                "stack": _some(
                    {
                        "prometheus": st.sampled_from(("prometheus:9090", "none")),
                        "alertmanager": st.sampled_from(("10.0.0.9:9093", "[fd00::9]:9093", "none")),
                        "grafana": st.sampled_from(("localhost:3000", "none")),
                        "blackbox": st.sampled_from(("elsewhere.example.com:9115", "none")),
                        "shared": st.booleans(),
                    }
                ),
                "urls": _some(
                    {
                        "grafana": st.sampled_from(("https://grafana.example.com/", "http://10.0.0.2:3000/g?a=b")),
                        "runbooks": st.just("https://example.com/runbooks"),
                    }
                ),
                "labels": _labels(),
                "notifications": _notifications(sorted(services), sorted(servers)),
            }
        )
    )
    if drawn.get("stack", {}).get("alertmanager") == "none":
        # Nothing would send them.
        drawn.pop("notifications", None)
    return document | drawn


@st.composite
def notified(draw: st.DrawFn) -> str:
    """The text of a topology that has notifications."""
    document = draw(topologies())
    if document.get("stack", {}).get("alertmanager") == "none":
        del document["stack"]["alertmanager"]
    if "notifications" not in document:
        document["notifications"] = draw(_notifications(sorted(document["services"]), sorted(document["servers"])))
    return json.dumps(document, indent=1)


@st.composite
def overlays(draw: st.DrawFn, topology: Topology) -> Node:
    """`alerts.rules` for a topology: a few of its alerts, or all of them, each with some of the keys that it takes."""
    alerts: dict[str, Alert] = {}
    subjects = catalogue.subjects(topology)
    for subject in subjects:
        for alert in subject.alerts:
            alerts.setdefault(alert.alert, alert)
    factors: dict[str, Sequence[float]] = dict.fromkeys(alerts, _FACTORS)
    for pair in crossed.pairs(subjects):
        # Away from each other: the loader refuses the other way round.
        for alert, smaller in ((pair.grave, pair.below), (pair.mild, not pair.below)):
            factors[alert.alert] = tuple(factor for factor in _FACTORS if (factor < 1) == smaller)
    known = sorted(alerts)
    chosen = draw(st.one_of(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True), st.just(known)))
    services = sorted(service.name for service in topology.services)
    found = {name: draw(_tuning(alerts[name], factors[name], services)) for name in chosen}
    if topology.notifications is not None and topology.notifications.watchdog is not None:
        # Somebody waits for them.
        for name in ALWAYS_FIRING & found.keys():
            found[name].pop("enabled", None)
    return found


@st.composite
def _tuning(draw: st.DrawFn, alert: Alert, factors: Sequence[float], services: Sequence[str]) -> Node:
    change = draw(_change(alert, factors))
    if names.SERVICE in alert.fires[0].expects[0].labels and draw(st.booleans()):
        differ = draw(st.lists(st.sampled_from(services), min_size=1, max_size=3, unique=True))
        change["services"] = {service: draw(_change(alert, factors)) for service in differ}
    return change


def _change(alert: Alert, factors: Sequence[float]) -> st.SearchStrategy[Node]:
    """Some of the keys that an alert takes."""
    keys: dict[str, st.SearchStrategy[Any]] = {
        "enabled": st.booleans(),
        "severity": st.sampled_from(("critical", "warning", "info")),
        "labels": _labels(),
    }
    if alert.threshold is not None:
        keys["threshold"] = st.sampled_from(factors).map(lambda factor: _scaled(alert.threshold or 1, factor))
    if alert.takes_wait:
        shortest = alert.shortest_wait or (SHORTEST_GRACE if alert.counts else 0)
        keys["for"] = st.sampled_from([wait for wait in _WAITS if _seconds(wait) >= shortest])
    return _some(keys)


def _seconds(wait: str) -> int:
    return 0 if wait == "0s" else parse_duration(wait)


def _scaled(threshold: float, factor: float) -> float:
    """Another threshold, as one would write it, and not as binary fractions multiply."""
    scaled = round(threshold * factor, 6)
    return min(scaled, 1.0) if threshold < 1 else scaled


@st.composite
def _servers(draw: st.DrawFn) -> Node:
    chosen = draw(st.lists(st.sampled_from(_SERVERS), min_size=1, max_size=3, unique=True))
    home = draw(st.sampled_from((None, *chosen)))
    found = {}
    for number, name in enumerate(chosen):
        address = None if name == home else draw(st.sampled_from((f"10.0.0.{number + 1}", f"fd00::{number + 1}")))
        found[name] = {
            "cpus": draw(st.sampled_from((1, 8, 128))),
            "memory": "16t",
            "disk": draw(st.sampled_from(("100GB", "1.92TB"))),
            **({} if address is None else {"address": address}),
            **draw(
                _some(
                    {
                        "reserved": st.sampled_from((0, "4g")),
                        "stated_total": st.sampled_from(("1g", "26g")),
                        "public_address": st.sampled_from((_ADDRESSES[number], _ADDRESSES[-1])),
                        "exporters": _exporters(f"exporters-{number}"),
                    }
                )
            ),
        }
        if draw(st.sampled_from((False, False, True))):
            # No Docker there.
            found[name]["containers"] = "none"
            if "exporters" in found[name]:
                found[name]["exporters"] = {"node": found[name]["exporters"]["node"], "cadvisor": "none"}
    return found


def _exporters(host: str) -> st.SearchStrategy[Node]:
    """Parts that run elsewhere, or do not exist."""
    answer = {
        "node": st.sampled_from((f"{host}:9101", "none")),
        "cadvisor": st.sampled_from((f"{host}:8081", "none")),
    }
    return st.fixed_dictionaries(answer, optional={"docker": st.just(f"{host}:9323")})


@st.composite
def _services(draw: st.DrawFn, servers: Mapping[str, Node], bounds: Sequence[float]) -> Node:
    """One to seven services; a kind twice is as likely as one that is not there."""
    chosen = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=7, unique=True))
    found: Node = {}
    for number, name in enumerate(chosen):
        kind = kinds.of(draw(st.sampled_from(kinds.NAMES)))
        where = draw(st.lists(st.sampled_from(sorted(servers)), min_size=1, max_size=len(servers), unique=True))
        found[name] = {
            "kind": kind.name,
            "server": where if len(where) > 1 or draw(st.booleans()) else where[0],
            **draw(_resources()),
            **draw(_reached(name, number, len(where))),
            **draw(_judged(bounds)),
        }
        _with_containers(draw, name, found[name], all(servers[one].get("containers") for one in where))
    return found


def _resources() -> st.SearchStrategy[Node]:
    """How many replicas with how much RAM. 64 MiB times some, so that components fit."""
    memory = st.integers(min_value=4, max_value=64).map(lambda steps: f"{64 * steps}MiB")
    return st.tuples(
        memory,
        _some(
            {
                "replicas": st.sampled_from((0, 1, 1, 2, 3, 12)),
                "assumed": st.booleans(),
                "limit": st.sampled_from(("none", "8g")),
            }
        ),
    ).map(lambda drawn: {"memory": drawn[0], **drawn[1]})


def _reached(name: str, number: int, servers: int) -> st.SearchStrategy[Node]:
    """Ports, URL, and where it is scraped: at places of its own."""
    ports = st.lists(st.sampled_from([1000 * (number + 1) + step for step in range(4)]), unique=True, max_size=3)
    places = [f"{name}-{place}.example.com:{9000 + place}" for place in range(servers)]
    return _some(
        {
            "ports": ports,
            "exposed": st.booleans(),
            "url": st.sampled_from((f"https://{name}.example.com", f"http://198.51.100.{number}:8080/health?deep=1")),
            "metrics": st.sampled_from(("none", places if servers > 1 else places[0])),
            "metrics_path": st.sampled_from(("/metrics", "/minio/metrics/v3", "/actuator/prometheus")),
            "metrics_token_file": st.just(f"/run/secrets/{name}"),
            "routers": st.sampled_from(([f"https-0-{name}"], [f"http-0-{name}", f"https-[01]-{name}.*"])),
        }
    )


def _judged(bounds: Sequence[float]) -> st.SearchStrategy[Node]:
    """What is promised, who is woken, and what counts."""
    within = st.sampled_from([f"{bound:g}s" for bound in bounds])
    return _some(
        {
            "user_facing": st.booleans(),
            "objectives": _some({"availability": _share(), "latency": _share(), "latency_within": within}),
            "pages": st.booleans(),
            "labels": _labels(),
            "page_cache": st.sampled_from(("counted", "reclaimable")),
            "thresholds": _thresholds(),
        }
    )


def _with_containers(draw: st.DrawFn, name: str, service: Node, native: bool) -> None:  # noqa: FBT001 - of its servers
    """Selectors of its own for half of the services: plain ones, or components with and without memory; or none."""
    shapes = ("default",) if native else ("default", "default", "plain", "components", "fixed")
    shape = draw(st.sampled_from((*shapes, "none")))
    if shape == "none":
        service["containers"] = "none"
        for key in ("limit", "page_cache", "thresholds"):
            service.pop(key, None)
        if draw(st.booleans()):
            # A managed one takes no memory of the plan.
            del service["memory"]
        return
    place = draw(_some({"project": st.just("shop"), "environment": st.just("production")}))
    if shape == "plain":
        service["containers"] = [{"resource": f"res-{name}(-[a-z0-9]+)?", **place}]
    elif shape == "fixed":
        service["containers"] = [{"name": f"fixed-{name}"}]
    elif shape == "components":
        parts = draw(st.integers(min_value=2, max_value=4))
        service["containers"] = [
            {
                "resource": f"res-{name}",
                "compose_service": f"part{part}",
                "component": f"part{part}",
                **place,
                # The first states none and is required, so that something is left and something would be missed.
                **(draw(_some({"memory": st.sampled_from(("6m", "64m")), "optional": st.booleans()})) if part else {}),
            }
            for part in range(parts)
        ]


def _thresholds() -> st.SearchStrategy[Node]:
    return _some(
        {
            "memory_near_budget": st.sampled_from(("70%", "85%", 0.9)),
            "memory_near_limit": st.sampled_from(("92.5%", "95%", "99%")),
            "memory_exhausted_within": st.sampled_from(("1h", "12h", "1d12h")),
            "restarts": st.sampled_from((1, 3, 10)),
            "replacements": st.sampled_from((1, 6, 12)),
        }
    )


def _labels() -> st.SearchStrategy[Node]:
    return st.dictionaries(st.sampled_from(LABELS), st.sampled_from(LABEL_VALUES), max_size=2)


@st.composite
def _notifications(draw: st.DrawFn, services: Sequence[str], servers: Sequence[str]) -> Node:
    there = draw(st.lists(st.sampled_from(("night", "office", "board")), min_size=1, max_size=3, unique=True))
    one = st.sampled_from(there)
    who = st.one_of(one, st.lists(one, min_size=1, unique=True))
    by_severity = st.fixed_dictionaries({}, optional=dict.fromkeys(SEVERITIES, who)).filter(bool)
    return {
        "receivers": {name: draw(_receiver(name)) for name in there},
        "critical": draw(who),
        "warning": draw(who),
        **draw(
            _some(
                {
                    "info": who,
                    "watchdog": one,
                    "heartbeat": st.sampled_from(("10s", "1m", "5m")),
                    "services": st.dictionaries(st.sampled_from(services), st.one_of(who, by_severity), max_size=2),
                    "routes": st.lists(_route(services, servers, who), max_size=3),
                    "group_by": st.lists(
                        st.sampled_from(("alertname", "server", "service", "component", "severity", "job")),
                        min_size=1,
                        unique=True,
                    ),
                    "group_wait": st.sampled_from(("10s", "1m")),
                    "group_interval": st.sampled_from(("2m", "10m")),
                    "repeat": st.sampled_from(("1h", "2d")),
                    "quiet": st.lists(_quiet(), max_size=2),
                }
            )
        ),
    }


def _route(services: Sequence[str], servers: Sequence[str], who: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "labels": st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(LABELS, _one_or_many(LABEL_VALUES)),
                "server": _one_or_many(servers),
                "alertname": _one_or_many(("ServiceDown", "HostDiskLow", "TargetDown")),
            },
        ).filter(bool),
        "services": _one_or_many(services),
        "severities": st.lists(st.sampled_from(SEVERITIES), min_size=1, unique=True),
    }
    some = _some(conditions).filter(lambda drawn: "labels" in drawn or "services" in drawn)
    return st.tuples(some, who).map(lambda drawn: {**drawn[0], "to": drawn[1]})


def _one_or_many(values: Sequence[str]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values)
    return st.one_of(one, st.lists(one, min_size=1, unique=True))


def _receiver(name: str) -> st.SearchStrategy[Node]:
    secret = f"/run/secrets/{name}"
    ways: Mapping[str, st.SearchStrategy[Any]] = {
        "email": _some({"signed": st.just({"username": "boxwatch", "password_file": secret})}).map(
            lambda more: {
                "to": ["ops@example.com", "dev@example.com"],
                "from": "boxwatch@example.com",
                "smarthost": "smtp.example.com:587",
                **more.get("signed", {}),
            }
        ),
        "slack": _some({"channel": st.just("#ops")}).map(lambda more: {"url_file": secret, **more}),
        "discord": st.just({"url_file": secret}),
        "msteams": st.just({"url_file": secret}),
        "opsgenie": _some({"region": st.sampled_from(("us", "eu")), "teams": st.just(["Night watch"])}).map(
            lambda more: {"api_key_file": secret, **more}
        ),
        "ntfy": st.tuples(
            st.sampled_from(({"url": "https://ntfy.example.com/alerts"}, {"url_file": secret})),
            _some({"token_file": st.just(secret), "priority": st.sampled_from(("min", "default", "urgent"))}),
        ).map(lambda drawn: drawn[0] | drawn[1]),
        "pushover": _some({"emergency": st.booleans()}).map(
            lambda more: {"user_key_file": secret, "token_file": secret, **more}
        ),
        "telegram": st.just({"chat_id": -100123, "token_file": secret}),
        "webhook": st.sampled_from(
            ({"url": "http://board.internal:8080/alerts"}, {"url_file": secret, "bearer_token_file": secret})
        ),
        "pagerduty": st.just({"routing_key_file": secret}),
    }
    return st.lists(st.sampled_from(sorted(ways)), min_size=1, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({way: ways[way] for way in chosen})
    )


def _quiet() -> st.SearchStrategy[Node]:
    some = _some(
        {
            "days": st.sampled_from((["saturday", "sunday"], ["monday"])),
            "timezone": st.sampled_from(_ZONES),
            "severities": st.sampled_from((["warning"], ["critical", "info"])),
        }
    )
    return some.map(lambda drawn: {"times": ["22:00-07:00"], **drawn})


def _share() -> st.SearchStrategy[str]:
    return st.sampled_from(_SHARES)


def _wait(shortest: int) -> st.SearchStrategy[str]:
    return st.integers(min_value=60 * shortest, max_value=3600).map(format_duration)


def _some(optional: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Node]:
    """A mapping with any of these keys."""
    return st.fixed_dictionaries({}, optional=dict(optional))
