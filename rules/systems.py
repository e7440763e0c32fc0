"""Every kind of service that there are rules about, in the order of triage."""

from __future__ import annotations

from boxwatch.rules import (
    coolify_system,
    elasticsearch_system,
    minio_system,
    postgres_system,
    redis_system,
    traefik_system,
)
from boxwatch.rules.system import System

SYSTEMS: tuple[System, ...] = (
    postgres_system.SYSTEM,
    redis_system.SYSTEM,
    elasticsearch_system.SYSTEM,
    minio_system.SYSTEM,
    traefik_system.SYSTEM,
    coolify_system.SYSTEM,
)
