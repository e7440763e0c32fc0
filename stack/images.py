"""Container images of the stack, each with its version, the date it was checked, and the source of that version.

The only place that names an image or a version. To update one, change its line and run the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# The version of this package: its own images are built from the same checkout (a test compares it with setup.cfg).
VERSION: Final = "0.1.0"


@dataclass(frozen=True, slots=True)
class Image:
    """One image.

    Attributes:
        name: repository, with its registry unless that is Docker Hub.
        tag: immutable tag of one release.
        checked: day on which the tag was seen in use.
        source: page that lists releases and changes.
        user: uid:gid that its process needs; the image's own, written out so that nothing runs as root by accident.
    """

    name: str
    tag: str
    checked: str
    source: str
    user: str = "65534:65534"

    @property
    def reference(self) -> str:
        """As a compose file names it."""
        return f"{self.name}:{self.tag}"

    @property
    def local(self) -> bool:
        """Whether no registry has it: it is built from this repository."""
        return self.name.startswith("boxwatch-")


PROMETHEUS: Final = Image(
    "prom/prometheus", "v3.15.0", "2026-11-28", "https://github.com/prometheus/prometheus/releases"
)
ALERTMANAGER: Final = Image(
    "prom/alertmanager", "v0.34.1", "2026-11-28", "https://github.com/prometheus/alertmanager/releases"
)
# `grafana-oss`, which Coolify's template names, is the former name of the same image.
GRAFANA: Final = Image(
    "grafana/grafana", "13.2.3", "2026-11-28", "https://github.com/grafana/grafana/releases", user="472:0"
)
# 0.60.3 and later keep the count of OOM kills across restarts; before 0.54 containers have no names on Docker 29. Root,
# because only root may read Docker's socket and every cgroup.
CADVISOR: Final = Image(
    "ghcr.io/google/cadvisor", "0.60.5", "2026-11-28", "https://github.com/google/cadvisor/releases", user="0:0"
)
NODE_EXPORTER: Final = Image(
    "prom/node-exporter", "v1.12.1", "2026-11-28", "https://github.com/prometheus/node_exporter/releases"
)
BLACKBOX_EXPORTER: Final = Image(
    "prom/blackbox-exporter", "v0.28.0", "2026-11-28", "https://github.com/prometheus/blackbox_exporter/releases"
)
POSTGRES_EXPORTER: Final = Image(
    "prometheuscommunity/postgres-exporter",
    "v0.20.1",
    "2026-11-28",
    "https://github.com/prometheus-community/postgres_exporter/releases",
)
# The plain tag is built from scratch and has no program for a health check.
REDIS_EXPORTER: Final = Image(
    "oliver006/redis_exporter",
    "v1.88.0-alpine",
    "2026-11-28",
    "https://github.com/oliver006/redis_exporter/releases",
    user="59000:59000",
)
ELASTICSEARCH_EXPORTER: Final = Image(
    "prometheuscommunity/elasticsearch-exporter",
    "v1.11.0",
    "2026-11-28",
    "https://github.com/prometheus-community/elasticsearch_exporter/releases",
)
COOLIFY_EXPORTER: Final = Image(
    "boxwatch-coolify-exporter", VERSION, "2026-11-28", "exporters/coolify/Dockerfile in this repository"
)

IMAGES: Final = (
    PROMETHEUS,
    ALERTMANAGER,
    GRAFANA,
    CADVISOR,
    NODE_EXPORTER,
    BLACKBOX_EXPORTER,
    POSTGRES_EXPORTER,
    REDIS_EXPORTER,
    ELASTICSEARCH_EXPORTER,
    COOLIFY_EXPORTER,
)
