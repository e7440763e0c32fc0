"""The code in docs/dashboards.md works."""

from __future__ import annotations

import re

import pytest
from support import boards, grafana_schema
from support.topologies import complete

from boxwatch.checks.dashboards import catalogue as checks
from boxwatch.dashboards.panels import colours

PAGE = (boards.ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")


@pytest.mark.third_party
def test_the_module_that_the_page_shows_builds_a_dashboard_without_findings() -> None:
    """A copy of the example is a correct start."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    module: dict[str, object] = {"__name__": "redis"}
    exec(compile(code, "redis.py", "exec"), module)  # noqa: S102 - our own page
    build = module["build"]
    assert callable(build)
    board = build(complete())
    assert board["uid"] == "boxwatch-redis"
    assert list(checks.check("redis.json", board)) == []
    assert list(grafana_schema.errors(board)) == []
    assert build(boards.without(complete(), "redis")) is None


def test_the_page_names_every_colour() -> None:
    """A colour without a meaning is decoration."""
    named = {name for name in vars(colours) if name.isupper() and str(getattr(colours, name)).startswith("#")}
    assert all(f"`{name}`" in PAGE for name in named)
