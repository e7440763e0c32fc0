"""Rules of the user's own are built, checked, tested and published like ours; bad files are named with their line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from support import small
from support.stand_in import StandIn, beside_commands
from support.topologies import complete

from boxwatch.checks import extra_rules
from boxwatch.checks.proofs import read as proofs
from boxwatch.checks.rules import promtool
from boxwatch.cli import main
from boxwatch.errors import BoxwatchError
from boxwatch.publish import rule_set
from boxwatch.rules import catalogue

Program = Callable[[str], str]

RULES = """\
# Rules of the shop.
groups:
  - name: shop
    rules:
      - record: shop:memory:share
        expr: service:memory_used_bytes:sum / on (server, service) service:memory_budget_bytes:sum
  - name: shop alerts
    rules:
      - alert: ShopMemoryHigh
        expr: shop:memory:share > 0.5 unless on (server, service) service:memory_budget_bytes:sum == 1
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: The shop needs much memory.
          description: "{{ $labels.service }} on {{ $labels.server }} uses {{ $value | humanizePercentage }}."
          runbook_url: https://wiki.example.com/shop/memory
"""
SERIES = """\
      - {series: 'service:memory_used_bytes:sum{server="main",service="web"}', values: 6x30}
      - {series: 'service:memory_budget_bytes:sum{server="main",service="web"}', values: 10x30}
"""
TESTS = f"""\
rule_files: [../shop.yaml]
tests:
  - name: it fires when half of the budget is used
    interval: 1m
    input_series:
{SERIES}
    alert_rule_test:
      - alertname: ShopMemoryHigh
        eval_time: 20m
        exp_alerts:
          - exp_labels: {{server: main, service: web, severity: warning}}
            exp_annotations:
              summary: The shop needs much memory.
              description: web on main uses 60%.
              runbook_url: https://wiki.example.com/shop/memory
  - name: it stays silent for the first ten minutes
    interval: 1m
    input_series:
{SERIES}
    alert_rule_test:
      - {{alertname: ShopMemoryHigh, eval_time: 5m}}
    promql_expr_test:
      - expr: shop:memory:share
        eval_time: 5m
        exp_samples: [{{labels: 'shop:memory:share{{server="main",service="web"}}', value: 0.6}}]
"""
OURS = {
    "prometheus/rules/memory.yaml": b"groups: [{name: memory, rules: [{record: 'a:b:sum', expr: up},"
    b" {alert: ServiceDown, expr: up == 0}]}]\n"
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a small topology, and rules of one's own next to it."""
    monkeypatch.chdir(tmp_path)
    Path("topology.yaml").write_text(small.TEXT, encoding="utf-8")
    _write(tmp_path / "extra-rules", **{"shop.yaml": RULES, "tests/shop.yaml": TESTS})
    return tmp_path


def _write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def _without_our_tests(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only promtool is on the PATH, which runs the user's tests only: ours take minutes."""
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    monkeypatch.setattr(catalogue, "test_files", lambda _: {})


def test_rules_and_tests_are_built_beside_ours(here: Path) -> None:
    """The rules byte for byte, the tests with the place of the built rules; removed with their source."""
    result = _run("build", "--out", "out")
    assert result.exit_code == 0, result.output
    assert Path("out/prometheus/rules/extra-shop.yaml").read_text(encoding="utf-8") == RULES
    made = yaml.safe_load(Path("out/prometheus/tests/extra-tests-shop.yaml").read_bytes())
    assert (made["rule_files"], made["evaluation_interval"]) == (["../rules/extra-shop.yaml"], "1m")
    assert made["tests"] == yaml.safe_load(TESTS)["tests"]

    (here / "extra-rules/tests/shop.yaml").unlink()
    _run("build", "--out", "out")
    assert not Path("out/prometheus/tests/extra-tests-shop.yaml").exists()


def test_check_names_the_users_file_and_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clean rules have no finding, although their runbook is somewhere else; a wrong metric is an error in line 6."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    result = _run("check")
    assert result.exit_code == 0, result.stdout

    _write(
        here / "extra-rules",
        **{"shop.yaml": RULES.replace("service:memory_used_bytes:sum", "service:memory_use_bytes:sum")},
    )
    result = _run("check")
    assert result.exit_code == 1
    assert "extra-rules/shop.yaml:6:15: record shop:memory:share: no exporter exposes" in result.stdout
    assert "did you mean service:memory_used_bytes:sum?" in result.stdout


def test_rules_are_also_known_to_other_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file checked alone may read what the user's rules record."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    _write(here, **{"more.yaml": "groups: [{name: more, rules: [{record: 'a:b:c', expr: 'shop:memory:share * 2'}]}]"})
    assert _run("check", "more.yaml").exit_code == 0
    (here / "extra-rules/shop.yaml").rename(here / "extra-rules/_shop.yaml")
    (here / "extra-rules/tests/shop.yaml").unlink()
    assert "none of the given rules records shop:memory:share" in _run("check", "--notes", "more.yaml").stdout


def test_the_tests_run_and_are_named(here: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its file, in text, JSON and JUnit; a broken one ends with 1; --coverage counts the rules."""
    _without_our_tests(program, monkeypatch)
    result = _run("test", "--coverage", "--junit", "proofs.xml")
    assert "holds: extra-rules/tests/shop.yaml: it fires when half of the budget is used\n" in result.stdout
    assert "holds: extra-rules/tests/shop.yaml: it stays silent for the first ten minutes\n" in result.stdout
    assert result.stdout.rstrip().endswith(", 2 tests of your own)")
    (row,) = [line.split() for line in result.stdout.splitlines() if line.startswith("extra-shop ")]
    assert row == ["extra-shop", "2", "1", "1", "1", "1/1", "1/2"]
    assert "not exercised: extra-rules/shop.yaml: ShopMemoryHigh/warning: holds back: " in result.stdout
    suites = {suite.get("name") for suite in ET.parse("proofs.xml").getroot()}  # noqa: S314 - made by us
    assert "extra-rules/tests/shop.yaml" in suites

    _write(here / "extra-rules", **{"tests/shop.yaml": TESTS.replace("uses 60%", "uses 50%")})
    result = _run("test", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (failed,) = document["failed"]
    assert (failed["file"], failed["name"]) == (
        "extra-rules/tests/shop.yaml",
        "it fires when half of the budget is used",
    )
    assert [one["holds"] for one in document["own"]] == [False, True]
    result = _run("test")
    assert "does not hold: extra-rules/tests/shop.yaml: it fires when half of the budget is used\n" in result.stdout


@pytest.mark.usefixtures("here")
def test_promtool_runs_the_tests_in_check(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tests, the same file in the message."""
    _without_our_tests(program, monkeypatch)
    _write(Path("extra-rules"), **{"tests/shop.yaml": TESTS.replace("eval_time: 20m", "eval_time: 2m")})
    result = _run("check")
    assert result.exit_code == 1
    assert "error: extra-rules/tests/shop.yaml" in result.stdout


@pytest.mark.usefixtures("here")
def test_alerts_without_a_test_are_listed(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Firing and staying silent each need one that holds; it is a hint, and no failure."""
    _without_our_tests(program, monkeypatch)
    assert "no test" not in _run("test").stdout
    both = ["fires", "stays silent"]
    _write(Path("extra-rules"), **{"tests/shop.yaml": TESTS.replace("eval_time: 20m", "eval_time: 5m")})
    assert [one["what"] for one in json.loads(_run("test", "--json").stdout)["untested"]] == both[:1]
    Path("extra-rules/tests/shop.yaml").unlink()
    result = _run("test")
    assert result.exit_code == 0
    for what in both:
        assert f"no test: extra-rules/shop.yaml: ShopMemoryHigh: in which it {what}\n" in result.stdout


def test_in_a_shared_prometheus_every_rule_says_whose_it_is(here: Path) -> None:
    """Its alerts are routed by the label, and two deployments may record the same series."""
    Path("topology.yaml").write_text(f"{small.TEXT}stack: {{shared: true}}\n", encoding="utf-8")
    lacking = "has no label deployment: mvp, required in a shared Prometheus"
    for words in (("build", "--out", "out"), ("check",), ("test",)):
        result = _run(*words)
        assert result.exit_code == 1
        assert (
            f"extra-rules/shop.yaml:5:9: groups.0.rules.0: {lacking} (write `labels: {{deployment: mvp}}`)"
            in result.stderr
        )
        assert f"extra-rules/shop.yaml:12:17: groups.1.rules.0: {lacking}" in result.stderr
    labelled = RULES.replace("{severity", "{deployment: mvp, severity").replace(
        "  - name: shop alerts", "        labels: {deployment: mvp}\n  - name: shop alerts"
    )
    _write(here / "extra-rules", **{"shop.yaml": labelled})
    result = _run("build", "--out", "out")
    assert result.exit_code == 1
    read = "extra-rules/shop.yaml:6:15: service:memory_used_bytes:sum is recorded by every deployment in a shared"
    assert f'{read} Prometheus (write service:memory_used_bytes:sum{{deployment="mvp"}})' in result.stderr
    labelled = labelled.replace("bytes:sum", 'bytes:sum{deployment="mvp"}')
    _write(here / "extra-rules", **{"shop.yaml": labelled})
    assert _run("build", "--out", "out").exit_code == 0
    Path("topology.yaml").write_text(small.TEXT, encoding="utf-8")
    _write(here / "extra-rules", **{"shop.yaml": labelled.replace("deployment: mvp, ", "deployment: other, ")})
    result = _run("build", "--out", "out", "--fragments")
    assert (result.exit_code, result.stderr.count(lacking)) == (1, 1)
    _write(here / "extra-rules", **{"shop.yaml": labelled.replace('{deployment="mvp"} ', '{deployment!="mvp"} ')})
    result = _run("build", "--out", "out", "--fragments")
    assert (result.exit_code, result.stderr.count("is recorded by every deployment")) == (1, 2)
    _write(here / "extra-rules", **{"shop.yaml": RULES})
    assert _run("build", "--out", "out").exit_code == 0


def test_every_name_of_ours_is_refused(tmp_path: Path) -> None:
    """Each alert, series and group of a deployment with everything."""
    ours = catalogue.rule_files(catalogue.build(complete()))
    groups = [group for content in ours.values() for group in yaml.safe_load(content)["groups"]]
    rules = [rule for group in groups for rule in group["rules"]]
    names = {(kind, rule[kind]) for rule in rules for kind in ("alert", "record") if kind in rule}
    written = [
        {"name": f"x{number}", "rules": [{kind: name, "expr": "up"}]} for number, (kind, name) in enumerate(names)
    ]
    written += [{"name": group["name"], "rules": [{"record": "x:y", "expr": "up"}]} for group in groups[:1]]
    with pytest.raises(BoxwatchError) as caught:
        extra_rules.read(_write(tmp_path, **{"x.yaml": yaml.safe_dump({"groups": written})}), ours)
    assert str(caught.value).count(" is one of boxwatch's") == len(names) + 1 > 100


def test_rules_are_published_in_the_same_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the one file that is switched atomically, and gone from it when the file is gone."""
    server: StandIn
    with beside_commands(tmp_path, monkeypatch) as server:
        words = ["publish", "--prometheus", server.url, "--rules-dir", "rules", "--yes"]
        _write(Path("extra-rules"), **{"shop.yaml": RULES})
        result = _run(*words)
        assert result.exit_code == 0, result.output
        assert "  + shop alerts: 1 rule\n" in result.stdout
        assert {"shop", "shop alerts"} <= {group["name"] for group in server.groups}
        Path("extra-rules/shop.yaml").unlink()
        assert "  - shop alerts: 1 rule\n" in _run(*words).stdout
        assert "shop" not in {group["name"] for group in server.groups}


def test_every_file_that_is_accepted_is_publishable(tmp_path: Path) -> None:
    """One set of ours and theirs."""
    own = extra_rules.read(_write(tmp_path, **{"shop.yaml": RULES}), OURS)
    assert {group.name for group in rule_set.merge({**OURS, **own.rules}).groups} >= {"memory", "shop", "shop alerts"}


GROUP = "groups:\n  - name: g\n    rules:\n"
RULE = f"{GROUP}      - alert: A\n        expr: up\n"
TEST = "rule_files: [a.yaml]\ntests:\n  - name: t\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("groups: [\n", "x.yaml:2:1: is not YAML: "),
        ("", "x.yaml: is neither a rule file nor a promtool test file (a rule file has a list `groups`"),
        ("- 1\n", "x.yaml:1: is neither a rule file"),
        ("route: {}\n", "x.yaml:1: is neither a rule file"),
        ("groups: []\ntests: []\n", "x.yaml:1: has both groups and tests"),
        (f"{RULE}---\n{RULE}", "x.yaml: has several YAML documents (make a file of each)"),
        ("a: *b\n", "x.yaml: line 1 refers to *b, which is not there"),
        ("groups: 1\n", "x.yaml:1:9: groups: is not a list"),
        ("groups: [1]\n", "x.yaml:1:10: groups.0: is not a group"),
        ("groups:\n  - rules: []\n", "x.yaml:2:5: groups.0: has no name"),
        ("groups:\n  - name: g\n", "x.yaml:2:5: groups.0: has no rules"),
        (f"{GROUP}      - expr: up\n", "x.yaml:4:9: groups.0.rules.0: is neither an alert nor a recording rule"),
        (f"{GROUP}      - {{alert: A, record: b, expr: up}}\n", "x.yaml:4:9: groups.0.rules.0: is both an alert and"),
        (f"{GROUP}      - alert: A\n", "x.yaml:4:9: groups.0.rules.0: has no expr (write `expr: …`)"),
        (
            f"{GROUP}      - alert: A\n        expr: rate(up\n",
            "x.yaml:5:15: groups.0.rules.0.expr: the PromQL does not parse",
        ),
        (f"{GROUP}      - alert:\n        expr: up\n", "x.yaml:4:15: groups.0.rules.0: has no alert"),
        (
            f"{GROUP}      - record: a-b\n        expr: up\n",
            "x.yaml:4:17: groups.0.rules.0.record: 'a-b' is not the name",
        ),
        (
            f"{GROUP}      - record: a:b\n        expr: up\n        for: 5m\n",
            "x.yaml:6:14: groups.0.rules.0.for: only alerts",
        ),
        (f"{RULE}        for: 5 min\n", "x.yaml:6:14: groups.0.rules.0.for: '5 min' is not a duration (write 30s"),
        (f"{RULE}        fro: 5m\n", "x.yaml:6:14: groups.0.rules.0.fro: is unknown to Prometheus (known: alert, "),
        (f"{RULE}        expr: up\n", "x.yaml:6:15: groups.0.rules.0.expr: is there twice"),
        (f"{RULE}        <<: {{for: 5m}}\n", "x.yaml:6:13: groups.0.rules.0.<<: merges keys"),
        (f"{RULE}        labels:\n", "x.yaml:6:16: groups.0.rules.0.labels: has no names with values"),
        (f"{RULE}        labels: {{on: off}}\n", 'labels.on: is not text (write it in quotes: "off")'),
        (f"{RULE}        labels: {{v: 1.10}}\n", 'labels.v: is not text (write it in quotes: "1.10")'),
        (f"{RULE}        labels: {{v: [1]}}\n", 'labels.v: is not text (write "…")'),
        (f"{RULE}        labels: {{a-b: c}}\n", "labels.a-b: 'a-b' is not the name of a label"),
        (RULE.replace("name: g", "name: memory"), "x.yaml:2:5: the group memory is one of boxwatch's (rename it"),
        (RULE.replace("name: g", "name: boxwatch"), "x.yaml:2:5: the group boxwatch is one of boxwatch's"),
        (
            RULE.replace("alert: A", "alert: ServiceDown"),
            "x.yaml:4:9: the alert ServiceDown is one of boxwatch's (rename it, or tune",
        ),
        (
            RULE.replace("alert: A", "record: a:b:sum"),
            "x.yaml:4:9: the series a:b:sum is one of boxwatch's (rename it)",
        ),
        (RULE.replace("alert: A", "record: boxwatch:x"), "x.yaml:4:9: the series boxwatch:x is one of boxwatch's"),
        (
            f"{RULE}      - alert: A\n        expr: up == 0\n",
            "x.yaml:6:9: the alert A is also in {x.yaml}:4, with the same labels",
        ),
        (f"{RULE}  - name: g\n    rules: [{{alert: B, expr: up}}]\n", "x.yaml:6:5: the group g is also in {x.yaml}:2"),
        ("tests: []\n", "x.yaml:1:1: rule_files: names no rule file (list the rule files it tests"),
        ("tests: []\n", "x.yaml:1:8: tests: has no test"),
        ("rule_files: [a.yaml]\ntests: [1]\n", "x.yaml:2:9: tests.0: is not a test"),
        ("rule_files: [a.yaml]\ntests:\n  - interval: 1m\n", "x.yaml:3:5: tests.0: has no name (say what holds"),
        (f"{TEST}    alert_rule_test: 5\n", "tests.0.alert_rule_test: is not a list (begin each entry with a dash)"),
        (f"group_eval_order: g\n{TEST}", "x.yaml:1:19: group_eval_order: is not a list"),
        (
            f"{TEST}    alert_rule_test: [{{alertname: A, eval_time: [5]}}]\n",
            "alert_rule_test.0.eval_time: is not a dur",
        ),
        (RULE.replace("expr: up", "expr: 1"), 'groups.0.rules.0.expr: is not text (write it in quotes: "1")'),
        (RULE.replace("name: g", "name: on"), 'x.yaml:2:11: groups.0.name: is not text (write it in quotes: "on")'),
        (TEST, "x.yaml:3:5: tests.0: asserts nothing (write an alert_rule_test or a promql_expr_test)"),
        (f"{TEST}    alert_rule_test: [{{eval_time: 5m}}]\n", "tests.0.alert_rule_test.0: has no alertname"),
        (f"{TEST}    alert_rule_test: [{{alertname: A}}]\n", "tests.0.alert_rule_test.0: has no eval_time"),
        (f"{TEST}    alert_rule_test: [5]\n", "tests.0.alert_rule_test.0: has no alertname (write `alertname: …`"),
        (
            f"{TEST}    promql_expr_test: [{{eval_time: 5m, expr: '(('}}]\n",
            "promql_expr_test.0.expr: the PromQL does not parse",
        ),
        (
            f"{TEST}    alert_rule_test: [{{alertname: A, eval_time: 5m, exp_alerts: [{{exp_labels: {{a: on}}}}]}}]\n",
            'tests.0.alert_rule_test.0.exp_alerts.exp_labels.a: is not text (write it in quotes: "on")',
        ),
        (
            f"{TEST}    promql_expr_test: [&a {{eval_time: 5m, expr: up}}]\n",
            "x.yaml:1:14: rule_files: a.yaml is no rule file of this",
        ),
        (
            f"{TEST}    promql_expr_test: [&a {{eval_time: 5m, expr: up}}]\n  - name: t\n    promql_expr_test: [*a]\n",
            "x.yaml:5:5: tests.1: has the name of the test in line 3",
        ),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    """With the path inside, what is wrong, and what to do."""
    with pytest.raises(BoxwatchError) as caught:
        extra_rules.read(_write(tmp_path, **{"x.yaml": content}), OURS)
    assert problem.replace("{x.yaml}", str(tmp_path / "x.yaml")) in str(caught.value)
    assert all(line.startswith(str(tmp_path / "x.yaml")) for line in str(caught.value).splitlines())


def test_every_problem_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    """In the order of files and lines."""
    _write(tmp_path, **{"a.yaml": "groups: 1\n", "b.yml": "tests: []\n", "c.rules": "x: 1\n"})
    with pytest.raises(BoxwatchError) as caught:
        extra_rules.read(tmp_path, OURS)
    assert [line.rpartition("/")[2][:6] for line in str(caught.value).splitlines()] == [
        "a.yaml",
        "b.yml:",
        "b.yml:",
        "c.rule",
    ]


def test_nothing_is_written_or_published_when_a_file_is_bad(here: Path) -> None:
    """Neither by build nor by publish; the message names the file as the user would."""
    _write(here / "extra-rules", **{"shop.yaml": RULES.replace("for: 10m", "for: ten")})
    for words in (("build", "--out", "out"), ("publish", "--rules-dir", "rules", "--yes"), ("check",), ("test",)):
        result = _run(*words)
        assert result.exit_code == 1
        assert "Error: extra-rules/shop.yaml:11:14: groups.1.rules.0.for: 'ten' is not a duration" in result.stderr
    assert not Path("out").exists()


def test_two_files_need_two_places_in_the_build(tmp_path: Path) -> None:
    """a/b.yaml and a-b.yaml would be one file."""
    _write(tmp_path, **{"a/b.yaml": RULE, "a-b.yaml": RULE.replace("name: g", "name: h").replace(": A", ": B")})
    with pytest.raises(
        BoxwatchError, match=r"a-b\.yaml:1:1: is built as prometheus/rules/extra-a-b\.yaml, and so is .*a/b\.yaml"
    ):
        extra_rules.read(tmp_path, OURS)


def test_a_test_may_load_rules_of_ours_and_all_of_its_own(tmp_path: Path) -> None:
    """By the path in the output directory, where promtool finds them as well, and by a pattern."""
    test = f"{TEST}    promql_expr_test: [{{eval_time: 5m, expr: up}}]\n".replace(
        "[a.yaml]", "['*.yaml', ../out/prometheus/rules/memory.yaml]\nfuzzy_compare: true\ngroup_eval_order: [g]"
    )
    own = extra_rules.read(_write(tmp_path, **{"a.yaml": RULE, "t.yml": test}), OURS)
    (made,) = proofs.read({**OURS, **own.files}).proofs
    assert made.rule_files == ("prometheus/rules/extra-a.yaml", "prometheus/rules/memory.yaml")
    assert proofs.document([made], "r.yaml")["fuzzy_compare"] is True
    assert made.order == ("g",)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Named, it must be there; an unreadable file is said."""
    assert "none: no such folder" in _run("build", "--rules", str(tmp_path / "none"), "--out", str(tmp_path)).stderr
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BoxwatchError, match=r"a\.yaml: cannot be read: No such file"):
        extra_rules.read(tmp_path, OURS)


def test_rules_that_read_each_other_in_a_circle_are_read_by_their_tests(tmp_path: Path) -> None:
    """A rule may read its own last result; what a test reads is found all the same."""
    rules = f"{GROUP}      - {{record: 'a:x', expr: 'b:x or up'}}\n      - {{record: 'b:x', expr: 'a:x or a:b:sum'}}\n"
    test = f"{TEST}    promql_expr_test: [{{eval_time: 5m, expr: 'a:x'}}]\n"
    own = extra_rules.read(_write(tmp_path, **{"a.yaml": rules, "t.yaml": test}), OURS)
    (made,) = proofs.read({**OURS, **own.files}).proofs
    assert made.reads == {"a:x", "b:x", "a:b:sum"}


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["5m", "up", "a", "A"])
_KEYS = st.sampled_from(
    [
        "groups",
        "tests",
        "name",
        "rules",
        "alert",
        "record",
        "expr",
        "labels",
        "rule_files",
        "alert_rule_test",
        "eval_time",
        "alertname",
        "promql_expr_test",
        "exp_alerts",
        "exp_labels",
        "interval",
        "input_series",
        "x",
    ]
)
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=20
)


@st.composite
def _almost(draw: st.DrawFn) -> dict[str, str]:
    """The two valid files, with something else in up to two places."""
    documents = [yaml.safe_load(RULES), yaml.safe_load(TESTS)]
    for _ in range(draw(st.integers(0, 2))):
        node = documents[draw(st.integers(0, 1))]
        while True:
            key = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
            inner = node[key]
            if not inner or not isinstance(inner, (dict, list)) or draw(st.integers(0, 3)) == 0:
                break
            node = inner
        node[key] = draw(_TREES)
    rules, tests = (yaml.safe_dump(document) for document in documents)
    return {"shop.yaml": rules, "tests/shop.yaml": tests}


@given(_almost() | st.dictionaries(st.just("x.yaml"), st.dictionaries(_KEYS, _TREES).map(yaml.safe_dump), min_size=1))
def test_whatever_a_file_holds_it_is_accepted_or_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    """Never a traceback, and what is accepted can be published and tested."""
    folder = _write(tmp_path_factory.mktemp("rules"), **files)
    try:
        own = extra_rules.read(folder, OURS)
    except BoxwatchError as error:
        refused = str(error)
    else:
        assert len(rule_set.merge({**OURS, **own.rules}).groups) > 1
        assert len(proofs.read({**OURS, **own.files}).proofs) == len(own.tests) * 2
        return
    assert all(line.startswith(str(folder)) for line in refused.splitlines())
