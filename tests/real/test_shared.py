"""Two deployments and the rules of others in one Prometheus, one Alertmanager and one Grafana: none touches another."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result
from support.grafana import TOKEN, Grafana, grafana
from support.programs import free_port, get, running, serving, wait_for
from support.webhook import Webhook, webhook

from boxwatch.cli import main
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager, fragments, prometheus
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology

Program = Callable[[str], str]

# Both have the same servers and services, as production and staging do.
_TOPOLOGY: Final = """\
name: {name}
scrape_interval: 10s
servers:
  main:
    cpus: 4
    memory: 16g
    disk: 100GB
    reserved: 2g
    exporters: {{node: "127.0.0.1:{port}", cadvisor: "127.0.0.1:{port}"}}
services:
  web: {{kind: web, server: main, memory: {memory}}}
stack: {{shared: true, prometheus: "127.0.0.1:{port}"}}
notifications:
  receivers: {{team: {{webhook: {{url: "{hook}"}}}}}}
  critical: team
  warning: team
  group_wait: 1s
"""
_THEIRS: Final = {
    "groups": [
        # Named as one of ours is named in a Prometheus of our own.
        {"name": "host", "rules": [{"alert": "TheirsDown", "expr": 'up{job="theirs"} == 0'}]},
    ]
}


@dataclass
class _Box:
    """A Prometheus of others, with an Alertmanager and a Grafana."""

    url: str
    alerts: str
    place: Path
    boards: Grafana
    shop: Webhook
    others: Webhook

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(main, list(arguments), env={"BOXWATCH_GRAFANA_TOKEN": TOKEN})
        assert result.exit_code == 0, result.output
        return result

    def publish(self, name: str, *more: str) -> Result:
        return self.run("publish", str(self.place / f"{name}.yaml"), *self.servers(name), *self.backups, *more, "--yes")

    def rollback(self, name: str) -> Result:
        return self.run("rollback", *self.servers(name), *self.backups, "--deployment", name, "--yes")

    @property
    def backups(self) -> tuple[str, str]:
        return "--backups", str(self.place / "backups")

    def servers(self, name: str) -> tuple[str, ...]:
        rules_ = ("--prometheus", self.url, "--rules-dir", str(self.place / "rules" / name))
        return (*rules_, "--grafana", self.boards.url)

    def groups(self, name: str) -> list[str]:
        """The loaded groups of a deployment, or of others, each with a digest of its rules."""
        answer = get(f"{self.url}/api/v1/rules")
        found = []
        for group in answer["data"]["groups"] if answer else []:
            if Path(group["file"]).parent.name == name:
                queries = "".join(str((rule["name"], rule["query"], rule["labels"])) for rule in group["rules"])
                found.append(f"{group['name']} {hashlib.sha256(queries.encode()).hexdigest()}")
        return found

    def dashboards(self, name: str) -> dict[str, int]:
        """Uid → version of each dashboard of a deployment."""
        return {
            uid: board.version for uid, board in self.boards.boards.items() if f"boxwatch/{name}" in board.json["tags"]
        }

    def state(self, name: str) -> tuple[list[str], dict[str, int]]:
        """Everything of a deployment that another could touch."""
        return self.groups(name), self.dashboards(name)

    def write(self, name: str, port: int, hook: str, memory: str = "1g") -> Topology:
        text = _TOPOLOGY.format(name=name, port=port, hook=hook, memory=memory)
        (self.place / f"{name}.yaml").write_text(text, encoding="utf-8")
        return parse(text, f"{name}.yaml").topology


def _scrapes(*topologies: Topology) -> list[Any]:
    found = [{"job_name": "theirs", "static_configs": [{"targets": ["127.0.0.1:1"]}]}]
    for topology in topologies:
        found += yaml.safe_load(prometheus.files(topology)[fragments.SCRAPE])["scrape_configs"]
    return found


def _alerting(hook: str, *topologies: Topology) -> dict[str, Any]:
    parts = [yaml.safe_load(alertmanager.files(rules.build(one))[fragments.ALERTMANAGER]) for one in topologies]
    receivers = {one["name"]: one for part in parts for one in part["receivers"]}
    return {
        "route": {
            "receiver": "others",
            "group_wait": "1s",
            "routes": [one for part in parts for one in part["routes"]],
        },
        "receivers": [{"name": "others", "webhook_configs": [{"url": hook}]}, *receivers.values()],
        "inhibit_rules": [one for part in parts for one in part["inhibit_rules"]],
    }


@pytest.fixture
def box(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Box]:
    """Both fragments are merged; no rules of ours are published yet."""
    monkeypatch.chdir(tmp_path)
    port, alerts = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(serving({"/metrics": "up_page 1\n"}))
        shop, others = stack.enter_context(webhook()), stack.enter_context(webhook())
        boards = stack.enter_context(grafana())
        made = _Box(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{alerts}", tmp_path, boards, shop, others)
        topologies = [made.write(name, page, shop.url) for name in ("shop", "blog")]
        (tmp_path / "rules/others").mkdir(parents=True)
        (tmp_path / "rules/others/host.yaml").write_text(yaml.safe_dump(_THEIRS), encoding="utf-8")
        for name in ("shop", "blog"):
            (tmp_path / "rules" / name).mkdir()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [f"{tmp_path}/rules/{name}/*.yaml" for name in ("others", "shop", "blog")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
            "scrape_configs": _scrapes(*topologies),
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(_alerting(others.url, *topologies)), encoding="utf-8")
        (tmp_path / "boxwatch.tmpl").write_bytes(alertmanager.files(rules.build(topologies[0]))[alertmanager.TEMPLATE])
        log = tmp_path / "prometheus.log"
        stack.enter_context(
            running(
                [
                    program("prometheus-alertmanager"),
                    f"--config.file={tmp_path}/alertmanager.yml",
                    f"--storage.path={tmp_path}/alerts",
                    "--cluster.listen-address=",
                    f"--web.listen-address=127.0.0.1:{alerts}",
                ],
                tmp_path / "alertmanager.log",
            )
        )
        stack.enter_context(
            running(
                [
                    program("prometheus"),
                    f"--config.file={tmp_path}/prometheus.yml",
                    f"--storage.tsdb.path={tmp_path}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--web.enable-lifecycle",
                ],
                log,
            )
        )
        wait_for(lambda: "Server is ready" in log.read_text(encoding="utf-8"), "Prometheus", 30)
        wait_for(lambda: get(f"{made.alerts}/api/v2/status"), "Alertmanager", 30)
        yield made


def test_publishing_changing_pruning_and_rolling_back_one_leaves_the_others_as_they_are(box: _Box) -> None:
    """Rules and dashboards of the other deployment, and the rules of others."""
    theirs = box.groups("others")
    assert len(theirs) == 1
    box.publish("shop")
    shop = box.state("shop")
    assert shop[0]
    assert shop[1]

    box.publish("blog")
    blog = box.state("blog")
    assert blog[0]
    assert blog[1]
    assert (box.state("shop"), box.groups("others")) == (shop, theirs)

    text = (box.place / "shop.yaml").read_text(encoding="utf-8")
    (box.place / "shop.yaml").write_text(text.replace("memory: 1g}", "memory: 2g}"), encoding="utf-8")
    box.publish("shop", "--prune")
    assert box.state("shop")[0] != shop[0]
    assert (box.state("blog"), box.groups("others")) == (blog, theirs)

    box.rollback("shop")
    assert box.state("shop")[0] == shop[0]
    assert (box.state("blog"), box.groups("others")) == (blog, theirs)


def test_no_alert_of_ours_speaks_about_the_targets_of_others(box: _Box) -> None:
    """Their target is down and their alert fires; ours are about ours, and each reaches its own receiver."""
    box.publish("shop")
    box.publish("blog")

    def fired() -> list[dict[str, str]]:
        answer = get(f"{box.url}/api/v1/alerts")
        return [one["labels"] for one in answer["data"]["alerts"]] if answer else []

    names = {"TheirsDown", "Watchdog"}
    wait_for(lambda: names <= {one["alertname"] for one in fired()}, "alerts of theirs and ours", 30)
    ours = [one for one in fired() if "deployment" in one]
    assert {one["deployment"] for one in ours} == {"shop", "blog"}
    assert {one["alertname"] for one in fired() if "deployment" not in one} == {"TheirsDown"}
    answer = get(f"{box.url}/api/v1/query?query=ALERTS{{job=%22theirs%22}}")
    assert {one["metric"]["alertname"] for one in answer["data"]["result"]} == {"TheirsDown"}
    told = wait_for(lambda: list(box.others.alerts), "the notification about their target", 30)
    assert {one["labels"]["alertname"] for one in told} == {"TheirsDown"}


def test_a_whole_configuration_is_never_published_to_a_shared_server(box: _Box) -> None:
    """It would replace the settings of others."""
    for options, message in (
        (("--prometheus-dir", str(box.place)), "prometheus.yml is not only ours; pass --rules-dir"),
        (("--alertmanager-dir", str(box.place)), "alertmanager.yml is not only ours; omit --alertmanager-dir"),
        (("--blackbox-dir", str(box.place)), "blackbox.yml is not only ours; omit --blackbox-dir"),
    ):
        result = CliRunner().invoke(main, ["publish", str(box.place / "shop.yaml"), *options, "--yes"])
        assert result.exit_code == 2
        assert message in result.output
