"""Grafana's typed models lose no key of our dashboards, if grafana-foundation-sdk is installed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from support import boards

from boxwatch.grafana.schema_v2 import resource

# Untyped, and not installed for users: `pip install grafana-foundation-sdk==0.0.21`.
plugins: Any = importlib.import_module("grafana_foundation_sdk.cog.plugins")


def through(model: str, dashboard: object) -> object:
    """A dashboard read and written by the named SDK model."""
    plugins.register_default_plugins()
    encoder: Any = importlib.import_module("grafana_foundation_sdk.cog.encoder").JSONEncoder

    class Encoder(encoder):  # type: ignore[misc]
        def default(self, value: object) -> object:
            # SDK 0.0.21 puts the type and version of a panel of schema v2 into sets of one.
            return next(iter(value)) if isinstance(value, set) else super().default(value)

    found: Any = importlib.import_module(f"grafana_foundation_sdk.models.{model}")
    return json.loads(json.dumps(found.Dashboard.from_json(json.loads(json.dumps(dashboard))), cls=Encoder))


def lost(before: object, after: object, path: str = "") -> Iterator[str]:
    """Keys and values of the first dashboard that the second lacks."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from lost(value, after[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


# It says so wherever the classic dashboard is used.
pytestmark = pytest.mark.filterwarnings("ignore:Prefer using dashboardv2:DeprecationWarning")


@pytest.mark.parametrize("name", boards.ours())
def test_nothing_is_lost(name: str) -> None:
    """No key of the classic dashboard or either version of schema v2 is lost, except queries of variables.

    The SDK reads those as panel queries, which have other keys; Grafana itself writes them this way.
    """
    board = boards.ours()[name]
    assert list(lost(board, through("dashboard", board))) == []
    for version in resource.VERSIONS:
        spec = resource.spec(board, version)
        gone = lost(spec, through(f"dashboard{version}", spec))
        assert [path for path in gone if not path.endswith(".query.spec.__legacyStringValue")] == []


def test_what_is_lost_is_named() -> None:
    """An unknown key is reported as lost."""
    board = {**boards.ours()["overview.json"], "nonsense": 1}
    assert list(lost(board, through("dashboard", board))) == [".nonsense"]
