"""Container names become readable."""

from __future__ import annotations

import re

import pytest

from boxwatch.dashboards.panels import field_config


def shown(name: str) -> str:
    """The effect of Grafana's renameByRegex on a series' name; JavaScript writes the replacement as `$1`."""
    for _, options in field_config.SHORT_NAMES:
        pattern, replacement = str(options["regex"]), str(options["renamePattern"]).replace("$", "\\")
        name = re.sub(pattern, replacement, name)
    return name


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ("/web-1/h8k2j4l6n8p0q2r4s6t8u0v2-101010123456", "web-1 …123456"),
        ("prometheus/monitoring/prometheus-h8k2j4l6n8p0q2r4s6t8u0v2", "prometheus …t8u0v2"),
        ("//coolify-proxy", "coolify-proxy"),
        ("app//coolify", "app coolify"),
        ("/web/web-1", "web web-1"),
        ("/minio/minio", "minio"),
        ("redis//redis", "redis"),
        ("minio/minio/minio", "minio"),
        ("/minio/minio-2", "minio minio-2"),
        ("budget", "budget"),
        ("limit grafana", "limit grafana"),
    ],
)
def test_names_of_containers(series: str, name: str) -> None:
    """Component or resource comes first, then the end of a generated name, which tells replicas apart."""
    assert shown(series) == name
