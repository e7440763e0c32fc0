"""Whatever the loader accepts builds clean: deployments that are drawn, not thought of.

`make generated EXAMPLES=10000` draws as many as one likes, outside of a test run.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support import deployments, proofs, rotation

from boxwatch.assemble import assemble
from boxwatch.checks import catalogue
from boxwatch.topology.model import Topology

Program = Callable[[str], str]


def _large(number: int) -> settings:
    """So many examples. What a failing one shrinks to would cost minutes more: it is printed as it is."""
    return settings(
        rotation.examples(number),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


def _findings(topology: Topology) -> list[str]:
    return [str(finding) for finding in catalogue.run(assemble(topology), topology.scrape_interval).findings]


@_large(10)
@given(text=deployments.deployments())
def test_nothing_is_found_in_what_is_accepted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By our own checks, on rules, dashboards and configuration; what the loader refuses has no say."""
    monkeypatch.setenv("PATH", "")
    loaded = deployments.accepted(text)

    assert loaded is None or _findings(loaded.topology) == []


@_large(20)
@given(text=deployments.deployments())
def test_what_is_drawn_is_meant_to_be_accepted(text: str) -> None:
    """Or the property above would hold of nothing."""
    assert deployments.accepted(text) is not None


@pytest.mark.repeats(traced=0)
@pytest.mark.parametrize("whole", rotation.WHOLE)
def test_the_tools_find_nothing_either(program: Program, tmp_path: Path, *, whole: bool) -> None:
    """As checks of ours, promtool runs each proof and amtool reads the routes; blackbox reads its modules."""
    tools = [program(name) for name in ("promtool", "amtool", "prometheus-blackbox-exporter")]

    # The first is the smallest that there is.
    @settings(_large(1), max_examples=10 if whole else 2)
    @given(text=deployments.deployments())
    def clean(text: str) -> None:
        loaded = deployments.accepted(text)
        assert loaded is not None
        made = assemble(loaded.topology)
        files = made if whole else proofs.sampled(made, 6, f"accepted {text}")
        found = catalogue.run(files, loaded.topology.scrape_interval).findings
        assert [str(finding) for finding in found] == [], text
        shutil.rmtree(tmp_path / "blackbox", ignore_errors=True)
        for name, content in made.items():
            if name.startswith("blackbox/"):
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            [tools[-1], "--config.file=blackbox/blackbox.yml", "--config.check"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    clean()
