"""Instructions to enable the metrics of each system on the server, each with the check that it worked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from boxwatch.stack import core_parts
from boxwatch.stack.exporter_parts import USER
from boxwatch.stack.part import COOLIFY, HOST, Part, host_port
from boxwatch.topology.model import Service, Topology

SUBNET: Final = "192.168.255.240/28"
ADDRESS: Final = "192.168.255.241"
# Prometheus' container, however it was started.
FIND: Final = "P=$(docker ps --quiet --filter label=com.docker.compose.service=prometheus | head -n 1)"


@dataclass(frozen=True, slots=True)
class Scraped:
    """A service that is scraped on Prometheus' server.

    Attributes:
        topology: the deployment.
        service: the service.
        place: its scrape target.
        part: its exporter, if the stack has it.
        prometheus: port of Prometheus in its container.
    """

    topology: Topology
    service: Service
    place: str
    part: Part | None
    prometheus: int


def blocks(topology: Topology, found: Sequence[Part]) -> Iterator[str]:
    """Lines of Markdown, one section per system."""
    yield from _network(topology, found)
    yield from _docker(topology)
    home = topology.home.name
    by_name = {part.name: part for part in found}
    prometheus = by_name.get(core_parts.PROMETHEUS)
    for service in topology.services:
        make = KINDS.get(service.kind)
        places = [place for server, place in topology.metrics_of(service) if server == home]
        if make is not None and places:
            part = by_name.get(f"{service.name}-exporter")
            yield from make(Scraped(topology, service, places[0], part, prometheus.port if prometheus else 9090))


def _network(topology: Topology, found: Sequence[Part]) -> Iterator[str]:
    used = {name for part in found for name in part.networks}
    if COOLIFY in used:
        yield "### Docker network"
        yield ""
        yield "Databases and Traefik are reached on Coolify's network. On a server without Coolify, create it:"
        yield ""
        yield from shell("docker network inspect coolify >/dev/null || docker network create coolify")
        yield "A database in a one-click stack is on that stack's own network. Enable *Connect to Predefined Network*"
        yield "for the stack; the database's host name is then `SERVICE-UUID`."
        yield ""
    if HOST in used and (node := topology.home.targets.node):
        port = host_port(node)[1]
        yield "### node_exporter"
        yield ""
        yield f"It uses the host's network and listens only on {ADDRESS}, which cannot be reached from outside the"
        yield "server. If ufw is active, let Prometheus in:"
        yield ""
        yield from shell(f"ufw allow from {SUBNET} to {ADDRESS} port {port} proto tcp")
        yield from _check(f"{core_parts.NODE}:{port}/metrics", "node_uname_info")


def _docker(topology: Topology) -> Iterator[str]:
    if topology.home.targets.docker is None:
        return
    port = host_port(topology.home.targets.docker)[1]
    yield "### Docker"
    yield ""
    yield "Docker serves metrics once `metrics-addr` is set. Use the bridge's address and never 0.0.0.0, because"
    yield "Docker asks for no password. **Restarting Docker restarts all containers** unless `live-restore` is set."
    yield ""
    yield from shell(
        "ip -4 -o address show docker0     # the bridge's address, such as 172.17.0.1 or 10.0.0.1",
        f'editor /etc/docker/daemon.json    # add "metrics-addr": "ADDRESS:{port}"',
        "systemctl restart docker",
        f"ufw allow from 10.0.0.0/8 to any port {port} proto tcp    # if ufw is active; 172.16.0.0/12 without Coolify",
    )
    yield from _check(f"{topology.home.targets.docker}/metrics", "engine_daemon_engine_info")


def _coolify(scraped: Scraped) -> Iterator[str]:
    yield f"### Coolify: {scraped.service.name}"
    yield ""
    yield "1. *Settings → Configuration → API settings*: enable the API. If *Allowed IPs* is not empty, add"
    yield "   `10.0.0.0/8`."
    yield "2. *Keys & Tokens → API tokens*: create a token with `read` only. It expires after 30 days unless you"
    yield "   choose otherwise."
    if scraped.part is not None:
        yield "3. Build the exporter's image on the server, in a checkout of boxwatch; no registry has it:"
        yield ""
        yield from shell(f"docker build -f exporters/coolify/Dockerfile -t {scraped.part.image.reference} .")
    else:
        yield ""
    yield from _check(f"{scraped.place}/metrics", "coolify_up.* 1")


def _traefik(scraped: Scraped) -> Iterator[str]:
    port = host_port(scraped.place)[1]
    bounds = ",".join(f"{bound:g}" for bound in scraped.topology.latency_buckets)
    yield f"### Traefik: {scraped.service.name}"
    yield ""
    yield "*Servers → your server → Proxy → Configuration*: add four lines to `command` of the service `traefik`,"
    yield "save, and restart the proxy, which interrupts connections for a few seconds. Never publish the port."
    yield "Coolify's *Reset* deletes the lines."
    yield ""
    yield "```yaml"
    yield f"      - '--entrypoints.metrics.address=:{port}'"
    yield "      - '--metrics.prometheus=true'"
    yield "      - '--metrics.prometheus.entrypoint=metrics'"
    yield f"      - '--metrics.prometheus.buckets={bounds}'"
    yield "```"
    yield ""
    yield from _check(f"{scraped.place}/metrics", "traefik_config_reloads_total")


def _postgres(scraped: Scraped) -> Iterator[str]:
    yield f"### PostgreSQL: {scraped.service.name}"
    yield ""
    yield "Create a role that may read statistics and nothing else. `\\password` asks for the password, which keeps it"
    yield "out of logs and history:"
    yield ""
    yield from shell(
        _inside(scraped, "psql --username postgres") + " \\",
        f'  --command "{postgres_role()}" \\',
        f'  --command "{postgres_grant()}" \\',
        f"  --command '\\password {USER}'",
    )
    yield from _check(f"{scraped.place}/metrics", "pg_up 1")


def postgres_role() -> str:
    """SQL that creates the monitoring role, without a password."""
    return f"CREATE ROLE {USER} LOGIN CONNECTION LIMIT 5"


def postgres_grant() -> str:
    """SQL that lets the monitoring role read statistics."""
    return f"GRANT pg_monitor TO {USER}"


def _redis(scraped: Scraped) -> Iterator[str]:
    yield f"### Redis: {scraped.service.name}"
    yield ""
    yield "Add a user that may read statistics and no data to Redis' configuration, and restart Redis. In Coolify, the"
    yield "field is *Custom Redis configuration*. `ACL SETUSER` would last until the next restart only. Before Redis"
    yield "7, use the user `default` and its password instead."
    yield ""
    yield "```text"
    yield redis_user("PASSWORD")
    yield "```"
    yield ""
    yield from _check(f"{scraped.place}/metrics", "redis_up 1")


def redis_user(password: str) -> str:
    """The line of redis.conf with the monitoring user."""
    allowed = (
        "+ping +info +config|get +client|list +client|setname +slowlog|get +slowlog|len +latency|latest"
        " +latency|histogram +cluster|info +select"
    )
    return f"user {USER} on >{password} resetkeys resetchannels -@all {allowed}"


def _elasticsearch(scraped: Scraped) -> Iterator[str]:
    api = "http://localhost:9200/_security"
    put = _inside(scraped, "curl --user elastic --request PUT --header 'Content-Type: application/json'") + " \\"
    yield f"### Elasticsearch: {scraped.service.name}"
    yield ""
    yield "Create a user with the privilege `monitor`. If security is disabled, set the password variable to any word;"
    yield "it is ignored."
    yield ""
    yield from shell(
        put,
        '  --data \'{"cluster": ["monitor"], "indices": [{"names": ["*"], "privileges": ["monitor"]}]}\' \\',
        f"  {api}/role/{USER}",
        put,
        f'  --data \'{{"roles": ["{USER}"], "password": "PASSWORD"}}\' \\',
        f"  {api}/user/{USER}",
    )
    yield from _check(f"{scraped.place}/metrics", 'elasticsearch_scrape_success{collector="cluster-info"} 1')


def _minio(scraped: Scraped) -> Iterator[str]:
    service = scraped.service
    yield f"### MinIO: {service.name}"
    yield ""
    if service.metrics_token_file is None:
        yield "MinIO requires a token. Either set `MINIO_PROMETHEUS_AUTH_TYPE=public` for MinIO, provided that only"
        yield "Prometheus reaches its port, or name a file as `metrics_token_file` in the topology and put the token"
        yield "into it:"
    else:
        yield f"MinIO requires a token. Put its `bearer_token` into the file `{service.metrics_token_file}` (section"
        yield "2):"
    yield ""
    yield from shell(
        _inside(scraped, "sh -c") + " \\",
        '  \'mc alias set local http://localhost:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" &&'
        " mc admin prometheus generate local'",
    )
    if service.metrics_token_file is None:
        yield from _check(f"{scraped.place}{service.metrics_path or '/minio/v2/metrics/cluster'}", "minio_")
    else:
        yield "Check, which prints 1 at the end of each line:"
        yield ""
        yield from shell(query(f'up{{service="{service.name}"}}', scraped.prometheus))


def _rabbitmq(scraped: Scraped) -> Iterator[str]:
    yield f"### RabbitMQ: {scraped.service.name}"
    yield ""
    yield from shell(_inside(scraped, "rabbitmq-plugins enable rabbitmq_prometheus", terminal=False))
    yield from _check(f"{scraped.place}/metrics", "rabbitmq_identity_info")


# Kind → its instructions; kinds without metrics of their own have none.
KINDS: Final[Mapping[str, Callable[[Scraped], Iterator[str]]]] = MappingProxyType(
    {
        "coolify": _coolify,
        "traefik": _traefik,
        "postgres": _postgres,
        "redis": _redis,
        "elasticsearch": _elasticsearch,
        "minio": _minio,
        "rabbitmq": _rabbitmq,
    }
)


def shell(*lines: str) -> Iterator[str]:
    """A block of shell commands."""
    yield "```sh"
    yield from lines
    yield "```"
    yield ""


def query(promql: str, port: int) -> str:
    """The command that runs a query in Prometheus' container."""
    return f"docker exec \"$P\" promtool query instant http://localhost:{port} '{promql}'"


def _inside(scraped: Scraped, command: str, *, terminal: bool = True) -> str:
    """A command in the container of a service, or as it is for a service without one."""
    if not scraped.topology.runs_in_containers(scraped.service):
        return command
    return f"docker exec {'-it ' if terminal else ''}CONTAINER {command}"


def _check(page: str, expected: str) -> Iterator[str]:
    yield "Check, which prints a line:"
    yield ""
    yield from shell(f"docker exec \"$P\" wget -qO- http://{page} | grep -m 1 '{expected}'")
