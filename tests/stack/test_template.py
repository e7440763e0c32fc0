"""The one-click template for Coolify's catalogue, as its generator and its parser read it."""

from __future__ import annotations

import base64
import functools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from support.coolify_limits import violations
from support.coolify_parser import Resource
from support.programs import compose_schema

from boxwatch.assemble import assemble
from boxwatch.stack import template
from boxwatch.topology import default

ROOT = Path(__file__).parents[2]


@functools.cache
def _made() -> dict[str, bytes]:
    topology = default.template().topology
    return template.files(topology, assemble(topology))


def _text() -> str:
    return _made()[template.PATH].decode()


def _read_by_the_catalogue(text: str) -> dict[str, Any]:
    """As `generate:services` does: one comment a line, and the file itself in base64."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"^#(?P<key>.*?):(?P<value>.*)$", line)
        if match:
            found[match["key"].strip()] = match["value"].strip()
    return {**found, "compose": base64.b64encode(yaml.dump(yaml.load(text, yaml.CSafeLoader)).encode()).decode()}


def test_the_tool_writes_both_files_where_coolify_has_them(tmp_path: Path) -> None:
    """What a pull request for the catalogue contains."""
    subprocess.run([sys.executable, ROOT / "tools" / "template.py", tmp_path], check=True, capture_output=True)

    for path, content in _made().items():
        assert (tmp_path / path).read_bytes() == content


def test_the_topology_gives_no_warning() -> None:
    """And plans the whole stack without the exporter that no registry has."""
    assert default.template().warnings == ()
    assert "boxwatch-" not in _text().partition("services:\n")[2].partition("content:")[0]
    assert set(yaml.safe_load(_text())["services"]) == {
        "prometheus", "alertmanager", "grafana", "cadvisor", "node-exporter", "blackbox-exporter",
    }  # fmt: skip


def test_the_catalogue_finds_every_comment() -> None:
    """Documentation, slogan, category, tags, logo and port: no other line is taken for one."""
    found = _read_by_the_catalogue(_text())

    assert set(found) == {"documentation", "slogan", "category", "tags", "logo", "port", "compose"}
    assert found["documentation"].startswith("https://")
    assert found["category"] == "monitoring"
    assert found["port"] == "3000"
    assert found["logo"] == template.LOGO
    assert found["tags"] == found["tags"].lower()
    assert len(found["slogan"]) < 120


def test_it_keeps_every_rule_of_the_parser() -> None:
    """Those of the pasted form."""
    assert violations(_text()) == []


def test_it_needs_nothing_but_a_click() -> None:
    """No required variable, a generated password, and Grafana's route."""
    resource = Resource().paste(_text())

    assert resource.required == set()
    assert resource.domains == {"grafana": 3000}
    assert "SERVICE_PASSWORD_GRAFANA" in resource.variables


def test_what_it_becomes_is_a_compose_file() -> None:
    """By the specification's schema."""
    deployed = Resource().paste(_text()).compose

    assert list(jsonschema.Draft7Validator(compose_schema()).iter_errors(deployed)) == []


def test_it_is_small_enough_for_a_catalogue_of_hundreds() -> None:
    """Everyone downloads all templates."""
    assert len(_read_by_the_catalogue(_text())["compose"]) < 300_000


def test_no_alert_compares_with_a_plan() -> None:
    """Nobody made one: an alert about it would be noise on every server."""
    content = next(text for path, text in Resource().paste(_text()).read("prometheus").items() if "/rules/" in path)
    alerts = {
        rule["alert"] for group in yaml.safe_load(content)["groups"] for rule in group["rules"] if "alert" in rule
    }

    assert alerts >= {"HostDiskCritical", "ServiceCrashLooping", "ContainerOomKilled", "Watchdog"}
    assert not [name for name in alerts if "Budget" in name or "Plan" in name or "Drifted" in name]


def test_the_home_dashboard_is_in_it() -> None:
    """Grafana shows it to whoever logs in."""
    resource = Resource().paste(_text())
    home = resource.compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert json.loads(resource.read("grafana")[home])["title"]


def test_the_logo_is_a_picture_of_ours() -> None:
    """SVG without scripts, links or fonts."""
    root = ET.fromstring(_made()[template.LOGO])  # noqa: S314 - written here
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert root.get("viewBox") == "0 0 64 64"
    assert tags <= {"svg", "rect", "path", "circle"}
    assert "href" not in _made()[template.LOGO].decode()
