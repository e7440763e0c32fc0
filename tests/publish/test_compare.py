"""A configuration as written is recognised in what a server shows."""

from __future__ import annotations

import pytest

from boxwatch.publish import compare


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"interval": "60s"}, {"interval": "1m"}),
        ({"interval": "1m"}, {"interval": "1m0s"}),
        ({"rule_files": ["rules/*.yaml"]}, {"rule_files": ["/etc/prometheus/rules/*.yaml"]}),
        ({"password": "x"}, {"password": "<secret>"}),
        ({"jobs": [{"job_name": "b"}, {"job_name": "a"}]}, {"jobs": [{"job_name": "a", "x": 1}, {"job_name": "b"}]}),
        ({"port": 80}, {"port": "80"}),
        ({"empty": ""}, {}),
        ({"on": True}, {"on": True}),
    ],
    ids=["more", "seconds", "zero seconds", "path", "secret", "order of names", "number", "empty", "boolean"],
)
def test_what_a_server_adds_or_spells_differently_is_no_difference(written: object, shown: object) -> None:
    """Defaults, resolved paths, other durations, hidden secrets."""
    assert list(compare.missing(written, shown)) == []


@pytest.mark.parametrize(
    ("written", "shown", "path"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b"),
        ({"a": {"b": 1}}, {}, "a.b"),
        ({"a": {"b": 1}}, "text", "a.b"),
        ({"interval": "1m"}, {"interval": "2m"}, "interval"),
        ({"jobs": [{"name": "a", "x": 1}]}, {"jobs": [{"name": "a", "x": 2}]}, "jobs.a.x"),
        ({"jobs": [{"name": "a"}]}, {"jobs": [{"name": "b"}]}, "jobs.a.name"),
        ({"jobs": [{"name": "a"}]}, {}, "jobs.a.name"),
        ({"list": [1, 2]}, {"list": [1]}, "list"),
        ({"list": [1]}, {"list": [2]}, "list"),
        ({"list": [1]}, {"list": 1}, "list"),
        ({"on": True}, {"on": "true"}, "on"),
        ({"file": "/a/b"}, {"file": "/x/a/b"}, "file"),
        ("a", "b", "value"),
    ],
)
def test_a_difference_is_named_by_its_path(written: object, shown: object, path: str) -> None:
    """List items by name."""
    assert list(compare.missing(written, shown)) == [path]


def test_a_configuration_that_cannot_be_read_is_empty() -> None:
    """Neither YAML errors nor a list are a configuration."""
    assert (compare.parsed("{"), compare.parsed("[]"), compare.parsed("a: 1")) == ({}, {}, {"a": 1})


def test_durations_are_read() -> None:
    """As Prometheus writes them."""
    assert [compare.milliseconds(text) for text in ("1h30m", "0", 0, "5", None)] == [5_400_000, 0, 0, None, None]
