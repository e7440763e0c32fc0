"""Migration of data sources from names (before Grafana 8.3) to uid and type: schema versions 33 and 36."""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.grafana.tree import Node, marks, node, nodes, variables

MIXED = "-- Mixed --"
EXPRESSION = "__expr__"


@dataclass(frozen=True, slots=True)
class Source:
    """One data source of the target Grafana."""

    name: str
    uid: str
    type: str
    default: bool = False
    api_version: str = ""

    @property
    def reference(self) -> Node:
        """The reference to it in a panel."""
        made: Node = {"uid": self.uid, "type": self.type}
        return {**made, "apiVersion": self.api_version} if self.api_version else made


@dataclass(frozen=True, slots=True)
class Sources:
    """The data sources of the target Grafana; empty if unknown."""

    all: tuple[Source, ...] = ()

    @property
    def default(self) -> Node | None:
        """The reference to the default data source, if known."""
        return next((source.reference for source in self.all if source.default), None)

    def reference(self, value: object) -> Node | None:
        """The reference for a name, a uid or a reference. An unknown name becomes a uid."""
        if isinstance(value, dict) and (value.get("uid") or value.get("type")):
            return value
        if value is None or value == "default":
            return self.default
        if not isinstance(value, str):
            return None
        if not value:
            return {}
        found = [source for source in self.all if value == source.name]
        found += [source for source in self.all if value == source.uid]
        return found[0].reference if found else {"uid": value}


def name_panels(dashboard: Node, sources: Sources) -> None:
    """33: references in panels. The default data source stays implicit until version 36."""
    for panel in nodes(dashboard.get("panels")):
        for each in (panel, *nodes(panel.get("panels"))):
            each["datasource"] = _unless_default(each.get("datasource"), sources)
            for target in nodes(each.get("targets")):
                reference = _unless_default(target.get("datasource"), sources)
                if reference is not None:
                    target["datasource"] = reference


def _unless_default(value: object, sources: Sources) -> Node | None:
    return None if value is None or value == "default" else sources.reference(value)


def name_everything(dashboard: Node, sources: Sources) -> None:
    """36: references everywhere, including the default data source."""
    for annotation in marks(dashboard):
        annotation["datasource"] = sources.reference(annotation.get("datasource"))
    for variable in variables(dashboard):
        if variable.get("type") == "query" and "datasource" in variable and variable["datasource"] is None:
            variable["datasource"] = sources.default
    for panel in nodes(dashboard.get("panels")):
        if not nodes(panel.get("targets")):
            panel["targets"] = [{"refId": "A"}]
        for each in (panel, *nodes(panel.get("panels"))):
            _name_panel(each, sources)


def _name_panel(panel: Node, sources: Sources) -> None:
    targets = nodes(panel.get("targets"))
    if not targets:
        return
    was_default = panel.get("datasource") is None
    if was_default:
        panel["datasource"] = sources.default
    elif panel["datasource"] != {}:
        panel["datasource"] = sources.reference(panel["datasource"])
    for target in targets:
        of_panel = node(panel.get("datasource"))
        own = target.get("datasource")
        unnamed = own is None or (isinstance(own, dict) and own.get("uid") is None)
        if unnamed and of_panel.get("uid") != MIXED:
            if isinstance(panel.get("datasource"), dict):
                target["datasource"] = dict(of_panel)
        else:
            target["datasource"] = sources.reference(own)
        reference = node(target.get("datasource"))
        if was_default and reference.get("uid") not in (None, "", EXPRESSION):
            panel["datasource"] = reference
