"""Compose files compared: what Coolify's storing changes is no difference, everything else is one, in words."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from support import stacks
from support.coolify_writes import LiveCoolify
from support.deploying import compose

from boxwatch.assemble import assemble
from boxwatch.publish.coolify import compose_change
from boxwatch.publish.coolify.compose_change import Document, ServiceChange


def _read(text: str) -> Document:
    found = compose_change.read(text)
    assert found is not None
    return found


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[ServiceChange]:
    texts = (yaml.safe_dump({"services": services}) for services in (old, new))
    return list(compose_change.changes(*map(_read, texts)))


@stacks.drawn(3)
@given(text=stacks.planned())
def test_a_build_is_the_same_after_coolify_stored_it(text: str) -> None:
    """Dumped by another library, and without the inline files."""
    built = stacks.pasted(assemble(stacks.of(text)))
    fake = LiveCoolify(lambda: 0.0)
    fake.add_server("localhost")
    stored = fake.add_stack("monitoring", 1, built).raw

    assert stored != built
    assert compose_change.same(_read(stored), _read(built))
    assert list(compose_change.changes(_read(stored), _read(built))) == []


def test_every_other_difference_is_one() -> None:
    """An image, a flag, a list in another order."""
    text = compose({"prometheus": "a: 1"}, ["BOXWATCH_A"])

    for old, new in (
        ("v1.0.4", "v1.0.5"),
        ("read_only: true", "read_only: false"),
        ("472:0", "0:0"),
        ("- coolify", "- x"),
    ):
        assert not compose_change.same(_read(text), _read(text.replace(old, new))), old


def test_a_sexagesimal_user_is_text() -> None:
    """472:0 without quotes is 28320 in YAML 1.1."""
    assert compose_change.same(_read("services: {a: {user: 472:0}}"), _read("services: {a: {user: '472:0'}}"))


def test_differences_are_told_in_words() -> None:
    """New, changed and gone services; images and limits with both values."""
    old = {"a": {"image": "a:1", "mem_limit": "64m"}, "gone": {"image": "g:1"}}
    new = {"a": {"image": "a:2", "mem_limit": "64m"}, "b": {"image": "b:1"}}

    assert _changes(old, new) == [
        ServiceChange("a", "~", ("image a:1 → a:2",)),
        ServiceChange("b", "+", ("b:1",)),
        ServiceChange("gone", "-"),
    ]


def test_files_are_named_without_their_hash() -> None:
    """Once, although the old and the new name differ; the command that names one does not count."""

    def one(digest: str) -> dict[str, Any]:
        path = f"/etc/boxwatch/prometheus/prometheus-{digest}.yml"
        volume = {"type": "bind", "source": "./x", "target": path, "content": digest}
        return {"a": {"command": [f"--config.file={path}", "--x=1"], "volumes": ["d:/d", volume]}}

    assert _changes(one("00000000"), one("11111111")) == [
        ServiceChange("a", "~", ("file prometheus/prometheus.yml",)),
    ]  # fmt: skip


def test_many_files_are_counted() -> None:
    """Twelve dashboards are no line to read."""

    def many(digest: str) -> dict[str, Any]:
        targets = [f"/etc/boxwatch/grafana/{name}-{digest}.json" for name in "abcdef"]
        return {"a": {"volumes": [{"type": "bind", "source": "./x", "target": target} for target in targets]}}

    ((change),) = _changes(many("00000000"), many("11111111"))
    assert change.texts == ("files grafana/a.json, grafana/b.json, grafana/c.json, grafana/d.json and 2 more",)


def test_arguments_and_mounts_are_told() -> None:
    """What comes and what goes."""
    old = {"a": {"command": ["--a", "--b=1"], "volumes": ["d:/d"]}}
    new = {"a": {"command": ["--a", "--b=2"], "volumes": ["d:/e"]}}

    assert _changes(old, new) == [ServiceChange("a", "~", ("without --b=1", "with --b=2", "mounts"))]


def test_values_of_an_edited_file_are_not_shown() -> None:
    """Somebody wrote a password into the environment."""
    ((change),) = _changes({"a": {"environment": ["P=hunter2"]}}, {"a": {"environment": ["P=${P:?}"]}})

    assert change.texts == ("environment",)


def test_what_is_no_compose_file_is_none() -> None:
    """Broken, empty, or something else."""
    for text in ("a: [", "", "- 1", "services: 3", "[" * 9000):
        assert compose_change.read(text) is None


def test_references_are_those_outside_the_files() -> None:
    """A dashboard's ${DS} is no variable of the stack; an escaped one is none either."""
    text = compose({"a": "x: ${DS} ${OTHER:?}"}, ["BOXWATCH_A"]).replace("--config", "$${NO} --config")

    assert compose_change.references(_read(text)) == {"BOXWATCH_A": True, "BOXWATCH_MODE": False}
