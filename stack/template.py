"""The one-click template for Coolify's catalogue: the pasted form, for a server of which nothing is known.

As the catalogue's generator reads it (app/Console/Commands/Generate/Services.php of Coolify 4.3.11): comments
`# key: value` at the beginning, and a logo below `svgs/`. One file is for everybody, so it has few dashboards, without
indentation. `tools/template.py DIR` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from boxwatch.stack import coolify
from boxwatch.topology.model import Topology

PATH: Final = "templates/compose/boxwatch.yaml"
LOGO: Final = "svgs/boxwatch.svg"
# The first of every server; the others need an exporter or a plan.
_DASHBOARDS: Final = ("grafana/dashboards/overview.json", "grafana/dashboards/host.json")
_DASHBOARD: Final = "grafana/dashboards/"
_HEADER: Final = f"""# documentation: https://prometheus.io/docs/introduction/overview/
# slogan: Prometheus, Alertmanager and Grafana with tested alerts for the server that Coolify runs and its containers.
# category: monitoring
# tags: monitoring,prometheus,grafana,alertmanager,cadvisor,node-exporter,alerts,dashboards
# logo: {LOGO}
# port: 3000

"""
# A box, and the line that a watched one draws.
_LOGO: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="boxwatch">
  <rect x="6" y="6" width="52" height="52" rx="10" fill="#1f2937"/>
  <path d="M14 22h36" stroke="#4b5563" stroke-width="3" stroke-linecap="round"/>
  <path d="M14 39h9l5-12 8 22 5-14 3 4h6" fill="none" stroke="#34d399" stroke-width="4" stroke-linecap="round"
    stroke-linejoin="round"/>
  <circle cx="46" cy="15" r="3" fill="#fbbf24"/>
</svg>
"""


def files(topology: Topology, made: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path in Coolify's repository → content of the template and its logo.

    Args:
        topology: that of `topology/template.yaml`.
        made: its build, by path.
    """
    chosen = {
        path: json.dumps(json.loads(content), separators=(",", ":")).encode() if path in _DASHBOARDS else content
        for path, content in made.items()
        if path in _DASHBOARDS or not path.startswith(_DASHBOARD)
    }
    (pasted,) = coolify.files(topology, chosen).values()
    document = pasted.decode()
    # The catalogue's comments in place of ours.
    return {PATH: (_HEADER + document[document.index("services:\n") :]).encode(), LOGO: _LOGO.encode()}
