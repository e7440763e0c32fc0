"""Colours stay apart, are readable, and are given out so that a name keeps its own."""

from __future__ import annotations

import itertools
import json
import math
import re

import pytest
from support.topologies import a_service, complete

from boxwatch.dashboards import catalogue
from boxwatch.dashboards.panels import colours, field_config, palette
from boxwatch.dashboards.panels.field_config import Override
from boxwatch.dashboards.panels.palette import Vocabulary
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, nodes
from boxwatch.rules import catalogue as rules
from boxwatch.topology.model import Topology

Rgb = tuple[float, float, float]
# Panels in Grafana 12.4: dark and light.
_GROUNDS = ("#181B1F", "#FFFFFF")
# Vision without red, green or blue cones (Machado, Oliveira, Fernandes 2009, severity 1), on linear RGB.
_VISIONS: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def _linear(colour: str) -> Rgb:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _seen(colour: str, vision: str) -> Rgb:
    """In OKLab (Ottosson 2020), where equal distances look equal; 0.02 can just be told apart."""
    linear = _linear(colour)
    red, green, blue = (
        min(1, max(0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in _VISIONS[vision]
    )
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


@pytest.mark.parametrize("vision", _VISIONS)
def test_the_eight_colours_stay_apart_from_each_other_and_from_a_limit_and_a_plan(vision: str) -> None:
    """In Grafana's own palette two replicas had the same blue, and one the colour of the limit."""
    assert len(set(colours.SERIES)) == 8
    for one, other in itertools.combinations((*colours.SERIES, colours.LIMIT), 2):
        assert math.dist(_seen(one, vision), _seen(other, vision)) > 0.1, (one, other)
    for one in colours.SERIES:
        assert math.dist(_seen(one, vision), _seen(colours.PLAN, vision)) > 0.08, one


@pytest.mark.parametrize("ground", _GROUNDS)
def test_lines_show_in_both_themes(ground: str) -> None:
    """Twice the contrast of nothing at all; a line is two pixels wide."""
    for colour in (*colours.SERIES, colours.GOOD, colours.NEAR_LINE, colours.LIMIT, colours.USE, colours.PLAN):
        assert _contrast(colour, ground) > 2, colour
    assert dict([field_config.colour(colours.NEAR)]) == {"color": {"mode": "fixed", "fixedColor": colours.NEAR_LINE}}


@pytest.mark.parametrize("colour", [colours.GOOD, colours.NEAR, colours.BAD, colours.USE, colours.QUIET])
def test_text_is_readable_on_every_state(colour: str) -> None:
    """White on amber had 2.25. Grafana chooses it by brightness in stats and cells, by contrast in timelines."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    dark = (red * 299 + green * 587 + blue * 114) / 1000 > 180
    assert _contrast(colour, "#202226" if dark else "#F7F8FA") >= 4.5
    assert _contrast(colour, "#FFFFFF" if _contrast(colour, "#FFFFFF") >= 3 else "#000000") >= 4.5


def _boards(topology: Topology) -> dict[str, Node]:
    return {name: json.loads(text) for name, text in catalogue.files(rules.build(topology)).items()}


def test_no_series_is_coloured_by_grafana() -> None:
    """Its palettes change with the theme and hold the colours of states."""
    for name, board in _boards(complete()).items():
        for panel in tree.plots(board):
            modes = [string for string in tree.strings(panel.get("fieldConfig")) if string.startswith("palette-")]
            assert modes == [], f"{name}: {tree.name(panel)}"


def _colour_of(series: str, overrides: list[Node]) -> str:
    """As Grafana finds it: the last override whose expression matches."""
    found = ""
    for override in overrides:
        matcher = node(override["matcher"])
        pattern = tree.text(matcher["options"])
        if matcher["id"] == "byRegexp" and re.search(pattern.strip("/"), series):
            for each in nodes(override["properties"]):
                found = tree.text(node(each["value"]).get("fixedColor")) if each["id"] == "color" else found
    return found


def _of_replicas(board: Node) -> list[Node]:
    return [
        panel
        for panel in tree.plots(board)
        if panel["type"] == "timeseries"
        and any(target.get("legendFormat") == field_config.REPLICA for target in tree.targets(panel))
    ]


def test_a_replica_has_one_colour_on_its_page_and_none_of_another() -> None:
    """Neither a deployment nor another panel changes it."""
    panels = _of_replicas(_boards(complete())["service.json"])
    assert len(panels) >= 5
    replicas = [f"web-{number} …a{number}b2c3" for number in range(1, 9)]
    for panel in panels:
        overrides = nodes(node(panel["fieldConfig"])["overrides"])
        given = [_colour_of(replica, overrides) for replica in replicas]
        assert sorted(given) == sorted(colours.SERIES)
        assert given == [
            _colour_of(replica, nodes(node(panels[0]["fieldConfig"])["overrides"])) for replica in replicas
        ]
        assert [_colour_of(f"web-{number} …zzzzz9", overrides) for number in range(1, 9)] == given
        for name in ("coolify-proxy", "app coolify", "web web-2", "prometheus …t8u0v2", "minio"):
            assert _colour_of(name, overrides) in colours.SERIES, name


def _given(legends: tuple[str, ...], vocabulary: Vocabulary, *words: str) -> list[Override]:
    return list(palette.of_series(tuple(zip("ABCDEFGH", legends, strict=False)), words, vocabulary))


def test_words_are_coloured_by_query_the_first_by_the_panel() -> None:
    """They stand in one panel only."""
    given = _given(("in flight, {{service}}", "waiting, {{service}}"), Vocabulary(services=("minio",)))
    assert [(one.matcher, one.options) for one in given] == [("byFrameRefID", "B")]
    assert given[0].properties == (field_config.colour(colours.SERIES[1]),)


def test_two_services_of_one_kind_are_told_apart_in_every_query() -> None:
    """Coloured by query alone, both services had one colour."""
    vocabulary = Vocabulary(services=("redis", "sessions.2"))
    given = _given(("used by {{service}}", "resident, {{service}}"), vocabulary)
    found = {one.options: one.properties for one in given}
    assert found.keys() == {
        "/^used by (redis)$/",
        "/^used by (sessions\\.2)$/",
        "/^resident, (redis)$/",
        "/^resident, (sessions\\.2)$/",
    }
    assert len(set(map(str, found.values()))) == 4


def test_known_words_have_their_own_colours_and_unknown_ones_one_by_their_end() -> None:
    """The modes of a lock all end in the same letter; disks are told apart by their number."""
    modes = _given(("{{mode}}, {{service}}",), Vocabulary(services=("pg",)), "sharelock", "exclusivelock")
    assert [one.options for one in modes] == ["/^(sharelock), .*$/", "/^(exclusivelock), .*$/"]
    disks = [one.to_json() for one in _given(("{{device}}",), Vocabulary())]
    assert len(disks) == 4
    for names in (("/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd"), ("nvme0n1", "nvme1n1"), ("md0", "md1", "md2")):
        given = [_colour_of(name, disks) for name in names]
        assert "" not in given
        assert len(set(given)) == len(names), names


def test_more_services_than_can_be_listed_get_a_colour_too() -> None:
    """A page's size does not grow with the deployment."""
    many = _given(("{{service}}",), Vocabulary(services=tuple(f"app-{number}" for number in range(100))))
    assert len(many) <= 16
    assert all(_colour_of(f"app-{number}", [one.to_json() for one in many]) in colours.SERIES for number in range(100))


def test_a_second_redis_changes_the_colours_of_its_page_only_there() -> None:
    """The page of a kind counts its own services."""
    topology = complete()
    more = a_service("sessions", kind="redis", metrics="sessions:9121")
    two = _boards(topology.model_copy(update={"services": (*topology.services, more)}))["redis.json"]
    ratio = next(panel for panel in tree.plots(two) if panel.get("title") == "Hit ratio")
    overrides = nodes(node(ratio["fieldConfig"])["overrides"])
    given = {_colour_of(f"{name} on main", overrides) for name in ("redis", "sessions")}
    assert len(given) == 2
