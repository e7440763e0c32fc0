"""Repairs of numbers and texts: stat, text."""

from __future__ import annotations

from boxwatch.grafana.tree import Node, child, node

_OPTIONS: Node = {
    "colorMode": "value",
    "graphMode": "area",
    "justifyMode": "auto",
    "orientation": "auto",
    "percentChangeColorMode": "standard",
    "showPercentChange": False,
    "textMode": "auto",
    "wideLayout": True,
}


def fill(options: Node, values: Node) -> None:
    """Say what is assumed where nothing is said."""
    for key, value in values.items():
        if options.get(key) is None:
            options[key] = value


def forget(options: Node, assumed: Node) -> None:
    """Do not say what is assumed anyway."""
    for key, value in assumed.items():
        if key in options and options[key] == value:
            del options[key]


def reduce_options(options: Node) -> None:
    """Which of a field's values are shown; the newest, where nothing else is said."""
    said = child(options, "reduceOptions")
    fill(said, {"calcs": ["lastNotNull"]})
    forget(said, {"fields": "", "values": False})


def repair_stat(panel: Node) -> None:
    """A stat says how it looks, and does not write "none" where there is nothing."""
    options = child(panel, "options")
    fill(options, _OPTIONS)
    reduce_options(options)
    defaults = node(node(panel.get("fieldConfig")).get("defaults"))
    if defaults.get("noValue") == "none":  # grafanalib's default
        del defaults["noValue"]


def repair_text(panel: Node) -> None:
    """The text and its language are options."""
    options = child(panel, "options")
    for key, assumed in (("content", ""), ("mode", "markdown")):
        said = panel.pop(key, None)
        fill(options, {key: assumed if said is None else said})
    if options["mode"] not in ("html", "markdown", "code"):
        options["mode"] = "markdown"
