"""Expositions are parsed into the series Prometheus would store; invalid ones are rejected with line numbers."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import exposition
from boxwatch.exporters.catalogue.exposition import Sampled

HISTOGRAM = """\
# HELP request_seconds How long a request took.
# TYPE request_seconds histogram
request_seconds_bucket{code="200",le="0.1"} 3
request_seconds_bucket{code="200",le="+Inf"} 4
request_seconds_sum{code="200"} 0.5
request_seconds_count{code="200"} 4
"""


def one(text: str) -> Sampled:
    """The only name in an exposition."""
    (sampled,) = exposition.parse(text, "page.prom")
    return sampled


def refusal(text: str) -> str:
    """The error for an invalid exposition."""
    with pytest.raises(BoxwatchError) as caught:
        exposition.parse(text, "page.prom")
    return str(caught.value)


def test_histogram() -> None:
    """A histogram is stored under three names, and only the buckets have `le`."""
    assert exposition.parse(HISTOGRAM, "page.prom") == tuple(
        Sampled(f"request_seconds_{part}", "histogram", "How long a request took.", frozenset(labels))
        for part, labels in (("bucket", {"code", "le"}), ("count", {"code"}), ("sum", {"code"}))
    )


def test_summary() -> None:
    """A summary keeps its quantiles under the name of the family."""
    found = exposition.parse('# TYPE gc summary\ngc{quantile="0.5"} 1\ngc_sum 2\ngc_count 3\n', "page.prom")
    assert {s.name: s.labels for s in found} == {"gc": {"quantile"}, "gc_sum": frozenset(), "gc_count": frozenset()}
    assert {s.type for s in found} == {"summary"}


@pytest.mark.parametrize("name", ["pg_stat_database_xact_commit", "node_network_receive_bytes_total"])
def test_counter(name: str) -> None:
    """A counter keeps its exposed name: Prometheus never stores `pg_stat_database_xact_commit_total`."""
    assert one(f"# TYPE {name} counter\n{name} 1\n") == Sampled(name, "counter", "", frozenset())


def test_lookalike() -> None:
    """`threads_count` next to a gauge `threads` does not belong to it."""
    page = "# TYPE threads gauge\nthreads 1\n# TYPE threads_count gauge\nthreads_count 2\nthreads_sum 2\n"
    found = exposition.parse(page, "page.prom")
    assert {s.name: s.type for s in found} == {"threads": "gauge", "threads_count": "gauge", "threads_sum": "untyped"}


def test_labels() -> None:
    """Labels of all samples are collected, including empty ones; duplicates and timestamps are accepted."""
    assert one('x{a="1"} 1\nx{b=""} 2 1395066363000\nx{a="1"} 1\n').labels == {"a", "b"}


def test_values() -> None:
    """A label value may contain anything, even characters that Python takes for line ends."""
    page = 'x{path="C:\\\\dir,{}=#",text="say \\"hi\\"\\n",wide="\u2028\x0b"} +Inf\n'
    assert one(page).labels == {"path", "text", "wide"}


def test_comments() -> None:
    """TYPE and HELP may follow the samples; other comments are ignored."""
    page = "x 1\n# HELP x in \\\\ two\\nlines\n# TYPE x gauge\n# HELP empty\n# EOF\n#no comment at all\n\r\n"
    assert one(page) == Sampled("x", "gauge", "in \\ two lines", frozenset())


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("", "page.prom: has no sample (save the response of the exporter's metrics path)"),
        ("# TYPE x gauge\n", "page.prom: has no sample"),
        ("x 1\n<html>\n", "page.prom:2: is not a sample: '<html>' (save the response again, unchanged)"),
        ("x one\n", "page.prom:1: is not a sample: 'x one'"),
        ("x{a=1} 1\n", "page.prom:1: is not a sample"),
        ('x{a="1"\n', "page.prom:1: is not a sample"),
        ("# TYPE x\n", "page.prom:1: a TYPE line requires a name and a type (if the file is truncated, save it again)"),
        ("# TYPE x number\n", "page.prom:1: x has an unknown type: 'number' (a type is one of counter, gauge, "),
    ],
)
def test_bad_page(page: str, message: str) -> None:
    """An invalid exposition is rejected with file, line and hint."""
    assert refusal(page).startswith(message)


def test_many_bad_lines() -> None:
    """Every invalid line is reported, up to a limit, and shortened."""
    lines = refusal("\n".join(["x 1", *["bad " * 50] * 30])).splitlines()
    assert [line.split(":")[1] for line in lines] == [str(2 + n) for n in range(exposition.MOST_PROBLEMS)]
    assert all(len(line) < 140 for line in lines)


def test_bad_file(tmp_path: Path) -> None:
    """A missing or binary file is rejected with the reason."""
    with pytest.raises(BoxwatchError, match=r"none\.prom: cannot be read \(No such file or directory\)"):
        exposition.read(tmp_path / "none.prom")
    (tmp_path / "gzip.prom").write_bytes(b"\x1f\x8b\x08\x00\xff\xfe")
    with pytest.raises(BoxwatchError, match=r"gzip\.prom: is not UTF-8 text \(save it again, uncompressed"):
        exposition.read(tmp_path / "gzip.prom")


# Pieces that pages are made of, so that broken lines are broken in interesting places.
PIECES = st.lists(
    st.sampled_from(
        ["x", "1", "NaN", "TYPE", "HELP", "gauge", '"', "{", "}", ",", "=", "\\", "#", " ", "\t", "\n", "é"]
    ),
    max_size=40,
).map("".join)


@given(st.one_of(st.text(), PIECES))
@example("{")
@example('{"')
@example('x{a="\\"} 1')
def test_any_text(text: str) -> None:
    """No text crashes the parser: it is parsed or rejected."""
    with contextlib.suppress(BoxwatchError):
        assert exposition.parse(text, "page.prom")


# A label that starts with two underscores is Prometheus' own.
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)


def quoted(value: str) -> str:
    """A label value, escaped as in an exposition."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'"{escaped}"'


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.text(), max_size=4), min_size=1, max_size=5))
def test_round_trip(written: dict[str, dict[str, str]]) -> None:
    """Parsing a generated exposition returns its names, types and labels."""
    page = "".join(
        f"{name}{{{','.join(f'{label}={quoted(value)}' for label, value in labels.items())}}} 1\n"
        for name, labels in written.items()
    )
    found = exposition.parse(page, "page.prom")
    assert {s.name: s.labels for s in found} == {name: frozenset(labels) for name, labels in written.items()}


def test_a_label_that_begins_with_two_underscores_is_a_label() -> None:
    """Prometheus stores it, whatever stands in the values beside it; a second name is none."""
    assert one('x{__a="1", __b="{__c=",boxwatch="2"} 1\n').labels == {"__a", "__b", "boxwatch"}
    assert "is not a sample" in refusal('x{__name__="y"} 1\n')
