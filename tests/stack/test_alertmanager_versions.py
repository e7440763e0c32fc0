"""alertmanager.yml loads in every Alertmanager from the version that its header names, and in no older one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support import deployments, rotation
from support.notified import SAID, said

from boxwatch.rules import catalogue
from boxwatch.stack import alertmanager, receivers
from boxwatch.topology.model import Topology

Version = tuple[int, ...]
# Of the distribution, and of others where tools/promtools.sh could bring them.
_TOOLS = [
    *filter(None, [shutil.which("amtool")]),
    *map(str, sorted((Path(__file__).parents[2] / ".tools" / "promtools").glob("*/usr/bin/amtool"))),
]
_WAYS: dict[str, dict[str, Any]] = {
    "slack": {"slack": {"url_file": "/s"}},
    "pagerduty": {"pagerduty": {"routing_key_file": "/s"}},
    "discord": {"discord": {"url_file": "/s"}},
    "msteams": {"msteams": {"url_file": "/s"}},
    "telegram": {"telegram": {"chat_id": 1, "token_file": "/s"}},
    "webhook": {"webhook": {"url": "https://example.com", "bearer_token_file": "/s"}},
    "secret-webhook": {"webhook": {"url_file": "/s"}},
    "opsgenie": {"opsgenie": {"api_key_file": "/s", "region": "eu", "teams": ["Night watch"]}},
    "ntfy": {"ntfy": {"url": "https://ntfy.example.com/alerts", "token_file": "/s"}},
    "secret-ntfy": {"ntfy": {"url_file": "/s"}},
    "pushover": {"pushover": {"user_key_file": "/s", "token_file": "/s"}},
    "email": {"email": {"to": "a@example.com", "from": "b@example.com", "smarthost": "mail:587"}},
}


def _version(tool: str) -> Version:
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    assert found is not None
    return tuple(map(int, found.groups()))


def _refusal(tool: str, topology: Topology, folder: Path) -> str:
    """What amtool has against the configuration; empty if it loads."""
    for name, content in alertmanager.files(catalogue.build(topology)).items():
        if name.startswith("alertmanager/"):
            (folder / Path(name).name).write_bytes(content)
    command = [tool, "check-config", "alertmanager.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.repeats
@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("tool", _TOOLS, ids=lambda tool: ".".join(map(str, _version(tool))))
def test_a_receiver_loads_from_the_version_on_that_the_header_names(way: str, tool: str, tmp_path: Path) -> None:
    """An older Alertmanager refuses it, rather than ignore a key and send nothing."""
    topology = said(receivers={**SAID["receivers"], "night": _WAYS[way]})  # type: ignore[dict-item]
    refused = _refusal(tool, topology, tmp_path)
    assert (refused == "") == (_version(tool) >= receivers.needs(topology.notifications)), refused


@pytest.mark.repeats(traced=0)
@pytest.mark.parametrize("tool", _TOOLS, ids=lambda tool: ".".join(map(str, _version(tool))))
@pytest.mark.parametrize("whole", rotation.WHOLE)
def test_whatever_the_loader_accepts_loads(tool: str, tmp_path: Path, *, whole: bool) -> None:
    """In an Alertmanager of the version that the header names."""

    @settings(
        max_examples=100 if whole else 6,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.generate],
    )
    @given(text=deployments.notified())
    def loads(text: str) -> None:
        loaded = deployments.accepted(text)
        if loaded is not None and receivers.needs(loaded.topology.notifications) <= _version(tool):
            assert _refusal(tool, loaded.topology, tmp_path) == "", text

    loads()
