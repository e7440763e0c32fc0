"""`boxwatch record`: metrics of the user's own applications become known to check; no value of theirs is stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from support import small
from support.rawserver import raw_server

from boxwatch.checks.rules import promtool
from boxwatch.cli import main
from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import applications
from boxwatch.publish import metrics_page
from boxwatch.stack import prometheus
from boxwatch.topology.load import parse

SECRET = "s3cr3t-that-none-may-see"  # noqa: S105 - shown nowhere, which is what is tested
TEXT = f"""\
# HELP shop_orders_total Orders.
# TYPE shop_orders_total counter
shop_orders_total{{kind="{SECRET}",__shard="1"}} 5 1395066363000
# TYPE shop_open gauge
shop_open 1
# TYPE shop_wait_seconds histogram
shop_wait_seconds_bucket{{le="+Inf"}} 3
shop_wait_seconds_sum 1.5
shop_wait_seconds_count 3
"""
OPENMETRICS = f"""\
# HELP shop_orders Orders.
# TYPE shop_orders counter
# UNIT shop_wait_seconds seconds
shop_orders_total{{kind="{SECRET}",__shard="1"}} 5.0 1395066363.123 # {{trace_id="{SECRET}"}} 1.0 1395066363.0
shop_orders_created{{kind="{SECRET}"}} 1395066363.0
# TYPE shop_open gauge
shop_open 1.0
# TYPE shop_wait_seconds histogram
shop_wait_seconds_bucket{{le="+Inf"}} 3 # {{trace_id="{SECRET}"}} 0.5
shop_wait_seconds_sum 1.5
shop_wait_seconds_count 3
# EOF
"""
NAMES = {
    # Prometheus stores labels that begin with two underscores like any other (measured on 2.42).
    "shop_orders_total": {"type": "counter", "labels": ["__shard", "kind"], "help": "Orders."},
    "shop_open": {"type": "gauge", "labels": [], "help": ""},
    "shop_wait_seconds_bucket": {"type": "histogram", "labels": ["le"], "help": ""},
    "shop_wait_seconds_sum": {"type": "histogram", "labels": [], "help": ""},
    "shop_wait_seconds_count": {"type": "histogram", "labels": [], "help": ""},
}
OUT = "extra-metrics/shop.json"


class Application:
    """A server on loopback: `pages` are its responses by path, `heads` the requests that it got."""

    def __init__(self) -> None:
        """Not listening yet."""
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.heads: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def page(self, content: str | bytes, status: int = 200, **headers: str) -> str:
        """Answer at /metrics; returns the URL."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.pages["/metrics"] = (status, named, content if isinstance(content, bytes) else content.encode())
        return f"{self.url}/metrics"


@contextmanager
def _serving() -> Iterator[Application]:
    application = Application()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            application.heads.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
            status, headers, content = application.pages.get(self.path.partition("?")[0], (404, {}, b"not here"))
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    application.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """An application on loopback; the working directory is empty, and no credentials are in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("BOXWATCH_METRICS_TOKEN", "BOXWATCH_METRICS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with _serving() as running:
        yield running


def _run(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert SECRET not in result.output
    return result


def _record(*words: str) -> Result:
    return _run("record", *words)


@pytest.mark.parametrize(
    ("page", "created"),
    [(TEXT, {}), (OPENMETRICS, {"shop_orders_created": {"type": "gauge", "labels": ["kind"], "help": "Orders."}})],
    ids=["text format", "OpenMetrics"],
)
def test_names_types_and_labels_are_recorded_and_no_value(
    application: Application, page: str, created: dict[str, object]
) -> None:
    """As Prometheus stores them, one metric per line; the time at which a counter began is a gauge."""
    result = _record(application.page(page), "--out", OUT)

    assert result.exit_code == 0, result.output
    assert "  + shop_orders_total{__shard, kind} counter\n" in result.stdout
    assert result.stdout.endswith(f"{OUT}: {5 + len(created)} names, {5 + len(created)} new\n")
    content = Path(OUT).read_text(encoding="utf-8")
    assert SECRET not in content
    assert "1395066363" not in content
    assert json.loads(content) == {
        "application": "shop",
        "job": "app",
        "target_labels": ["instance", "job", "server", "service"],
        "metrics": dict(sorted({**NAMES, **created}.items())),
    }
    assert content.count("\n") == 5 + len(NAMES) + len(created) + 2


def test_the_page_is_asked_for_as_prometheus_asks(application: Application) -> None:
    """With its Accept header, the parameters of the URL, and /metrics where the URL has no path."""
    application.page(TEXT)
    for words in ([f"{application.url}/metrics?format=x#top"], [application.url], [f"{application.url}/"]):
        assert _record(*words).exit_code == 0
    assert [path for path, _ in application.heads] == ["/metrics?format=x", "/metrics", "/metrics"]
    assert {head["accept"] for _, head in application.heads} == {metrics_page.ACCEPT}
    assert {head["accept-encoding"] for _, head in application.heads} == {"identity"}
    application.pages["/deep/"] = application.pages["/metrics"]
    assert _record(f"{application.url}/deep/").exit_code == 0


def test_a_saved_page_is_recorded_like_a_live_one(application: Application) -> None:
    """With or without a byte order mark."""
    Path("page.prom").write_text(f"\ufeff{TEXT}", encoding="utf-8")
    _record("page.prom", "-o", OUT)
    _record(application.page(TEXT), "-o", "extra-metrics/live.json")
    live = json.loads(Path("extra-metrics/live.json").read_bytes())
    assert json.loads(Path(OUT).read_bytes())["metrics"] == live["metrics"]


@pytest.mark.usefixtures("application")
def test_a_second_page_adds_to_the_first() -> None:
    """A counter of errors appears with its first error; --replace forgets what was there."""
    Path("a.prom").write_text('# TYPE a counter\na{x="1"} 1\n', encoding="utf-8")
    Path("b.prom").write_text('# TYPE a gauge\na{y="1"} 1\nb 1\n', encoding="utf-8")
    _record("a.prom", "-o", OUT)
    assert f"  + b{{}} untyped\n{OUT}: 2 names, 1 new\n" == _record("b.prom", "-o", OUT).stdout
    made = json.loads(Path(OUT).read_bytes())["metrics"]
    assert made["a"] == {"type": "gauge", "labels": ["x", "y"], "help": ""}
    _record("a.prom", "-o", OUT, "--replace")
    assert list(json.loads(Path(OUT).read_bytes())["metrics"]) == ["a"]


@pytest.mark.usefixtures("application")
def test_without_a_file_the_names_are_listed() -> None:
    """Nothing is written; --json is for programs."""
    Path("a.prom").write_text("a 1\n", encoding="utf-8")
    assert (
        _record("a.prom").stdout == "  + a{} untyped\n1 name, 1 new; pass --out extra-metrics/NAME.json to keep them\n"
    )
    assert {path.name for path in Path().iterdir()} == {"a.prom"}
    document = json.loads(_record("a.prom", "--json", "--job", "shop", "--label", "env").stdout)
    assert (document["file"], document["new"], document["job"]) == (None, ["a"], "shop")
    assert document["target_labels"] == ["env", "instance", "job"]
    assert json.loads(_record("a.prom", "--json", "-o", OUT).stdout)["file"] == OUT


@pytest.mark.parametrize(
    "words", [["--metrics-token-file", "token"], ["--metrics-user", "me", "--metrics-password-file", "token"]]
)
def test_credentials_are_sent_and_never_shown(application: Application, words: list[str]) -> None:
    """A token or a password from a file; a page that refuses it says what to do."""
    Path("token").write_text(SECRET, encoding="utf-8")
    assert _record(application.page(TEXT), *words).exit_code == 0
    assert application.heads[-1][1]["authorization"].split()[0] in ("Bearer", "Basic")
    result = _record(application.page(f"wrong: {SECRET}", 401), *words)
    assert result.exit_code == 1
    assert (
        "/metrics answered 401: authentication is required: pass --metrics-user or --metrics-token-file"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("content", "status", "headers", "message"),
    [
        (f"<html>{SECRET}", 200, {}, "is HTML, not a metrics page: it may be a login or another page"),
        (f'\n {{"a": "{SECRET}"}}', 200, {}, "is JSON, not a metrics page: pass the path with Prometheus' text format"),
        ("[1]", 200, {}, "is JSON, not a metrics page"),
        ("{}", 200, {}, "is JSON, not a metrics page"),
        ("", 200, {}, "is empty: the application exposes no metrics there"),
        (f"API_KEY={SECRET}\n", 200, {}, ":1: is not a sample (save the response again, unchanged)"),
        (f'a 1\nb{{k="{SECRET}" 1\n', 200, {}, ":2: is not a sample"),
        (f"# TYPE a {SECRET}\n", 200, {}, ":1: a has an unknown type (a type is one of counter, gauge, "),
        ("# nothing\n", 200, {}, "has no sample"),
        (b"\x1f\x8b", 200, {}, "is compressed: save it uncompressed"),
        ("a 1", 200, {"Content_Encoding": "zstd"}, "the response is compressed (zstd) although that was not asked for"),
        (SECRET, 403, {}, "answered 403: access is denied"),
        (SECRET, 404, {}, "answered 404: there is no such page"),
        (SECRET, 405, {}, "answered 405: the page cannot be read with GET"),
        (SECRET, 500, {}, "answered 500: Prometheus could not scrape it either"),
        (
            "",
            302,
            {"Location": f"https://login.example.com/in?token={SECRET}"},
            "redirects to /in on login.example.com",
        ),
        ("", 307, {"Location": "/other"}, "redirects to /other: pass the URL of the metrics page itself"),
    ],
)
def test_what_is_not_a_metrics_page_is_refused_with_the_reason(
    application: Application, content: str | bytes, status: int, headers: dict[str, str], message: str
) -> None:
    """In one line without the content, which may be secret; nothing is written."""
    result = _record(application.page(content, status, **headers), "-o", OUT)
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("extra-metrics").exists()


def test_a_page_has_limits(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of size and of names."""
    monkeypatch.setattr(metrics_page, "LARGEST", 100)
    assert (
        "is larger than 0 MiB: no page to scrape, or far too many series"
        in _record(application.page("a 1\n" * 50)).stderr
    )
    Path("page.prom").write_text("a 1\n" * 50, encoding="utf-8")
    assert "page.prom: is larger than" in _record("page.prom").stderr
    monkeypatch.setattr(applications, "MOST_NAMES", 2)
    assert (
        "has 3 names, more than 2: move what varies into labels" in _record(application.page("a 1\nb 1\nc 1\n")).stderr
    )


def test_a_server_that_is_slow_or_gone_is_left_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response of a byte now and then has the same time as any other."""
    monkeypatch.chdir(tmp_path)

    def drip(connection: Any) -> None:  # noqa: ANN401 - a socket
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"#")
            threading.Event().wait(0.1)

    with raw_server(drip) as server:
        assert "no complete response within 1 s" in _record(server.url, "--timeout", "1").stderr
    result = _record(server.url)
    assert (result.exit_code, "Connection refused" in result.stderr) == (1, True)
    with raw_server(b"nonsense\r\n\r\n") as server:
        assert "is not HTTP" in _record(server.url).stderr


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nowhere.prom"], 1, "nowhere.prom: cannot be read: No such file or directory"),
        (["."], 1, ".: cannot be read: Is a directory"),
        (["latin"], 1, "latin: is not UTF-8 text"),
        (["http://[::1/metrics"], 1, "the server's URL is invalid"),
        ([f"http://me:{SECRET}@localhost/metrics"], 1, "the URL contains a user name or password"),
        (["a.prom", "--out", "shop.yaml"], 2, "shop.yaml does not end in .json: write extra-metrics/NAME.json"),
        (["a.prom", "--label", "a-b"], 1, "'a-b' is not the name of a label"),
        (["a.prom", "--out", "bad.json"], 1, "bad.json:1:1: is not JSON: Expecting value; record it again with"),
        (["a.prom", "--out", "list.json"], 1, "list.json: is not a recorded metrics page (TypeError); record it again"),
        (["a.prom", "--out", "folder.json"], 1, "folder.json: cannot be read: Is a directory"),
        (["a.prom", "--out", "latin/x.json"], 1, "latin/x.json: cannot be written: "),
    ],
)
def test_what_cannot_be_read_or_written_is_said(words: list[str], code: int, message: str) -> None:
    """With the file and what to do, also for a file that is no recording."""
    Path("a.prom").write_text("a 1\n", encoding="utf-8")
    Path("latin").write_bytes(b'a{x="\xe9"} 1\n')
    Path("bad.json").write_text("x", encoding="utf-8")
    Path("folder.json").mkdir()
    Path("list.json").write_text('{"job": "a", "target_labels": "abc", "metrics": {}}', encoding="utf-8")
    result = _record(*words)
    assert result.exit_code == code
    assert message in result.stderr


RULES = """\
groups:
  - name: shop
    rules:
      - record: shop:orders:rate5m
        expr: sum by (server, service, kind) (rate(shop_orders_total{job="app"}[5m]))
"""


@pytest.fixture
def recorded(application: Application, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A topology with a rule on a recorded application next to it; no promtool."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    Path("topology.yaml").write_text(small.TEXT, encoding="utf-8")
    Path("extra-rules").mkdir()
    Path("extra-rules/shop.yaml").write_text(RULES, encoding="utf-8")
    assert _record(application.page(TEXT), "-o", OUT).exit_code == 0
    return Path("extra-rules/shop.yaml")


@pytest.mark.usefixtures("recorded")
def test_check_knows_what_is_recorded() -> None:
    """Found next to the topology, or in --metrics; without it, the metric is unknown."""
    result = _run("check")
    assert result.exit_code == 0, result.stdout
    assert "Your own metrics: extra-metrics\n" in result.stderr
    assert _run("check", "extra-rules/shop.yaml").exit_code == 0
    Path("extra-metrics").rename("elsewhere")
    assert _run("check", "--metrics", "elsewhere").exit_code == 0
    result = _run("check")
    assert result.exit_code == 1
    assert "no exporter exposes and no rule records shop_orders_total" in result.stdout
    assert "record the page that exposes it: boxwatch record URL" in result.stdout


@pytest.mark.usefixtures("recorded")
def test_a_dashboard_may_read_what_is_recorded() -> None:
    """One of the user's own, checked with ours or alone; a misspelt name is found in its panel."""
    query = 'sum by (service) (rate(shop_orders_total{job=\\"app\\"}[$__rate_interval]))'
    panel = f'{{"type": "timeseries", "title": "Orders", "targets": [{{"expr": "{query}"}}]}}'
    board = f'{{"title": "Shop", "panels": [{panel}]}}'
    Path("extra-dashboards").mkdir()
    path = Path("extra-dashboards/shop.json")
    for written, known in ((board, True), (board.replace("orders_total", "order_total"), False)):
        path.write_text(written, encoding="utf-8")
        for words in (["check"], ["check", "--notes", str(path)]):
            said = _run(*words).stdout
            assert ("rule records shop_orders_total" in said) is False
            assert ("did you mean shop_orders_total?" in said) is not known


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('rate(shop_order_total{job="app"}[5m])', "did you mean shop_orders_total?"),
        ('sum by (color) (rate(shop_orders_total{job="app"}[5m]))', "its operand has no label color"),
        ('rate(shop_orders_total{job="app",knd="a"}[5m])', "shop_orders_total has no label knd"),
        ('rate(shop_orders_total{job="web"}[5m])', 'was recorded for job="app", but the query names job="web"'),
        ('shop_orders_total{job="app"}', "shop_orders_total is a counter, read as a raw value"),
    ],
)
def test_a_problem_in_a_rule_on_a_recorded_metric_is_found(recorded: Path, query: str, message: str) -> None:
    """Misspelt names and labels, another job, a raw counter: as for our own metrics."""
    rules = yaml.safe_load(RULES)
    rules["groups"][0]["rules"][0]["expr"] = query
    recorded.write_text(yaml.safe_dump(rules), encoding="utf-8")
    assert message in _run("check").stdout


def test_a_name_that_an_exporter_has_too_is_known_from_both(recorded: Path) -> None:
    """`process_…` is exposed by many: with the application's job it is the application's, with its labels."""
    Path("page.prom").write_text('process_open_fds{shard="1"} 1\npg_up 1\n', encoding="utf-8")
    _record("page.prom", "-o", OUT, "--job", "shop", "--label", "env")
    rules = yaml.safe_load(RULES)
    queries = {
        'sum by (shard, env) (process_open_fds{job="shop"})': "",
        "sum by (shard) (process_open_fds)": "",
        'process_open_fds{job="prometheus"}': "",
        'process_open_fds{job="shpo"}': 'this deployment has no job="shpo"',
    }
    for query, message in queries.items():
        rules["groups"][0]["rules"][0]["expr"] = query
        recorded.write_text(yaml.safe_dump(rules), encoding="utf-8")
        said = [line for line in _run("check").stdout.splitlines() if "shop.yaml" in line]
        assert (message in "\n".join(said)) if message else said == []


def test_the_labels_are_those_that_our_scrape_configuration_adds() -> None:
    """A service with the key `metrics` is scraped as job app with these target labels; an own `server` is renamed."""
    topology = parse(small.TEXT.replace("kind: web,", "kind: web, metrics: 'web:9000',"), "x").topology
    (made,) = prometheus.files(topology).values()
    jobs = {job["job_name"]: job for job in yaml.safe_load(made)["scrape_configs"]}
    labels = set(jobs["app"]["static_configs"][0]["labels"])
    assert labels | {"job", "instance"} == applications.target_labels(planned=True)


def test_a_label_of_the_application_that_scraping_adds_too_is_renamed(tmp_path: Path) -> None:
    """As Prometheus does; a configuration of the user's own adds job and instance only."""
    entry = applications.Entry("gauge", "", frozenset({"server", "job"}))
    for planned, stored in ((True, "exported_server"), (False, "server")):
        labels = applications.target_labels(planned=planned)
        made = applications.Recording("a", "app", labels, {"a": entry})
        (tmp_path / "a.json").write_bytes(made.dump())
        (metric,) = applications.read(tmp_path)["a"]
        assert metric.stored_labels == labels | {"exported_job", stored}
        assert metric.lacks("job") == metric.lacks("exported_job") == ()
        assert metric.lacks("other") == metric.versions
    with pytest.raises(BoxwatchError, match="expected a folder with recorded metrics pages"):
        applications.read(tmp_path / "none")


_WORDS = st.text(st.sampled_from('abc{}="\\\n #,1.'), max_size=60)


@given(st.binary(max_size=200) | _WORDS.map(str.encode))
def test_no_content_makes_a_traceback(content: bytes) -> None:
    """Any bytes are a page, or are refused."""
    try:
        found = applications.page(metrics_page.recognised("page", content), "page")
    except BoxwatchError as error:
        refused = str(error)
        assert refused.startswith("page:")
    else:
        assert found


_NAMES = st.text(st.sampled_from("abc_:"), min_size=1, max_size=5)
_ENTRIES = st.builds(
    applications.Entry, st.sampled_from(["gauge", "counter"]), st.text(max_size=9), st.frozensets(_NAMES)
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), _ENTRIES), st.frozensets(_NAMES))
def test_a_recording_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, metrics: dict[str, applications.Entry], labels: frozenset[str]
) -> None:
    """Whatever the names and help texts are."""
    path = tmp_path_factory.mktemp("metrics") / "shop.json"
    made = applications.Recording("shop", "app", labels, metrics)
    path.write_bytes(made.dump())
    assert applications.load(path) == made
    assert applications.load(path).dump() == made.dump()
