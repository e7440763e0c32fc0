"""The file to paste keeps every rule of Coolify's parser, and each rule can be broken.

`test_coolify.py` holds the same of any topology.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support import stacks
from support.artefacts import complete_artefacts, default_artefacts
from support.coolify_limits import RULES, violations

from boxwatch.stack import coolify


@pytest.mark.parametrize("made", [default_artefacts, complete_artefacts])
def test_the_shipped_deployments_keep_every_rule(made: Callable[[], dict[str, bytes]]) -> None:
    """The default one, and the one with everything."""
    assert violations(stacks.pasted(made())) == []


def _set(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return change


def _add(*path: str, what: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in path:
            inner = inner[key]
        inner.append(what)

    return change


def _renamed(document: dict[str, Any]) -> None:
    document["services"]["Grafana;x"] = document["services"].pop("grafana")


def _edited(document: dict[str, Any]) -> None:
    volumes = document["services"]["prometheus"]["volumes"]
    next(one for one in volumes if isinstance(one, dict))["content"] += "# edited\n"


def _flagged(document: dict[str, Any]) -> None:
    volumes = document["services"]["prometheus"]["volumes"]
    next(one for one in volumes if isinstance(one, dict))["read_only"] = True


_VOLUMES = ("services", "cadvisor", "volumes")
_VARIABLES = ("services", "postgres-exporter", "environment")
_BROKEN: tuple[tuple[str, Callable[[dict[str, Any]], None]], ...] = (
    ("keys", _set("name", to="mine")),
    ("keys", _set("configs", to={"a": {"content": "x"}})),
    ("keys", _set("services", "grafana", "build", to=".")),
    ("keys", _set("services", "grafana", "ports", to=["3000:3000"])),
    ("keys", _set("services", "grafana", "labels", to=["traefik.enable=true"])),
    ("keys", _set("services", "grafana", "container_name", to="grafana")),
    ("names", _renamed),
    ("volumes", _add(*_VOLUMES, what="/opt:/opt:ro,rslave")),
    ("volumes", _add(*_VOLUMES, what="/opt:/opt")),
    ("volumes", _add(*_VOLUMES, what="/other:/sys:ro")),
    ("volumes", _add(*_VOLUMES, what="data:/data:rw")),
    ("volumes", _flagged),
    ("sources", _add(*_VOLUMES, what="../prometheus:/etc/x:ro")),
    ("sources", _add(*_VOLUMES, what="~/prometheus:/etc/x:ro")),
    ("sources", _add(*_VOLUMES, what="/a;b:/etc/x:ro")),
    ("files", _edited),
    ("networks", _set("services", "prometheus", "networks", to={"coolify": None})),
    ("networks", _add("services", "prometheus", "networks", what="unknown")),
    ("networks", _set("networks", "default", to={"internal": True})),
    ("networks", _set("services", "prometheus", "network_mode", to="host")),
    ("environment", _set(*_VARIABLES, to={"A": "b"})),
    ("environment", _add(*_VARIABLES, what="A=x${BOXWATCH_HIDDEN:?}")),
    ("environment", _add(*_VARIABLES, what="A=${BOXWATCH_B:?set it}")),
    ("environment", _add(*_VARIABLES, what="A={{team.B}}")),
    ("variables", _add("services", "prometheus", "command", what="--x=${BOXWATCH_HIDDEN:?}")),
    ("variables", _add(*_VARIABLES, what="A=${PATH:?}")),
    ("magic", _add(*_VARIABLES, what="SERVICE_URL_NOBODY_80")),
    ("magic", _add(*_VARIABLES, what="A=${SERVICE_SECRET_GRAFANA}")),
    ("health", _set("services", "grafana", "healthcheck", "test", to=["CMD-SHELL", "true"])),
    ("health", _set("services", "grafana", "restart", to="no")),
    ("images", _set("services", "grafana", "image", to="grafana/grafana:latest")),
    ("images", _set("services", "grafana", "image", to="grafana/grafana")),
    ("images", _set("services", "grafana", "image", to="redis:7.4.1")),
    ("secrets", _add(*_VARIABLES, what="DB_PASSWORD=hunter2")),
    ("limits", _set("services", "grafana", "mem_limit", to=None)),
    ("scalars", _add("services", "prometheus", "command", what="1e3")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "change"), _BROKEN, ids=[f"{rule}-{number}" for number, (rule, _) in enumerate(_BROKEN)]
)
def test_a_rule_finds_what_breaks_it(rule: str, change: Callable[[dict[str, Any]], None]) -> None:
    """By its own name."""
    document = copy.deepcopy(_good())
    change(document)

    assert rule in {one.partition(":")[0] for one in violations(yaml.dump(document, Dumper=yaml.CSafeDumper))}


def _good() -> dict[str, Any]:
    """The default deployment, with short inline files."""
    found: dict[str, Any] = stacks.document(default_artefacts(), coolify.PATH)
    for service in found["services"].values():
        kept = [one for one in service.get("volumes", ()) if not isinstance(one, dict) or "blackbox" in one["source"]]
        service["volumes"] = kept
    inline = found["services"]["blackbox-exporter"]["volumes"][0]
    found["services"]["prometheus"]["volumes"].append(dict(inline))
    return found


def test_every_rule_is_broken_once() -> None:
    """A rule that nothing breaks proves nothing."""
    assert {rule for rule, _ in _BROKEN} == {*RULES, "scalars"}
