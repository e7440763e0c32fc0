"""Field config: overrides, value mappings, links, display names.

grafanalib has no classes for these (its issue 422, open since 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from boxwatch.dashboards.panels import colours
from boxwatch.grafana.tree import Node


@dataclass(frozen=True, slots=True)
class Override:
    """Properties of the fields found by a matcher.

    Attributes:
        matcher: Grafana's id of the matcher.
        options: the fields to match.
        properties: the properties that differ.
        bare: the fields are lines that are never filled or stacked, whatever the panel does with the others.
    """

    matcher: str
    options: str
    properties: tuple[tuple[str, object], ...]
    bare: bool = False

    def to_json(self) -> Node:
        """Grafana's JSON of the override."""
        return {
            "matcher": {"id": self.matcher, "options": self.options},
            "properties": [{"id": name, "value": value} for name, value in self.properties],
        }

    def among_areas(self) -> Override:
        """The override for a panel that fills or stacks."""
        return replace(self, properties=(*self.properties, *_BARE_LINE)) if self.bare else self


def field(name: str, *properties: tuple[str, object]) -> Override:
    """Properties of the column or series with this display name."""
    return Override("byName", name, properties)


def query(ref_id: str, *properties: tuple[str, object]) -> Override:
    """Properties of everything returned by one query."""
    return Override("byFrameRefID", ref_id, properties)


def matching(pattern: str, *properties: tuple[str, object]) -> Override:
    """Properties of the columns or series whose display name matches a regular expression, unanchored."""
    return Override("byRegexp", f"/{pattern}/", properties)


def of_http_codes() -> tuple[Override, ...]:
    """Series named by HTTP status, coloured by its class."""
    classes = (("[123]", colours.GOOD), ("4", colours.NEAR), ("5", colours.BAD))
    return tuple(matching(f"^{first}", colour(value)) for first, value in classes)


def colour(value: str) -> tuple[str, object]:
    """One fixed colour of a line."""
    return ("color", {"mode": "fixed", "fixedColor": colours.as_line(value)})


def plan_line(ref_id: str) -> Override:
    """A query for the plan in the topology: a dashed line, never filled, never stacked."""
    dashes: Node = {"fill": "dash", "dash": [10, 10]}
    return Override("byFrameRefID", ref_id, (colour(colours.PLAN), ("custom.lineStyle", dashes)), bare=True)


def limit_line(ref_id: str) -> Override:
    """A query for the level at which something is killed or full: a thick solid line."""
    return Override("byFrameRefID", ref_id, (colour(colours.LIMIT),), bare=True)


_BARE_LINE: tuple[tuple[str, object], ...] = (
    ("custom.lineWidth", 2),
    ("custom.fillOpacity", 0),
    ("custom.stacking", {"group": "A", "mode": "none"}),
)


@dataclass(frozen=True, slots=True)
class State:
    """Word and colour of one value."""

    value: int
    word: str
    colour: str


def states(*all_states: State) -> list[Node]:
    """Value mappings: words for numbers."""
    return [
        {
            "type": "value",
            "options": {
                str(state.value): {"text": state.word, "color": state.colour, "index": index}
                for index, state in enumerate(all_states)
            },
        }
    ]


def between(start: float, end: float, state: State) -> Node:
    """Value mapping for the open interval between two values; map the values themselves with `states`, placed first."""
    result: Node = {"text": state.word, "color": state.colour, "index": state.value}
    return {"type": "range", "options": {"from": start, "to": end, "result": result}}


def unknown(word: str) -> list[Node]:
    """Value mapping for missing values: grey, never the colour of the first threshold."""
    return [
        {
            "type": "special",
            "options": {"match": "null+nan", "result": {"text": word, "color": colours.QUIET}},
        }
    ]


@dataclass(frozen=True, slots=True)
class Link:
    """A link from a value to another dashboard, keeping time range and data source.

    Attributes:
        title: the link's text.
        uid: the other dashboard.
        variables: (variable there, its value), the latter with Grafana's `${__data.fields.X}` and the like; empty
            keeps the present choice, be it one value, several or all.
        panel: id of the panel to open there; 0 opens the whole dashboard.
    """

    title: str
    uid: str
    variables: tuple[tuple[str, str], ...]
    panel: int = 0

    def to_json(self) -> Node:
        """Grafana's JSON of the link."""
        chosen = [f"var-{name}={value}" if value else f"${{{name}:queryparam}}" for name, value in self.variables]
        view = (f"viewPanel={self.panel}",) if self.panel else ()
        query = "&".join(("${datasource:queryparam}", "${__url_time_range}", *chosen, *view))
        return {"title": self.title, "url": f"/d/{self.uid}?{query}"}

    def property(self) -> tuple[str, object]:
        """The override property that carries the link."""
        return ("links", [self.to_json()])


# Coolify names containers `<uuid>-<time>`; the resource (web-1) or the component (prometheus) says more. Series are
# named component/resource/name, and these expressions shorten that, in this order: "web-1 …a1b2c3" for long names, the
# plain name where there is nothing else or the same, and "app coolify" for short names.
REPLICA = "{{component}}/{{resource}}/{{name}}"
SHORT_NAMES: tuple[tuple[str, Node], ...] = (
    ("renameByRegex", {"regex": r"^/*([^/]+)/(?:[^/]*/)?(?=[^/]{16,}$).*([^/]{6})$", "renamePattern": "$1 …$2"}),
    ("renameByRegex", {"regex": r"^/*(?:([^/]+)/+(?:\1/+)*(?=\1$))?([^/]+)$", "renamePattern": "$2"}),
    ("renameByRegex", {"regex": r"^/*([^/]+)/+(?:[^/]+/)*([^/]+)$", "renamePattern": "$1 $2"}),
)
