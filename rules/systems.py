"""Every kind of service with rules of its own, in the order of triage."""

from __future__ import annotations

from boxwatch.rules.coolify import coolify_system
from boxwatch.rules.elasticsearch import elasticsearch_system
from boxwatch.rules.minio import minio_system
from boxwatch.rules.patterns.system import System
from boxwatch.rules.postgres import postgres_system
from boxwatch.rules.rabbitmq import rabbitmq_system
from boxwatch.rules.redis import redis_system
from boxwatch.rules.traefik import traefik_system

SYSTEMS: tuple[System, ...] = (
    postgres_system.SYSTEM,
    redis_system.SYSTEM,
    elasticsearch_system.SYSTEM,
    minio_system.SYSTEM,
    rabbitmq_system.SYSTEM,
    traefik_system.SYSTEM,
    coolify_system.SYSTEM,
)
