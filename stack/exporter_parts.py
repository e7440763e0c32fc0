"""Parts for the kinds of services that need an exporter of their own, one row per kind.

A service gets its exporter where the topology scrapes it at the kind's usual address, `NAME-exporter`. Passwords are
variables, never files of the build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from boxwatch.stack import images
from boxwatch.stack.part import COOLIFY, Part, Setting, ours, share, variable
from boxwatch.topology import kinds
from boxwatch.topology.model import Service, Topology

Make = Callable[[Service, str, int], Part]


def parts(topology: Topology) -> Iterator[Part]:
    """The exporters of services on Prometheus' server, in the order of the topology."""
    home = topology.home.name
    for service in topology.services:
        make = MAKERS.get(service.kind)
        if make is None:
            continue
        name = f"{service.name}-exporter"
        for server, place in topology.metrics_of(service):
            if server == home and (port := ours(place, name)):
                yield make(service, name, port)


def host_of(service: Service) -> Setting:
    """The variable with a database's host name."""
    return Setting(
        variable(service.name, "HOST"),
        f"Host name of {service.name} on the Docker network. For a database in Coolify: its UUID.",
    )


def password_of(service: Service) -> Setting:
    """The variable with the password of a database's monitoring user."""
    return Setting(variable(service.name, "PASSWORD"), f"Password of the monitoring user in {service.name}.")


def user_of(service: Service, default: str) -> Setting:
    """The variable with the name of a database's monitoring user."""
    return Setting(variable(service.name, "USER"), f"Monitoring user in {service.name}.", default)


# Name of the user that the stack's page creates.
USER: Final = "boxwatch"
TOKEN: Final = "TOKEN"  # noqa: S105 - the end of a variable's name


def client_port(service: Service) -> int:
    """The port on which a database listens: as planned, else its kind's usual one."""
    return service.ports[0] if service.ports else kinds.of(service.kind).port or 0


def _postgres(service: Service, name: str, port: int) -> Part:
    host, user, password = host_of(service), user_of(service, USER), password_of(service)
    environment = {
        "DATA_SOURCE_URI": f"{host.reference}:{client_port(service)}/postgres?sslmode=disable",
        "DATA_SOURCE_USER": user.reference,
        "DATA_SOURCE_PASS": password.reference,
    }
    # Off by default: transaction ids (PostgresWraparoundNear), the age of transactions, and the time of the start.
    command = (
        "--collector.database_wraparound",
        "--collector.long_running_transactions",
        "--collector.postmaster",
    )
    # 11 to 15 MiB measured; grows with tables.
    return Part(
        name=name,
        image=images.POSTGRES_EXPORTER,
        share=share(32, 48),
        port=port,
        command=(*command, f"--web.listen-address=:{port}"),
        environment=environment,
        settings=(host, user, password),
        networks=(COOLIFY,),
    )


def _redis(service: Service, name: str, port: int) -> Part:
    host, user, password = host_of(service), user_of(service, USER), password_of(service)
    environment = {
        "REDIS_ADDR": f"redis://{host.reference}:{client_port(service)}",
        "REDIS_USER": user.reference,
        "REDIS_PASSWORD": password.reference,
    }
    # Several hundred series that no rule and no panel reads.
    command = ("--exclude-latency-histogram-metrics",)
    # 10 to 17 MiB measured.
    return Part(
        name=name,
        image=images.REDIS_EXPORTER,
        share=share(24, 32),
        port=port,
        command=(*command, f"--web.listen-address=:{port}"),
        environment=environment,
        settings=(host, user, password),
        networks=(COOLIFY,),
    )


def _elasticsearch(service: Service, name: str, port: int) -> Part:
    host, user, password = host_of(service), user_of(service, USER), password_of(service)
    environment = {"ES_USERNAME": user.reference, "ES_PASSWORD": password.reference}
    command = (f"--es.uri=http://{host.reference}:{client_port(service)}",)
    # 13 to 17 MiB measured; grows with nodes.
    return Part(
        name=name,
        image=images.ELASTICSEARCH_EXPORTER,
        share=share(32, 48),
        port=port,
        command=(*command, f"--web.listen-address=:{port}"),
        environment=environment,
        settings=(host, user, password),
        networks=(COOLIFY,),
    )


def coolify_token(service: Service) -> Setting:
    """The variable with the Coolify exporter's API token."""
    return Setting(variable(service.name, TOKEN), f"API token of {service.name} with the ability read, and no other.")


def _coolify(service: Service, name: str, port: int) -> Part:
    token = coolify_token(service)
    return Part(
        name=name,
        image=images.COOLIFY_EXPORTER,
        # Python with the answers of one Coolify in memory: 35 MB for the default deployment, 65 for 1,000 applications.
        share=share(64, 128),
        port=port,
        health="/-/healthy",
        environment={
            "COOLIFY_TOKEN": token.reference,
            "COOLIFY_EXPORTER_LISTEN": f":{port}",
            "COOLIFY_EXPORTER_STATE_FILE": "/state/coolify.json",
        },
        settings=(token,),
        data="/state",
        networks=(COOLIFY,),
        collector=0,
        probe=("python", "-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=4)"),
    )


# Kind → its exporter. Kinds that expose metrics themselves have none.
MAKERS: Final[Mapping[str, Make]] = MappingProxyType(
    {"postgres": _postgres, "redis": _redis, "elasticsearch": _elasticsearch, "coolify": _coolify}
)
