"""`boxwatch doctor` against servers on loopback: what it asks, what it prints, and how it exits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import docker_box, live_box, live_server
from support import grafana as grafana_stand_in
from support.live_server import Answers

from boxwatch.cli import main
from boxwatch.live.doctor import ask_alertmanager, ask_prometheus, questions
from boxwatch.live.doctor.seen import Sample
from boxwatch.publish import http
from boxwatch.publish.grafana import http as grafana_http
from boxwatch.publish.http import Client, Credentials
from boxwatch.rules import deployment


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the topology, and without waiting between attempts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    Path("topology.yaml").write_text(live_box.TEXT, encoding="utf-8")


@pytest.fixture
def prometheus() -> Iterator[Answers]:
    """A healthy Prometheus."""
    with live_server.serving(live_server.of_prometheus(live_box.healthy().prometheus, live_box.built())) as answers:
        yield answers


@pytest.fixture
def alertmanager() -> Iterator[Answers]:
    """A healthy Alertmanager."""
    seen = live_box.healthy().alertmanager
    assert seen is not None
    with live_server.serving(live_server.of_alertmanager(seen)) as answers:
        yield answers


def _run(*arguments: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(main, ["doctor", *arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _pair(sample: Sample) -> tuple[dict[str, str], float]:
    return dict(sample.labels), float(sample.value)


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_what_is_served_is_seen(*, shared: bool) -> None:
    """Every part of the API is read as Prometheus means it, whether or not it is shared."""
    seen = live_box.healthy(shared=shared).prometheus
    # Prometheus shows the names that a query groups by, and no label of the deployment.
    with live_server.serving(live_server.of_prometheus(seen, live_box.built(shared=shared))) as answers:
        asked = questions.questions(live_box.built(shared=shared))
        found, skew = ask_prometheus.ask(Client(answers.url), asked, 10)

    assert replace(found, url=seen.url) == replace(seen, samples=dict(found.samples))
    assert {name: list(map(_pair, one)) for name, one in found.samples.items()} == {
        name: list(map(_pair, seen.answer(name))) for name in asked
    }
    assert abs(skew) < 5


def test_what_alertmanager_serves_is_seen(alertmanager: Answers) -> None:
    """Version, configuration and the Watchdog's receivers; in a shared one only our Watchdog's."""
    ours, others = (ask_alertmanager.ask(Client(alertmanager.url), {"deployment": name}, 10) for name in ("box", "x"))

    assert replace(ours, url="http://alertmanager:9093") == live_box.healthy().alertmanager
    assert others.heartbeats is None


def test_a_green_stack_exits_with_0(prometheus: Answers, alertmanager: Answers) -> None:
    """And has nothing to do; --all shows what was checked."""
    result = _run("--prometheus", prometheus.url, "--alertmanager", alertmanager.url)
    everything = _run("--prometheus", prometheus.url, "--alertmanager", alertmanager.url, "--all")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Nothing to do.")
    assert len(result.stdout.splitlines()) == 2
    assert "ok       web on main: has 2 containers" in everything.stdout


def test_a_problem_exits_with_3_and_says_what_is_next(prometheus: Answers) -> None:
    """The last line names it; consequences stand below their cause."""
    targets = prometheus.pages["/api/v1/targets"]["data"]["activeTargets"]
    for one in targets:
        if one["labels"]["job"] == "cadvisor" and one["labels"]["server"] == "main":
            one |= {"health": "down", "lastError": "dial tcp 10.0.0.1:8080: connect: connection refused"}
    result = _run("--prometheus", prometheus.url)

    assert result.exit_code == 3
    assert "problem  cadvisor on main: is down: connection refused" in result.stdout
    assert "Cannot be judged until then: cAdvisor on main, coolify on main" in result.stdout
    assert result.stdout.splitlines()[-1] == (
        "Next: cadvisor on main: nothing listens there: start it, or correct the port"
    )


def test_warnings_exit_with_3_only_if_strict(prometheus: Answers) -> None:
    """A warning is a risk, and no reason to fail a deployment, unless asked for."""
    prometheus.pages["/api/v1/status/runtimeinfo"]["data"] = {"storageRetention": "15d"}

    assert _run("--prometheus", prometheus.url).exit_code == 0
    strict = _run("--prometheus", prometheus.url, "--strict")
    assert strict.exit_code == 3
    assert strict.stdout.splitlines()[-1].startswith("Next: retention: start Prometheus with")


def test_json_has_every_line(prometheus: Answers) -> None:
    """With consequences below their cause, and what is next."""
    prometheus.pages["/api/v1/targets"]["data"]["activeTargets"] = []
    result = _run("--prometheus", prometheus.url, "--json")
    found = json.loads(result.stdout)

    assert result.exit_code == 3
    assert found["problems"] == len([line for line in found["lines"] if line["state"] == "problem"])
    assert found["next"]["action"]
    assert {"check", "state", "where", "what", "action", "details", "consequences"} == set(found["lines"][0])
    assert any(line["consequences"] for line in found["lines"])


def test_many_targets_with_one_trouble_are_one_finding(prometheus: Answers) -> None:
    """Their remedy is printed once, and each target's own hint beside it."""
    for one in prometheus.pages["/api/v1/targets"]["data"]["activeTargets"]:
        one |= {"health": "down", "lastError": f"dial tcp: lookup {one['labels']['job']}: no such host"}
    prometheus.queries[questions.questions(live_box.built())[questions.WORKED]] = []
    result = _run("--prometheus", prometheus.url)

    assert result.stdout.count("docker network connect coolify") == 1
    assert "15 targets are down: unknown host" in result.stdout
    assert "- minio of files on main: 403 means" in result.stdout


def test_many_lines_of_configuration_are_cut(prometheus: Answers) -> None:
    """The first lines show what is missing; --all shows the rest."""
    config = prometheus.pages["/api/v1/status/config"]["data"]
    config["yaml"] = "scrape_configs: []\nrule_files: [rules/*.yaml]\n"
    short, whole = (_run("--prometheus", prometheus.url, *more) for more in ((), ("--all",)))

    assert "jobs of Prometheus' running configuration lack what rules need" in short.stdout
    assert len(whole.stdout.splitlines()) > 2 * len(short.stdout.splitlines())
    assert "job_name: redis" in whole.stdout


@pytest.mark.parametrize(
    ("status", "says"), [(401, "authentication failed (401)"), (500, "answered 500: as told"), (404, "answered 404")]
)
def test_a_prometheus_that_does_not_answer_is_a_finding(prometheus: Answers, status: int, says: str) -> None:
    """It is the first thing to mend, and no error of the command."""
    prometheus.statuses["/api/v1/status/buildinfo"] = status
    result = _run("--prometheus", prometheus.url)

    assert result.exit_code == 3
    assert says in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Next: Prometheus: start it, check the URL")


def test_another_server_is_no_prometheus(alertmanager: Answers) -> None:
    """Nor is one that is not there an Alertmanager."""
    result = _run("--prometheus", alertmanager.url, "--alertmanager", "http://127.0.0.1:9")

    assert "not as Prometheus does" in result.stdout
    assert "Alertmanager: cannot be asked" in result.stdout


@pytest.mark.parametrize("page", [b"<html>", b"{}", b'{"versionInfo": {}}', b"[]"])
def test_what_is_no_alertmanager_is_said(alertmanager: Answers, page: bytes) -> None:
    """Whatever answers there."""
    alertmanager.pages["/api/v2/status"] = page

    assert "does not answer as an Alertmanager does" in ask_alertmanager.ask(Client(alertmanager.url), {}, 5).error


def test_an_old_server_is_judged_by_what_it_shows(prometheus: Answers) -> None:
    """Without runtime information, flags tell the retention; what else is missing is not judged."""
    for path in ("status/runtimeinfo", "status/config", "rules", "alertmanagers"):
        del prometheus.pages[f"/api/v1/{path}"]
    prometheus.pages["/api/v1/status/flags"]["data"] = {"storage.tsdb.retention.time": "7d"}
    result = _run("--prometheus", prometheus.url)

    assert "retention: keeps 7d" in result.stdout
    assert "the server does not show its configuration" in result.stdout


def test_failed_queries_are_counted(prometheus: Answers) -> None:
    """A busy server is not reported as broken."""
    del prometheus.queries[questions.questions(live_box.built())[questions.CONTAINERS]]
    result = _run("--prometheus", prometheus.url)

    assert result.exit_code == 0
    assert "1 of 26 queries failed" in result.stdout
    assert "query timed out" in result.stdout


def test_samples_that_are_no_numbers_are_left_out(prometheus: Answers) -> None:
    """NaN, and answers in another form."""
    query = questions.questions(live_box.built())[questions.CLOCKS]
    prometheus.queries[query] = [{"metric": {}, "value": [0, "NaN"]}, {"metric": {}}, {"value": [0, "x"]}]
    found, _ = ask_prometheus.ask(Client(prometheus.url), {"clocks": query}, 5)

    assert found.samples == {"clocks": ()}


def test_the_load_on_prometheus_is_small(prometheus: Answers) -> None:
    """Each request is made once, and every query has a timeout and a limit."""
    _run("--prometheus", prometheus.url)

    queries = [path for path in prometheus.asked if path.startswith("/api/v1/query?")]
    assert len(prometheus.asked) == len(set(prometheus.asked)) < 45
    assert all("&timeout=10s&limit=" in path for path in queries)


def test_credentials_are_sent_and_not_shown(prometheus: Answers) -> None:
    """From a file, as for other commands."""
    Path("token").write_text("s3cr3t-token", encoding="utf-8")
    result = _run("--prometheus", prometheus.url, "--prometheus-token-file", "token", "--all")

    assert prometheus.authorization == Credentials.bearer("s3cr3t-token").authorization
    assert "s3cr3t" not in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing option '--prometheus'"),
        (("--prometheus", "x"), "is not a server's URL"),
        (("--prometheus", "http://x", "--server", "main"), "--server needs --docker"),
        (("--prometheus", "http://x", "--grafana", "http://y"), "no token for Grafana"),
        (("--prometheus", "http://x", "--docker", "-"), "is not JSON"),
    ],
)
def test_wrong_options_are_explained(arguments: tuple[str, ...], says: str) -> None:
    """Before anything is asked."""
    result = _run(*arguments, stdin="no JSON")

    assert result.exit_code in (1, 2)
    assert says in result.output


def test_docker_explains_a_missing_container(prometheus: Answers) -> None:
    """Its output comes from a file or a pipe, for one of the servers."""
    query = questions.questions(live_box.built())[questions.CONTAINERS]
    kept = [one for one in prometheus.queries[query] if one["metric"]["service"] != "web"]
    prometheus.queries[query] = kept
    described = docker_box.joined([[docker_box.application("web_prod", "shop", "production")]])
    result = _run("--prometheus", prometheus.url, "--docker", "-", "--server", "main", stdin=described)

    assert "the resource name `web_prod`" in " ".join(result.stdout.split())


def test_grafana_is_compared_with_the_built_dashboards(prometheus: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing and changed dashboards, and data sources that fail."""
    monkeypatch.setenv("BOXWATCH_GRAFANA_TOKEN", grafana_stand_in.TOKEN)
    boards = live_box.boards()
    with grafana_stand_in.grafana() as grafana:
        grafana.sources = {"Prometheus": "", "Broken": "no such host"}
        for number, board in enumerate(boards.values()):
            if number > 1:
                grafana.put(board)
        changed = list(boards.values())[2]
        grafana.put({**changed, "title": "Edited"})
        result = _run("--prometheus", prometheus.url, "--grafana", grafana.url)

    text = " ".join(result.stdout.split())
    assert "2 dashboards missing" in text, text
    assert "1 dashboard other than built" in text, text
    assert "cannot use the data source Broken: no such host" in text


def test_a_token_without_rights_on_data_sources_is_no_problem(
    prometheus: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know then whether they work."""
    monkeypatch.setenv("BOXWATCH_GRAFANA_TOKEN", grafana_stand_in.TOKEN)
    with grafana_stand_in.grafana() as grafana:
        grafana.refused = {"/api/datasources"}
        result = _run("--prometheus", prometheus.url, "--grafana", grafana.url, "--all")

    assert "does not let this token list data sources" in " ".join(result.stdout.split())


def test_grafana_that_is_away_is_a_finding(prometheus: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything else is still judged."""
    monkeypatch.setenv("BOXWATCH_GRAFANA_TOKEN", grafana_stand_in.TOKEN)
    monkeypatch.setattr(grafana_http, "_FIRST_PAUSE", 0.001)
    result = _run("--prometheus", prometheus.url, "--grafana", "http://127.0.0.1:9", "--all")

    assert "Grafana: cannot be asked: http://127.0.0.1:9 cannot be reached" in " ".join(result.stdout.split())
    assert "web on main: has 2 containers" in result.stdout


def test_deployment_labels_are_part_of_every_query_of_a_shared_prometheus() -> None:
    """Other deployments on it are not judged."""
    found = questions.questions(live_box.built(shared=True))
    ((label, value),) = deployment.labels(live_box.topology(shared=True)).items()

    assert [name for name, query in found.items() if f'{label}="{value}"' not in query] == []
