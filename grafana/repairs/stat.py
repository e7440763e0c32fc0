"""Repairs of stat and text panels."""

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
    """Fill in missing values with their defaults."""
    for key, value in values.items():
        if options.get(key) is None:
            options[key] = value


def forget(options: Node, assumed: Node) -> None:
    """Drop values that equal their defaults."""
    for key, value in assumed.items():
        if key in options and options[key] == value:
            del options[key]


def reduce_options(options: Node) -> None:
    """Complete the reduce options; the default is the last value."""
    said = child(options, "reduceOptions")
    fill(said, {"calcs": ["lastNotNull"]})
    forget(said, {"fields": "", "values": False})


def repair_stat(panel: Node) -> None:
    """Complete a stat's display options, and do not show "none" for missing values."""
    options = child(panel, "options")
    fill(options, _OPTIONS)
    reduce_options(options)
    defaults = node(node(panel.get("fieldConfig")).get("defaults"))
    if defaults.get("noValue") == "none":  # grafanalib's default
        del defaults["noValue"]


def repair_text(panel: Node) -> None:
    """Move the text and its mode into the options."""
    options = child(panel, "options")
    for key, assumed in (("content", ""), ("mode", "markdown")):
        said = panel.pop(key, None)
        fill(options, {key: assumed if said is None else said})
    if options["mode"] not in ("html", "markdown", "code"):
        options["mode"] = "markdown"
