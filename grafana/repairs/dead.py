"""Keys that no current Grafana reads: what modernising drops, each with the reason.

Pages of schema version 36 and later (Grafana 8.5) were written when AngularJS' panels were on their way out, so only
these keys are dropped there and unknown ones stay: they are of a later Grafana or of a plugin. Older pages, and
grafanalib's, are full of leftovers of panels that have another type now; there, only known keys are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.grafana.repairs import legacy

# Schema version from which unknown keys stay.
CURRENT: Final = 36

_ANGULAR: Final = "setting of a panel of AngularJS, which Grafana 12 removed"
_EDITOR: Final = "state of an editor"
_SCENES: Final = "made by Grafana while it shows the page"

DASHBOARD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "__elements": "library panels stand in the page itself",
        "__inputs": "resolved: data source inputs are variables, constants are written out",
        "__requires": "only read by Grafana's import",
        "folderName": "the folder is chosen when the page is published",
        "hideControls": "removed in Grafana 7",
        "iteration": _EDITOR,
        "rows": "rows of Grafana 4, now panels",
        "sharedCrosshair": "now graphTooltip",
        "style": "the theme is chosen by the user since Grafana 10",
        "timeRangeUpdatedDuringEditOrView": _EDITOR,
        "version": "counted by the Grafana that stores the page",
    }
)
TIMEPICKER: Final[Mapping[str, str]] = MappingProxyType({"time_options": "removed in Grafana 5; see quick_ranges"})
PANEL: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((*legacy.OF_GRAPH, *legacy.OF_SINGLESTAT), _ANGULAR),
        **dict.fromkeys(
            ("breakPoint", "cards", "color", "columns", "combine", "dataFormat", "fontSize", "heatmap"), _ANGULAR
        ),
        **dict.fromkeys(
            ("hideZeroBuckets", "highlightCards", "legendType", "pageSize", "pieType", "reverseYBuckets"), _ANGULAR
        ),
        **dict.fromkeys(("scroll", "showHeader", "sort", "strokeWidth", "styles", "tooltipDecimals"), _ANGULAR),
        **dict.fromkeys(
            ("transform", "xBucketNumber", "xBucketSize", "yBucketBound", "yBucketNumber", "yBucketSize"), _ANGULAR
        ),
        **dict.fromkeys(("scopedVars", "repeatIteration", "repeatPanelId", "repeatedByRow"), _SCENES),
        **dict.fromkeys(("editable", "error", "isNew", "snapshotData"), _EDITOR),
        **dict.fromkeys(("h", "height", "minSpan", "span", "w", "x", "y"), "size in Grafana 4; see gridPos"),
        "tags": "tags of a dashboard list are in its options",
    }
)
FIELD: Final[Mapping[str, str]] = MappingProxyType(
    {"nullValueMode": "see custom.spanNulls", "unitScale": "an experiment of Grafana 10.2"}
)
VARIABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("tagValuesQuery", "tags", "tagsQuery", "useTags"), "removed in Grafana 8"),
        **dict.fromkeys(("auto", "auto_count", "auto_min"), "only an interval has it"),
        **dict.fromkeys(("error", "queryValue", "state", "id", "index", "global", "rootStateKey"), _EDITOR),
    }
)
# In objects of every kind.
EVERYWHERE: Final[Mapping[str, str]] = MappingProxyType({"$$hashKey": _EDITOR})


def drop(target: dict[str, object], keys: frozenset[str], dead: Mapping[str, str], *, current: bool) -> None:
    """Drop nulls and dead keys; on an older page also whatever is not among the keys."""
    for key, value in list(target.items()):
        if key in keys and value is not None:
            continue
        if value is None or key in dead or key in EVERYWHERE or not current:
            del target[key]
