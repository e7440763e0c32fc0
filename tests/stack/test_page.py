"""stack/README.md: every step for this deployment, with a check, and nothing for what it does not have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from support import stacks
from support.artefacts import complete_artefacts, default_artefacts
from support.topologies import a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.stack import compose, coolify, enabling, page
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology


def _page(topology: Topology) -> str:
    return assemble(topology)[page.PATH].decode()


def _default() -> str:
    return default_artefacts()[page.PATH].decode()


def _with(**changes: object) -> Topology:
    monitoring = a_service("monitoring", kind="monitoring", memory="2g")
    services = changes.pop("services", ())
    assert isinstance(services, tuple)
    return a_topology(services=(*services, monitoring), **changes)


def test_every_system_that_must_be_enabled_has_its_block_and_check() -> None:
    """Of a deployment with a service of every kind."""
    text = complete_artefacts()[page.PATH].decode()
    blocks = {block.partition("\n")[0]: block for block in text.split("\n### ")[1:]}

    for kind in kinds.KINDS:
        if kind.scraped:
            block = next(block for title, block in blocks.items() if title.startswith(f"{kind.title}: "))
            assert '```sh\ndocker exec "$P" ' in block, kind.name
    assert "Docker network" in blocks
    assert "node_exporter" in blocks


def test_every_scraped_kind_has_instructions() -> None:
    """A new kind is enabled somehow, and the page says how."""
    assert set(enabling.KINDS) == {kind.name for kind in kinds.KINDS if kind.scraped}


def test_every_required_variable_is_explained() -> None:
    """Of both forms of the compose file, those that Coolify makes aside."""
    made = default_artefacts()
    required = stacks.variables(made[compose.PATH].decode())
    explained = set(re.findall(r"^\| `(BOXWATCH_\w+)` \| required \|", made[page.PATH].decode(), re.MULTILINE))

    assert explained == required


def test_it_shows_the_sum_of_the_memory() -> None:
    """And each part's limit."""
    assert "takes 2 GB of the 2 GB planned for `monitoring`" in " ".join(_default().split())
    assert "| prometheus | `prom/prometheus:v3.15.0` | 896 MB |" in _default()


def test_a_topology_without_components_is_completed() -> None:
    """With lines that load, and after which the page has no more to say about it."""
    text = _page(_with())
    block = text.partition("    containers:\n")[2].partition("```")[0]
    components = [dict(pair.split(": ") for pair in line.strip(" -{}").split(", ")) for line in block.splitlines()]
    completed = a_topology(services=(a_service("monitoring", kind="monitoring", memory="2g", containers=components),))

    assert "## First: complete the topology" in text
    assert len(components) == 6
    assert "complete the topology" not in _page(completed)
    assert _limits(completed) == _limits(_with())


def _limits(topology: Topology) -> dict[str, int]:
    plan = compose.planned(topology)
    assert plan is not None
    return dict(plan[2].limits)


def test_secrets_say_where_they_go() -> None:
    """Beside the compose file, one directory per program."""
    said = {
        "receivers": {"night": {"telegram": {"chat_id": -1, "token_file": "/run/secrets/telegram"}}},
        "critical": "night",
        "warning": "night",
    }
    text = _page(_with(notifications=said))

    assert "| `./secrets/alertmanager` | `/run/secrets` |" in text
    assert "install -D -m 0444 /dev/stdin ./secrets/alertmanager/NAME" in text
    assert "None: the topology names no file with a secret." in _default()


def test_minio_with_a_token_is_checked_by_its_target() -> None:
    """Wget would have to know the token."""
    secret = {"metrics_token_file": "/run/secrets/minio"}
    text = " ".join(_page(_with(services=(a_service("minio", kind="minio", **secret),))).split())

    assert "into the file `/run/secrets/minio` (section 2)" in text
    assert 'up{service="minio"}' in text
    assert "MINIO_PROMETHEUS_AUTH_TYPE=public" in _page(_with(services=(a_service("minio", kind="minio"),)))


def test_an_exporter_that_runs_elsewhere_needs_no_image() -> None:
    """Only its API and token are enabled."""
    far = a_service("coolify", kind="coolify", metrics="10.0.0.5:18000")

    assert "docker build" not in _page(_with(services=(far,)))
    assert "docker build -f exporters/coolify/Dockerfile -t boxwatch-coolify-exporter:" in _default()


def test_a_service_that_is_not_scraped_here_has_no_block() -> None:
    """Nothing has to be enabled for it."""
    unscraped = a_service("cache", kind="redis", metrics="none")

    assert "### Redis" not in _page(_with(services=(unscraped,)))


def test_grafana_is_found_at_its_url() -> None:
    """Without one, the page says how to publish it."""
    text = _page(_with(urls={"grafana": "https://grafana.example.com"}))

    assert "Log in to Grafana at <https://grafana.example.com>" in text
    assert "Set `urls.grafana`" not in text
    assert "Set `urls.grafana`" in _default()


def test_a_stack_that_cannot_be_pasted_says_so() -> None:
    """The other two ways remain."""
    monitoring = _with()
    (text,) = page.files(monitoring, {}).values()

    assert b"Not possible for this deployment" in text
    assert coolify.PATH.encode() not in text


def test_without_a_planned_stack_there_is_no_page() -> None:
    """There is nothing to start."""
    assert page.files(a_topology(), {}) == {}


def test_parts_that_run_elsewhere_leave_the_page_whole() -> None:
    """Prometheus and Grafana of one's own: nothing to log in to, and no target to list here."""
    text = _page(_with(stack={"prometheus": "10.0.0.9:9090", "grafana": "10.0.0.9:3000"}))

    assert "Log in to Grafana" not in text
    assert "up == 0" not in text
    assert "SIGHUP alertmanager blackbox-exporter" in text


@stacks.drawn(5)
@given(text=stacks.planned())
def test_a_page_is_sound_markdown(text: str) -> None:
    """Fences are closed, tables have as many cells as their head, and no line is broken by a placeholder."""
    plan = compose.planned(stacks.of(text))
    assert plan is not None
    (content,) = page.files(stacks.of(text), {}).values()
    text = content.decode()

    assert text.count("```") % 2 == 0
    assert "{" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for head, *rows in (block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)):
        assert {row.count("|") for row in rows} == {head.count("|")}, head


@pytest.mark.parametrize("title", ["1. Variables", "2. Secrets in files", "3. Enable metrics", "4. Start", "5. Check"])
def test_the_sections_that_others_name_exist(title: str) -> None:
    """The page refers to them by number."""
    assert f"\n## {title}\n" in _default()
