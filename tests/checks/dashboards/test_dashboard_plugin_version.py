"""dashboard_plugin_version finds panels that Grafana would convert again."""

from __future__ import annotations

import pytest
from support import boards

from boxwatch.checks.dashboards import dashboard_plugin_version


@pytest.mark.parametrize("version", ["", None])
def test_no_version(version: object) -> None:
    """Empty is as bad as missing."""
    board = boards.a_dashboard(boards.a_panel(pluginVersion=version))
    assert boards.found(dashboard_plugin_version.check, board) == [
        ('panel "A panel"', "the panel has no pluginVersion")
    ]
