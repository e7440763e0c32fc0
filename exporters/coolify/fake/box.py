"""Ready-made fakes: the default topology, and any number of applications and servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify

_APPLICATIONS: Final = ("web-1", "web-2", "admin", "api-1", "api-2", "worker-1", "worker-2")
_SERVICES: Final = ("elasticsearch", "minio", "monitoring")
_DATABASES: Final = (("postgres", "postgresql"), ("redis", "redis"))


def default(now: Callable[[], float], version: str = "4.3") -> FakeCoolify:
    """The default topology on one server, each application deployed twice."""
    fake = FakeCoolify(now, version)
    environment = fake.add_project("Shop", "production")
    fake.add_server("localhost")
    for name in _APPLICATIONS:
        app = fake.add_application(name, environment)
        fake.deploy(app, "failed", ago=90000, took=60)
        fake.deploy(app, "finished", ago=86400, took=150)
    for name in _SERVICES:
        fake.add_service(name, environment)
    for name, engine in _DATABASES:
        fake.add_database(name, engine, environment)
    return fake


def large(
    now: Callable[[], float], applications: int, servers: int, *, rows: int = 3, tasks: bool = False
) -> FakeCoolify:
    """Many applications, spread evenly across servers, fifty to a project, each with a short history.

    With `tasks`, every application has a scheduled task, and one in ten a database with a month of backups.
    """
    fake = FakeCoolify(now)
    places = [fake.add_server(f"node-{number}") for number in range(servers)]
    environment = 0
    for number in range(applications):
        if number % 50 == 0:
            environment = fake.add_project(f"project {number // 50:03d}", "production", "staging")
        app = fake.add_application(f"app {number:05d}", environment + number % 2, places[number % servers])
        for row in range(rows):
            fake.deploy(app, "finished", ago=86400 * (rows - row), took=120)
        if tasks:
            job = payloads.task(f"job {number}", "0 * * * *", now())
            job["_executions"] = [payloads.execution(hour, now() - now() % 3600 - 3600 * hour) for hour in range(48)]
            app["_tasks"].append(job)
            if number % 10 == 0:
                schedule = fake.add_database(f"db {number:05d}", "postgresql", environment, places[0])[
                    "backup_configs"
                ][0]
                schedule["_runs"] = [payloads.run(schedule, day, now() - 86400 * day) for day in range(30)]
    return fake
