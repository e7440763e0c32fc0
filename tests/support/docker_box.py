"""Output of `docker inspect`, `docker info` and `docker stats`, with the labels and names that Coolify 4.3 gives.

Every container carries secrets where real ones do: environment, labels, command line, health check, mounts. None of
them may leave `boxwatch.discovery.docker`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from boxwatch.topology.units import GIB

Record = dict[str, Any]
# In every place that may hold a secret.
SECRETS: Final = (
    "pg-hunter2-password",
    "$2y$10$basicauthbcrypthash",
    "cmdline-s3cret",
    "healthcheck-t0ken",
    "bind-mount-cr3dential",
    "logging-driver-key",
    "path-of-a-webhook-9f8e",
)
PASSWORD, BASIC_AUTH, COMMAND, HEALTH, MOUNT, LOGGING, PATH = SECRETS


def uuid(name: str) -> str:
    """A uuid in Coolify's form, 24 letters and digits, but the same for each name."""
    letters = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
    return (letters + "k0s8w4c" * 4)[:24]


def container(  # noqa: PLR0913 - what Docker tells of a container
    name: str,
    image: str,
    labels: Mapping[str, str] | None = None,
    *,
    state: str = "running",
    exit_code: int = 0,
    limit: int = 0,
    exposes: Iterable[int] = (),
    publishes: Mapping[int, str] | None = None,
    args: Iterable[str] = (),
) -> Record:
    """A container as `docker inspect` describes it.

    `publishes` is port → address on the server, or address@port if it is another port there.
    """
    bindings = {f"{port}/tcp": [_binding(port, at)] for port, at in (publishes or {}).items()}
    ports: dict[str, object] = {**{f"{port}/tcp": None for port in exposes}, **bindings}
    return {
        "Id": name.encode().hex().ljust(64, "0")[:64],
        "Created": "2026-11-20T09:00:00.123456789Z",
        "Path": "docker-entrypoint.sh",
        "Args": [*args, f"--password={COMMAND}"],
        "State": {
            "Status": state,
            "Running": state in ("running", "restarting", "paused"),
            "ExitCode": exit_code,
            "StartedAt": "2026-11-20T09:00:01Z",
            "Health": {"Status": "healthy", "Log": [{"Output": f"token={HEALTH}"}]},
        },
        "Image": "sha256:0123456789abcdef",
        "Name": f"/{name}",
        "RestartCount": 0,
        "Mounts": [{"Type": "bind", "Source": f"/data/{MOUNT}", "Destination": "/data"}],
        "Config": {
            "Hostname": name[:12],
            "Env": [f"POSTGRES_PASSWORD={PASSWORD}", f"DATABASE_URL=postgres://root:{PASSWORD}@db/shop", "PORT=3000"],
            "Cmd": [*args, f"--password={COMMAND}"],
            "Healthcheck": {"Test": ["CMD-SHELL", f"curl -H 'Authorization: {HEALTH}' http://localhost:3000"]},
            "Image": image,
            "Labels": {"com.example.secret": PASSWORD, **(labels or {})},
            "ExposedPorts": {port: {} for port in ports},
        },
        "HostConfig": {
            "Binds": [f"/data/{MOUNT}:/data"],
            "LogConfig": {"Type": "gelf", "Config": {"key": LOGGING}},
            "Memory": limit,
            "NanoCpus": 0,
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
            "PortBindings": bindings,
        },
        "NetworkSettings": {"Ports": ports},
    }


def _binding(port: int, at: str) -> dict[str, str]:
    address, _, other = at.rpartition("@")
    return {"HostIp": address, "HostPort": other} if address else {"HostIp": at, "HostPort": str(port)}


def _place(name: str, project: str, environment: str) -> dict[str, str]:
    return {
        "coolify.managed": "true",
        "coolify.version": "4.3.11",
        "coolify.resourceName": name,
        "coolify.projectName": project,
        "coolify.environmentName": environment,
    }


def _routed(identity: str, host: str) -> dict[str, str]:
    """Traefik's labels, with a password of basic authentication and a path that may be secret."""
    return {
        "traefik.enable": "true",
        f"traefik.http.routers.https-0-{identity}.rule": f"Host(`{host}`) && PathPrefix(`/{PATH}`)",
        f"traefik.http.routers.https-0-{identity}.tls": "true",
        f"traefik.http.middlewares.auth-{identity}.basicauth.users": f"admin:{BASIC_AUTH}",
    }


def application(  # noqa: PLR0913 - what distinguishes applications
    name: str,
    project: str = "shop",
    environment: str = "production",
    *,
    host: str = "",
    preview: int = 0,
    identity: str = "",
    deployed: str = "101530123456",
    image: str = "",
    **more: Any,  # noqa: ANN401 - passed on
) -> Record:
    """An application: `{uuid}-{time}`, or `{uuid}-pr-{n}` for a preview."""
    identity = identity or uuid(f"{name}{project}{environment}")
    called = f"{identity}-pr-{preview}" if preview else f"{identity}-{deployed}" if deployed else identity
    labels = {
        **_place(name, project, environment),
        "coolify.type": "application",
        "coolify.applicationId": "12",
        "coolify.name": identity,
        "coolify.serviceName": name,
        "coolify.pullRequestId": str(preview),
        "com.docker.compose.project": identity,
        "com.docker.compose.service": called,
        **(_routed(identity, host) if host else {}),
    }
    return container(called, image or f"{identity}:3f2c0de", labels, **more)


def compose_application(  # noqa: PLR0913 - what distinguishes them
    name: str,
    service: str,
    project: str = "shop",
    environment: str = "production",
    *,
    host: str = "",
    image: str = "",
    **more: Any,  # noqa: ANN401 - passed on
) -> Record:
    """One service of a compose application: `{service}-{uuid}-{time}`."""
    identity = uuid(f"{name}{project}{environment}")
    labels = {
        **_place(name, project, environment),
        "coolify.type": "application",
        "coolify.applicationId": "31",
        "coolify.serviceName": service,
        "coolify.pullRequestId": "0",
        "com.docker.compose.project": identity,
        "com.docker.compose.service": service,
        **(_routed(identity, host) if host else {}),
    }
    return container(f"{service}-{identity}-101530654321", image or f"{identity}_{service}:3f2c0de", labels, **more)


def stack(  # noqa: PLR0913 - what distinguishes them
    name: str,
    service: str,
    image: str,
    project: str = "shop",
    environment: str = "production",
    *,
    host: str = "",
    identity: str = "",
    **more: Any,  # noqa: ANN401 - passed on
) -> Record:
    """One container of a one-click stack, all of which share one coolify.resourceName: `{service}-{uuid}`."""
    identity = identity or uuid(f"{name}{project}{environment}")
    labels = {
        **_place(name, project, environment),
        "coolify.type": "service",
        "coolify.serviceId": "5",
        "coolify.name": f"{service}-{identity}",
        "coolify.serviceName": service,
        "coolify.service.subName": service,
        "coolify.service.subType": "application",
        "coolify.pullRequestId": "0",
        "com.docker.compose.project": identity,
        "com.docker.compose.service": service,
        **(_routed(identity, host) if host else {}),
    }
    return container(f"{service}-{identity}", image, labels, **more)


def database(  # noqa: PLR0913 - what distinguishes them
    name: str,
    engine: str,
    image: str,
    project: str = "shop",
    environment: str = "production",
    *,
    identity: str = "",
    **more: Any,  # noqa: ANN401 - passed on
) -> Record:
    """A standalone database, whose container is called like its uuid."""
    identity = identity or uuid(f"{name}{project}{environment}")
    labels = {
        **_place(name, project, environment),
        "coolify.type": "database",
        "coolify.databaseId": "3",
        "coolify.database.subType": f"standalone-{engine}",
        "coolify.serviceName": name,
        "com.docker.compose.project": identity,
        "com.docker.compose.service": identity,
    }
    return container(identity, image, labels, **more)


def coolify() -> list[Record]:
    """Coolify itself, and its proxy."""
    source = {"com.docker.compose.project": "source"}
    return [
        container(
            "coolify",
            "ghcr.io/coollabsio/coolify:4.3.11",
            {**source, "com.docker.compose.service": "coolify"},
            exposes=[8080],
            publishes={8000: "0.0.0.0"},  # noqa: S104 - as Coolify publishes it
        ),
        container("coolify-db", "postgres:15-alpine", {**source, "com.docker.compose.service": "postgres"}),
        container("coolify-redis", "redis:7-alpine", {**source, "com.docker.compose.service": "redis"}),
        container(
            "coolify-realtime",
            "ghcr.io/coollabsio/coolify-realtime:1.0.17",
            {**source, "com.docker.compose.service": "soketi"},
            publishes={6001: "0.0.0.0", 6002: "0.0.0.0"},  # noqa: S104 - as Coolify publishes it
        ),
        container("coolify-sentinel", "ghcr.io/coollabsio/sentinel:0.0.22", {"coolify.managed": "true"}),
        proxy(),
    ]


def proxy(*args: str, image: str = "traefik:v3.6") -> Record:
    """Coolify's proxy, as it starts it: without metrics."""
    labels = {
        "coolify.managed": "true",
        "coolify.proxy": "true",
        "com.docker.compose.project": "coolify-proxy",
        "com.docker.compose.service": "traefik",
    }
    every = "0.0.0.0"  # noqa: S104 - as Coolify publishes it
    return container(
        "coolify-proxy", image, labels, publishes={80: every, 443: every, 8080: every}, args=["--ping=true", *args]
    )


def helper() -> Record:
    """A build that was running."""
    return container(uuid("deployment of web"), "ghcr.io/coollabsio/coolify-helper:1.0.15")


def box() -> list[Record]:
    """25 containers: three one-click stacks, a preview, two environments, an unlabelled and a stopped container."""
    main_db = database("main-db", "postgresql", "postgres:16-alpine", limit=4 * GIB, exposes=[5432])
    public = container(
        f"{main_db['Name'][1:]}-proxy",
        "nginx:stable-alpine",
        publishes={5432: "0.0.0.0"},  # noqa: S104 - as Coolify publishes it
    )
    return [
        *coolify(),
        application("web-1", host="shop.example.com", limit=GIB, exposes=[3000]),
        application("web-2", host="shop.example.com", limit=GIB, exposes=[3000]),
        application("api", host="api.example.com", limit=2 * GIB, exposes=[3001]),
        application("worker", limit=GIB),
        application("web", environment="staging", host="staging.example.com", exposes=[3000]),
        application("api", environment="staging", host="api.staging.example.com", exposes=[3001]),
        application("api", host="pr7.example.com", preview=7, exposes=[3001]),
        main_db,
        public,
        database("cache", "redis", "redis:7.2", limit=2 * GIB, exposes=[6379]),
        stack("plausible", "plausible", "ghcr.io/plausible/community-edition:v2.1.5", host="stats.example.com"),
        stack("plausible", "plausible-db", "postgres:16-alpine", exposes=[5432]),
        stack("plausible", "plausible-events-db", "clickhouse/clickhouse-server:24.3-alpine"),
        stack("n8n", "n8n", "docker.n8n.io/n8nio/n8n:1.80", project="automation", host="n8n.example.com"),
        stack("n8n", "postgresql", "postgres:16-alpine", project="automation", exposes=[5432]),
        stack("search", "elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch:8.15.0", limit=2 * GIB),
        container("adminer", "adminer:4.8.1", exposes=[8080], publishes={9001: "127.0.0.1"}),
        helper(),
        application("legacy", state="exited", exit_code=137),
    ]


# What `docker stats` measured, in MiB, by the beginning of the name.
USED: Final = {
    "coolify-db": 90, "coolify-redis": 12, "coolify-realtime": 60, "coolify-proxy": 75, "coolify-sentinel": 30,
    "coolify": 320, "adminer": 21, "web": 410, "api": 700, "worker": 380, "cache": 500, "maindbshopproductionk0s8-": 6,
    "maindb": 1900, "plausible-db": 60, "plausible-events": 640, "plausible": 350, "n8n": 290, "postgresql": 55,
    "elasticsearch": 1500,
}  # fmt: skip


def stats(containers: Iterable[Record]) -> list[Record]:
    """A line of `docker stats` for each container that runs, where its use is known."""
    found = []
    for one in containers:
        name = str(one["Name"])[1:]
        used = next((size for beginning, size in USED.items() if name.startswith(beginning)), None)
        if one["State"]["Running"] and used is not None:
            found.append({"Name": name, "Container": one["Id"][:12], "MemUsage": f"{used}MiB / 31.2GiB"})
    return found


def info(**changes: object) -> Record:
    """A server of 32 GB, of which the kernel reports a little less."""
    return {
        "ID": "5c5f5a4e",
        "Name": "main",
        "NCPU": 8,
        "MemTotal": 33534234624,
        "ServerVersion": "28.2.2",
        "DockerRootDir": "/var/lib/docker",
        "Swarm": {"LocalNodeState": "inactive"},
    } | changes


DISK: Final = {"Blocks": 120000000, "BlockSize": 4096}


def joined(documents: Iterable[object]) -> str:
    """Documents one after another, as Docker prints them."""
    return "\n".join(json.dumps(document) for document in documents)


def output(containers: list[Record]) -> str:
    """The output of the documented command for a server."""
    return joined([info(), *stats(containers), DISK, containers])
