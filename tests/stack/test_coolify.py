"""The self-contained file, pasted into Coolify's parser: each of its limits, and what arrives in the containers."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from support import stacks
from support.artefacts import complete_artefacts, default_artefacts
from support.coolify_limits import violations
from support.coolify_parser import ARGUMENT, DIRECTORY, UUID, Refused, Resource
from support.topologies import a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.stack import compose, coolify, core_parts
from boxwatch.topology import default
from boxwatch.topology.model import Topology

_CONFIG = "/etc/boxwatch/"


def _default(**changes: object) -> Topology:
    return default.load().topology.model_copy(update=changes)


def _pasted(made: Mapping[str, bytes]) -> Resource:
    return Resource().paste(stacks.pasted(made))


@pytest.fixture(scope="module")
def resource() -> Resource:
    """The default deployment, pasted once."""
    return _pasted(default_artefacts())


def test_every_file_of_the_build_arrives(resource: Resource) -> None:
    """Byte for byte, with a hash in its name; rules arrive packed, with every group in its order."""
    made = default_artefacts()
    arrived = {
        target.removeprefix(_CONFIG): content
        for name in resource.compose["services"]
        for target, content in resource.read(name).items()
    }
    plain = {re.sub(r"-[0-9a-f]{8}(\.\w+)$", r"\1", path): content for path, content in arrived.items()}
    packed = [content for path, content in sorted(plain.items()) if path.startswith("prometheus/rules/")]
    expected = {
        path: content.decode()
        for path, content in made.items()
        if path.startswith(("prometheus/prometheus.yml", "alertmanager/", "blackbox/", "grafana/"))
    }
    groups = [
        group
        for path, content in made.items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(content)["groups"]
    ]

    template = next(path for path in arrived if path.endswith(".tmpl")).rpartition("/")[2]
    expected["alertmanager/alertmanager.yml"] = expected["alertmanager/alertmanager.yml"].replace(
        "boxwatch.tmpl", template
    )
    assert {path: content for path, content in plain.items() if "/rules/" not in path} == expected
    assert [group for content in packed for group in yaml.safe_load(content)["groups"]] == groups


def test_the_programs_are_told_the_names_of_the_files(resource: Resource) -> None:
    """Every path in a command or variable is that of a mounted file, or of a directory with mounted files."""
    for name, service in resource.compose["services"].items():
        said = " ".join([*service.get("command", ()), *(value or "" for value in service["environment"].values())])
        mounted = resource.read(name)
        for path in re.findall(r"/etc/boxwatch/[\w./-]+", said):
            assert path in mounted or any(one.startswith(f"{path}/") for one in mounted), f"{name}: {path}"


def test_a_changed_file_is_written_although_the_first_write_wins() -> None:
    """The user pastes the next build over the old one, and each program reads the new files."""
    before, after = assemble(_default()), assemble(_default(scrape_interval=15))
    resource = _pasted(before)
    old = resource.read(core_parts.PROMETHEUS)

    resource.paste(stacks.pasted(after))

    for name in (core_parts.PROMETHEUS, core_parts.GRAFANA, core_parts.ALERTMANAGER, core_parts.BLACKBOX):
        assert resource.read(name) == _pasted(after).read(name), name
    assert resource.read(core_parts.PROMETHEUS) != old


def test_the_parser_keeps_the_first_content_of_a_path() -> None:
    """Or the test above would prove nothing."""
    resource = Resource().paste(_file("a: 1"))

    assert list(resource.paste(_file("a: 2")).read("one").values()) == ["a: 1"]


def _file(content: str) -> str:
    volume = {"type": "bind", "source": "./a.yml", "target": "/a.yml", "content": content}
    return yaml.safe_dump({"services": {"one": {"image": "one:1", "volumes": [volume]}}})


def test_an_unchanged_file_keeps_its_name() -> None:
    """Coolify would otherwise collect a copy of every file with every build."""
    before, after = _pasted(assemble(_default())), _pasted(assemble(_default(scrape_interval=15)))

    assert before.read(core_parts.BLACKBOX) == after.read(core_parts.BLACKBOX)


def test_no_file_exceeds_what_one_command_can_carry() -> None:
    """The parser refuses one that does."""
    assert Resource().paste(_file("x" * coolify.LARGEST)).read("one")
    with pytest.raises(Refused, match="Argument list too long"):
        Resource().paste(_file("x" * ARGUMENT))


def test_a_service_has_few_files(resource: Resource) -> None:
    """For every volume of a service, Coolify reads all its files over SSH: the cost grows with the square."""
    for name, service in resource.compose["services"].items():
        assert len(service.get("volumes", ())) <= 20, name


def test_everything_but_data_is_mounted_read_only(resource: Resource) -> None:
    """A lost mode, or the mode of another volume, is `ro` or does no harm."""
    for name, service in resource.compose["services"].items():
        for volume in service.get("volumes", ()):
            source, _, rest = volume.partition(":")
            if not source.startswith("/"):
                assert source == f"{UUID}_{name}", volume
            elif not source.startswith(DIRECTORY):
                assert rest.endswith(":ro"), volume


def test_files_are_beside_the_resource(resource: Resource) -> None:
    """Relative sources begin with `./`: Coolify replaces the first character of `../` only."""
    sources = {kept.source for kept in resource.stored.values() if kept.content is not None}

    assert sources
    assert all(source.startswith(f"{DIRECTORY}/config/") for source in sources)


def test_directories_for_secrets_are_made() -> None:
    """A source without content becomes a directory, which the user fills."""
    said = {
        "receivers": {"night": {"telegram": {"chat_id": -1, "token_file": "/run/secrets/telegram"}}},
        "critical": "night",
        "warning": "night",
    }
    monitoring = a_service("monitoring", kind="monitoring", memory="2g")
    resource = _pasted(assemble(a_topology(services=(monitoring,), notifications=said)))
    kept = resource.stored["alertmanager", "/run/secrets"]

    assert (kept.source, kept.content) == (f"{DIRECTORY}/secrets/alertmanager", None)


def test_networks_survive_the_parser(resource: Resource) -> None:
    """Each service joins its own networks and, because Coolify adds them, all others that the file declares."""
    services = resource.compose["services"]
    declared = {"host-metrics", "coolify", UUID}

    for name, service in services.items():
        assert set(service.get("networks", ())) == (set() if name == core_parts.NODE else declared), name
    assert resource.compose["networks"]["coolify"] == {"external": True, "name": "${BOXWATCH_NETWORK:-coolify}"}


def test_every_required_variable_appears_in_the_user_interface(resource: Resource) -> None:
    """Empty, so that Coolify does not deploy before it is set."""
    needed = stacks.variables(str(resource.compose["services"])) - {"SERVICE_PASSWORD_GRAFANA", "SERVICE_URL_GRAFANA"}

    assert needed
    assert resource.required == needed
    assert {resource.variables[name] for name in resource.required} == {""}


def test_variables_mean_nothing_to_the_programs(resource: Resource) -> None:
    """All containers get all of them."""
    assert all(name.startswith(("BOXWATCH_", "SERVICE_")) for name in resource.variables)


def test_coolify_makes_grafanas_password_and_route(resource: Resource) -> None:
    """No port is published, and no label of ours competes with Coolify's."""
    grafana = resource.compose["services"][core_parts.GRAFANA]

    assert resource.domains == {core_parts.GRAFANA: 3000}
    assert grafana["environment"].items() >= {
        ("GF_SECURITY_ADMIN_PASSWORD", "${SERVICE_PASSWORD_GRAFANA}"),
        ("GF_SERVER_ROOT_URL", "${SERVICE_URL_GRAFANA}"),
    }
    assert resource.variables.items() >= {("SERVICE_PASSWORD_GRAFANA", "generated")}
    assert not any({"ports", "labels"} & service.keys() for service in resource.compose["services"].values())


def test_limits_and_rights_are_those_of_the_other_form(resource: Resource) -> None:
    """One description makes both forms."""
    ours = stacks.document(default_artefacts())["services"]
    same = ("image", "user", "read_only", "cap_drop", "cap_add", "security_opt", "mem_limit", "healthcheck", "devices")

    for name, service in resource.compose["services"].items():
        assert {key: service.get(key) for key in same} == {key: ours[name].get(key) for key in same}, name


def test_prometheus_loads_what_arrives(resource: Resource, tmp_path: Path, program: Callable[[str], str]) -> None:
    """Promtool checks the configuration and all rules, laid out as in the container."""
    _lay_out(resource.read(core_parts.PROMETHEUS), tmp_path)
    (config,) = tmp_path.rglob("prometheus-*.yml")

    done = subprocess.run([program("promtool"), "check", "config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("rules found") == len(list(tmp_path.rglob("rules-*.yaml")))


def test_alertmanager_loads_what_arrives(resource: Resource, tmp_path: Path, program: Callable[[str], str]) -> None:
    """With its template, whose name has a hash, too."""
    _lay_out(resource.read(core_parts.ALERTMANAGER), tmp_path)
    (config,) = tmp_path.rglob("alertmanager-*.yml")

    done = subprocess.run([program("amtool"), "check-config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 templates" in done.stdout


def _lay_out(files: Mapping[str, str], root: Path) -> None:
    for target, content in files.items():
        path = root / target.removeprefix(_CONFIG)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def test_rules_are_packed_below_the_limit() -> None:
    """In few files: the groups of the next one would not have fitted."""
    files = _pasted(complete_artefacts()).read(core_parts.PROMETHEUS)
    packed = [content for path, content in files.items() if "/rules/" in path]

    assert 1 < len(packed) < 6
    for content, following in itertools.pairwise(packed):
        group = yaml.safe_load(following)["groups"][0]
        assert len(content.encode()) + len(yaml.safe_dump(group)) > coolify.LARGEST * 0.8
    assert all(len(content.encode()) <= coolify.LARGEST for content in packed)


def test_rules_of_the_users_own_arrive_as_they_are_written() -> None:
    """Whatever YAML they are: only files of ours are packed."""
    own = b"# Mine\n---\n{groups: [{name: mine, rules: [{record: a:b, expr: 'vector(1)'}]}]}\n"
    made = {**default_artefacts(), "prometheus/rules/extra-mine.yaml": own}
    (text,) = coolify.files(_default(), made).values()
    arrived = Resource().paste(text.decode()).read(core_parts.PROMETHEUS)

    assert [content for path, content in arrived.items() if "extra-mine-" in path] == [own.decode()]
    assert not any("mine" in content for path, content in arrived.items() if "rules-" in path)


def test_a_dashboard_that_is_too_large_is_left_out_and_named() -> None:
    """The rest of the file works without it."""
    made = {**default_artefacts(), "grafana/dashboards/own.json": b"x" * (coolify.LARGEST + 1)}
    (text,) = coolify.files(_default(), made).values()
    arrived = Resource().paste(text.decode()).read(core_parts.GRAFANA)

    assert b"cannot write files of more than 90000 bytes: grafana/dashboards/own.json." in text
    assert not any("own" in path for path in arrived)
    assert any("overview" in path for path in arrived)


def test_without_a_planned_stack_there_is_nothing_to_paste() -> None:
    """Whatever else was built."""
    assert coolify.files(a_topology(), default_artefacts()) == {}


def test_a_configuration_that_is_too_large_cannot_be_pasted() -> None:
    """Prometheus without its configuration is no stack: the page names the other ways."""
    made = {**default_artefacts(), "prometheus/prometheus.yml": b"x" * (coolify.LARGEST + 1)}

    assert coolify.files(_default(), made) == {}


@stacks.drawn(5)
@given(text=stacks.planned())
def test_what_is_drawn_can_be_pasted(text: str) -> None:
    """Every rule of the parser is kept: no secret, no `latest`, no published port, nothing that Coolify would lose."""
    made = assemble(stacks.of(text))
    assert violations(stacks.pasted(made)) == []
    resource = _pasted(made)

    assert resource.compose["services"].keys() == {part.name for part in compose.parts(stacks.of(text))}
    needed = stacks.variables(str(resource.compose["services"]))
    assert {name for name in needed if name.startswith("BOXWATCH")} <= resource.variables.keys()
    assert all(name.startswith(("BOXWATCH_", "SERVICE_")) for name in resource.variables)
    assert not any("ports" in service for service in resource.compose["services"].values())
