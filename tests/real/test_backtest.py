"""A backtest gives what a real Prometheus recorded in ALERTS while it ran."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.programs import free_port, get, running, wait_for
from support.verified import connect

from boxwatch.cli import main
from boxwatch.live.backtest import inline
from boxwatch.live.backtest.backtest import Backtest
from boxwatch.live.backtest.rules import of_server, phases
from boxwatch.live.backtest.state_file import StateFile
from boxwatch.live.samples import Series, shown

Program = Callable[[str], str]

# Patterns in time, so that the evaluations' exact times matter and no scrape does.
_RULES = """\
groups:
  - name: seconds
    interval: 1s
    rules:
      - record: pattern:by_time:mod
        expr: "label_replace(vector(time() % 11), 'part', 'a', '', '')"
        labels: {kind: saw}
      - {record: pattern:by_time:mod, expr: "label_replace(vector(time() % 5), 'part', 'b', '', '')"}
      - {alert: AtOnce, expr: "pattern:by_time:mod > 6", labels: {severity: info}}
      - {alert: Waiting, expr: "pattern:by_time:mod < 3", for: 2s}
      - {alert: Kept, expr: "pattern:by_time:mod{part='a'} > 8", keep_firing_for: 3s}
      - {alert: Both, expr: "pattern:by_time:mod{part!='b'} > 2", for: 3s, keep_firing_for: 2s}
      - {alert: TooShort, expr: "pattern:by_time:mod{part='b'} < 1", for: 5s}
      - {alert: Never, expr: "pattern:by_time:mod > 100"}
  - name: slower
    interval: 2s
    rules:
      - {record: slower:by_time:mod, expr: "vector(time() % 9)"}
      - {alert: Slow, expr: "slower:by_time:mod < 5", for: 2s}
"""
# The same alerts on a series that nobody has recorded.
_FILE = _RULES.replace("pattern:by_time", "planned:by_time").replace("name: seconds", "name: planned")
_CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder}/rules.yaml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
_RUN = 14
# What was true when Prometheus started is unknown to it, and forgotten after this long.
_FORGOTTEN = 8


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[str]:
    """URL of a Prometheus that has evaluated the rules for half a minute."""
    folder = tmp_path_factory.mktemp("backtest")
    port = free_port()
    (folder / "rules.yaml").write_text(_RULES, encoding="utf-8")
    (folder / "prometheus.yml").write_text(_CONFIG.format(folder=folder, port=port), encoding="utf-8")
    command = [
        program("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, folder / "prometheus.log"):
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: (get(f"{url}/api/v1/query?query=ALERTS") or {}).get("data", {}).get("result"), "an alert")
        time.sleep(_FORGOTTEN + _RUN)
        yield url


def _backtest(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["backtest", "--prometheus", url, *arguments])


def _firings(url: str, *arguments: str) -> dict[str, Any]:
    result = _backtest(url, "--days", str((_RUN + _FORGOTTEN) / 86400), "--json", *arguments)
    assert result.exit_code == 0, result.output
    return {each["alert"]: each for each in json.loads(result.stdout)["alerts"]}


def _recorded(url: str) -> list[Series]:
    """ALERTS as it was written: each sample with the time of its evaluation."""
    found = get(f'{url}/api/v1/query?query=ALERTS{{alertstate="firing"}}[1m]')
    return [
        Series(each["metric"], tuple((float(at), float(value)) for at, value in each["values"]))
        for each in found["data"]["result"]
    ]


def _times(firings: list[dict[str, Any]], at: list[float]) -> dict[str, list[float]]:
    """Part → the evaluations at which a backtest fires."""
    found: dict[str, list[float]] = {}
    for each in firings:
        part = each["labels"].get("part", "")
        found.setdefault(part, []).extend(
            t for t in at if each["start"] <= t and (each["end"] is None or t < each["end"])
        )
    return found


@pytest.mark.parametrize("alert", ["AtOnce", "Waiting", "Kept", "Both", "TooShort", "Never", "Slow"])
def test_an_alert_fires_exactly_when_it_did(url: str, alert: str) -> None:
    """At the same evaluations, to the millisecond, with `for` and `keep_firing_for`."""
    interval = 2 if alert == "Slow" else 1
    found = _firings(url, "--loaded")[alert]
    series = [each for each in _recorded(url) if each.labels["alertname"] == alert]
    known = [each for each in _recorded(url) if each.labels["alertname"] == ("Slow" if alert == "Slow" else "AtOnce")]
    # Every evaluation of the group, by its phase.
    phase = round(known[0].points[0][0] % interval, 3)
    last = max(at for each in _recorded(url) for at, _ in each.points) - 4
    first = last - _RUN + 4
    start = first - (first - phase) % interval
    at = [round(start + number * interval, 3) for number in range(1, int((last - start) // interval))]

    recorded = {
        part: sorted(
            {round(t, 3) for each in series if each.labels.get("part", "") == part for t, _ in each.points} & set(at)
        )
        for part in {each.labels.get("part", "") for each in series}
    }
    backtested = {part: sorted(times) for part, times in _times(found["firings"], at).items()}

    assert {part: times for part, times in backtested.items() if times} == {
        part: times for part, times in recorded.items() if times
    }
    assert bool(recorded) is (alert not in ("TooShort", "Never"))


def test_what_does_not_last_is_counted(url: str) -> None:
    """How often the condition held for less than `for`, and the longest time."""
    found = _firings(url, "TooShort", "--loaded")["TooShort"]

    assert found["firings"] == []
    assert found["not_long_enough"] >= 3
    assert found["longest_pending"] == 1


def test_a_series_that_is_not_in_the_history_is_expanded(url: str, tmp_path: Path) -> None:
    """Its rule's expression gives the same firings as the recorded series does, evaluated at the same times."""
    (tmp_path / "rules.yaml").write_text(_FILE, encoding="utf-8")

    found = _firings(url, "--rules", str(tmp_path / "rules.yaml"))

    assert found["AtOnce"]["expanded"] == ["planned:by_time:mod"]
    for alert in ("AtOnce", "Waiting", "Kept", "Both"):
        firings = found[alert]["firings"]
        assert firings, alert
        for each in firings:
            # Prometheus has no phase for a group that is not loaded, so it is a whole second.
            assert each["start"] == round(each["start"])
    # The first may have begun before the time range.
    kept = [each["end"] - each["start"] for each in found["Kept"]["firings"][1:] if each["end"]]
    # 9 and 10 of 11 seconds, and three more.
    assert set(kept) <= {5.0}
    assert {each["labels"].get("kind") for each in found["Both"]["firings"]} == {"saw"}


def test_other_thresholds_are_tried(url: str) -> None:
    """With how often and how long each would have fired."""
    found = _firings(url, "AtOnce", "--loaded", "--thresholds")["AtOnce"]["thresholds"]
    text = _backtest(url, "AtOnce", "--loaded", "--thresholds", "--days", "0.0002").stdout

    by_value = {each["value"]: each["seconds"] for each in found}
    assert [each["value"] for each in found if each["own"]] == [6]
    assert by_value[3] > by_value[6] > by_value[9] > by_value[12] == 0
    assert "← the rule" in text


def test_the_table_lists_what_fired_and_each_time(url: str) -> None:
    """Sorted by how often; with --details every firing with its labels and values."""
    text = _backtest(url, "--loaded", "--days", "0.0003", "--details").stdout

    assert text.startswith("alert ")
    assert "\nNever " not in text
    assert 'part="a"' in text
    assert "7 alerts over " in text
    assert "5 would have fired" in text


def test_an_interrupted_backtest_is_continued(url: str, tmp_path: Path) -> None:
    """With the same time range; a complete one leaves no file, and one of something else begins again."""
    source = connect(url)
    groups = source.groups() or ()
    rules = of_server(groups, phases(source, groups, source.now()))
    end = source.now() - 1
    path = tmp_path / "state.json"

    def stopping(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    whole = Backtest(source, rules, StateFile(None, "t"), end - 20, end).run(rules.alerts, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        Backtest(source, rules, StateFile(path, "t"), end - 20, end).run(rules.alerts, stopping)
    kept = json.loads(path.read_text(encoding="utf-8"))
    # Another time range is ignored: that of the interrupted backtest is continued.
    again = Backtest(source, rules, StateFile(path, "t"), end - 10, end + 5).run(rules.alerts, lambda *_: None)

    assert kept["done"]
    assert again == whole
    assert not path.exists()


def test_problems_are_said(url: str, tmp_path: Path) -> None:
    """A rejected expression, one that does not parse, an unknown alert, options that exclude each other."""
    rules = "groups:\n- {name: g, rules: [{alert: Bad, expr: 'up / on () ALERTS'}, {alert: Worse, expr: 'up >'}]}\n"
    (tmp_path / "rules.yaml").write_text(rules, encoding="utf-8")
    short = ("--days", "0.0001")

    failing = _backtest(url, "--rules", str(tmp_path / "rules.yaml"), *short)

    assert failing.exit_code == 1
    assert "error: Bad: " in failing.stdout
    assert "error: Worse: " in failing.stdout
    assert "did you mean `Never`?" in _backtest(url, "Nevver", "--loaded", *short).stderr
    assert "--thresholds needs the names" in _backtest(url, "--thresholds").stderr
    assert "exclude each other" in _backtest(url, "--loaded", "--rules", "x").stderr


_SELECTORS = (
    "pattern:by_time:mod",
    "pattern:by_time:mod{part='a'}",
    "pattern:by_time:mod{part!='a'}",
    "pattern:by_time:mod{part=~'a|c',kind='saw'}",
    "pattern:by_time:mod{part!~'b.*'}",
    "pattern:by_time:mod{kind=''}",
    "pattern:by_time:mod{part='a.b'}",
    "sum(pattern:by_time:mod offset 3s)",
    "pattern:by_time:mod{part='a'} offset 2s > 1",
    "absent(pattern:by_time:mod{part='z',kind=~'.+'})",
    "absent(pattern:by_time:mod)",
    "count by (part) (pattern:by_time:mod >= 0) == 1",
    "pattern:by_time:mod unless on (part) pattern:by_time:mod{kind='saw'}",
    "-pattern:by_time:mod + on (part) pattern:by_time:mod",
)


@pytest.mark.parametrize("query", _SELECTORS)
def test_an_expanded_series_is_the_recorded_one(url: str, query: str) -> None:
    """At the time of an evaluation: labels, values, matchers, offset, and the labels of `absent`."""
    source = connect(url)
    groups = source.groups() or ()
    rules = of_server(groups, phases(source, groups, source.now()))
    at = source.query("max(timestamp(pattern:by_time:mod))", None)[0].value
    expanded = inline.expand(query, rules.records, rules.records.keys())

    def result(text: str) -> dict[str, float]:
        found = source.query(text, at)
        return {shown(each.labels): round(each.value, 2) for each in found}

    assert "pattern:by_time" not in expanded
    assert result(expanded) == result(query)


@pytest.mark.parametrize("window", ["[5s]", "[5s] offset 2s"])
def test_an_expanded_range_covers_the_same_time(url: str, window: str) -> None:
    """A subquery at the rule's interval, whose steps may lie up to an interval beside the evaluations."""
    source = connect(url)
    groups = source.groups() or ()
    rules = of_server(groups, phases(source, groups, source.now()))
    at = source.query("max(timestamp(pattern:by_time:mod))", None)[0].value
    query = (
        f"avg_over_time(pattern:by_time:mod{{part='a'}}{window}) > 100 or count_over_time(pattern:by_time:mod{window})"
    )

    recorded = source.query(query, at)
    expanded = source.query(inline.expand(query, rules.records, rules.records.keys()), at)

    assert len(recorded) == len(expanded) == 2
    assert all(abs(one.value - other.value) <= 1 for one, other in zip(recorded, expanded, strict=True))
