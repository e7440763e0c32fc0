"""What a service can be, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal[
    "web",
    "admin",
    "api",
    "worker",
    "postgres",
    "redis",
    "elasticsearch",
    "minio",
    "coolify",
    "traefik",
    "monitoring",
    "other",
]
KINDS: tuple[str, ...] = get_args(Kind)

# These map files or keep their working set in the page cache: their working set sits near any limit without danger
# (grafana/mimir#2466), so only memory that the kernel cannot take back is held against their budget.
PAGE_CACHE_KINDS: frozenset[str] = frozenset({"postgres", "elasticsearch", "minio", "monitoring"})

# No user notices at once when these are gone: what is deployed goes on without them. They make tickets, not calls.
QUIET_KINDS: frozenset[str] = frozenset({"coolify", "monitoring"})

# Kinds whose metrics are scraped: the container that answers, and its usual port. `{}` is the service's name. Traefik's
# port is the entry point that Coolify's documentation makes for metrics; the Coolify exporter's is its own default.
METRICS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "postgres": ("{}-exporter", 9187),
        "redis": ("{}-exporter", 9121),
        "elasticsearch": ("{}-exporter", 9114),
        "minio": ("{}", 9000),
        "traefik": ("coolify-proxy", 8082),
        "coolify": ("{}-exporter", 18000),
    }
)

# Users wait for the answers of these, so availability and latency are promised for them.
USER_FACING_KINDS: frozenset[str] = frozenset({"web", "admin", "api"})
