"""The small inventory of the collectors' docstrings: one of each resource, with short names."""

from __future__ import annotations

from boxwatch.exporters.coolify.fake import payloads
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify
from support.coolify import HandClock, Rig


def tiny() -> Rig:
    """A server, an application, a service with a part, a database with a backup, and deployments."""
    hand = HandClock()
    fake = FakeCoolify(lambda: hand.now, "4.4")
    environment = fake.add_project("shop", "live")
    fake.add_server("box")["uuid"] = "s1"
    app = fake.add_application("api", environment, uuid="a1", last_restart_at=payloads.iso(hand.now - 900))
    job = payloads.task("nightly", "0 3 * * *", hand.now, uuid="t1")
    job["_executions"] = [payloads.execution(9, hand.now - 9 * 3600), payloads.execution(8, hand.now - 33 * 3600)]
    search = fake.add_service("search", environment, uuid="v1")
    search["_tasks"].append(job)
    search["applications"][0]["name"] = "es"
    search["databases"].append(payloads.part("db", hand.now) | {"is_public": False})
    backup = fake.add_database("db", "redis", environment, uuid="d1")["backup_configs"][0]
    backup["uuid"] = "b1"
    backup["_runs"] = [payloads.run(backup, 9 - day, hand.now - 25200 - 86400 * day) for day in range(4)]
    rig = Rig(fake, hand)
    fake.deploy(app, "finished", ago=7200, took=90)
    running = fake.deploy(app, "in_progress", ago=300)
    rig.settle()
    fake.end(running, "failed")
    fake.deploy(app, "in_progress", ago=120)
    fake.deploy(app, "queued", ago=20)
    app["status"], app["restart_count"] = "restarting:unknown", 3
    return rig.wait(60)
