"""The kinds of service: one record per kind, from which every table about kinds is derived.

To add a kind, add its record to `KINDS`. tests/test_kinds.py lists what else it needs: rules
(`boxwatch.rules.systems`), a dashboard, a recorded exposition, a row in the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from boxwatch.topology.units import GIB, MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One metrics page served by a kind of service or its exporter.

    Attributes:
        path: metrics path that Prometheus scrapes.
        params: URL parameters, each with its values: `(("family", ("queue_coarse_metrics",)),)`.
        recorded: shell patterns for the catalogue's targets that recorded this page (`v2-cluster-*`). Empty:
            all of them, because the exporter has no other page.
        name: suffix of the job name, to distinguish the pages of one kind; empty for the first.
    """

    path: str = "/metrics"
    params: tuple[tuple[str, tuple[str, ...]], ...] = ()
    recorded: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of service.

    Attributes:
        name: value of the key `kind` in a topology; also its scrape job, its rules' first subject and its dashboard.
        title: display name.
        aliases: synonyms that the error for an unknown kind recognises.
        user_facing: users wait for its responses, so it has availability and latency objectives.
        wakes: an outage pages. False where users do not notice at once: deployed services continue without it.
        page_cache: it maps files or keeps its working set in the page cache. Its working set sits near any limit
            harmlessly (grafana/mimir#2466), so only memory that the kernel cannot reclaim counts against its budget.
        holds_data: anyone who reaches its port has the data, or is only a password away from it.
        port: its client port, if it holds data; None otherwise.
        published: ports that its usual installation publishes on all interfaces; Docker bypasses ufw for them.
        exporter: catalogue file with the metrics scraped for it; empty for none.
        oldest: oldest exporter version that the rules support; empty for every recorded one.
        target: usual scrape target; `{}` stands for the service's name.
        pages: the pages scraped there, each as its own job.
        alternatives: pages that a service's `metrics_path` may select instead of the first.
        about_others: its metrics describe other services, so its targets have no `service` label.
        labels: labels that scraping adds to its metrics, in addition to those of every target.
        rules: ids of its subjects, the one for its availability first.
        dashboard: id of its dashboard, which is also its module; None if it deliberately has none.
        down: alerts for its outage; None where `ServiceDown` is enough.
        blind: the alert for missing metrics of its exporter; None if it deliberately has none.
        images: last part of the names of its images, without registry and tag: `timescaledb` for
            `docker.io/timescale/timescaledb:2.17-pg16`. `boxwatch init --from-docker` recognises it by them.
        coolify_types: its types in Coolify, without `standalone-` in front.
        usual_memory: estimate of its RAM where neither a limit nor its use is known, bytes.
        guarded: its own metrics page answers only with a bearer token by default.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    user_facing: bool = False
    wakes: bool = True
    page_cache: bool = False
    holds_data: bool = False
    port: int | None = None
    published: tuple[int, ...] = ()
    exporter: str = ""
    oldest: str = ""
    target: str = ""
    pages: tuple[Page, ...] = (Page(),)
    alternatives: tuple[Page, ...] = ()
    about_others: bool = False
    labels: tuple[str, ...] = ("service",)
    rules: tuple[str, ...] = ()
    dashboard: str | None = ""
    down: tuple[str, ...] | None = ()
    blind: str | None = ""
    images: tuple[str, ...] = ()
    coolify_types: tuple[str, ...] = ()
    usual_memory: int = 256 * MIB
    guarded: bool = False

    @property
    def scraped(self) -> bool:
        """Whether it has metrics of its own."""
        return bool(self.exporter)

    @property
    def job(self) -> str:
        """The scrape job of its first page."""
        return self.job_of(self.pages[0])

    @property
    def jobs(self) -> tuple[str, ...]:
        """The scrape jobs of its pages; empty if nothing is scraped."""
        return tuple(map(self.job_of, self.pages)) if self.scraped else ()

    def job_of(self, page: Page) -> str:
        """The scrape job of a page. Service names have no underscore, so it cannot clash with a service's own job."""
        return f"{self.name}_{page.name}" if page.name else self.name


KINDS: Final[tuple[Kind, ...]] = (
    Kind(name="web", title="Web application", aliases=("frontend", "webapp"), user_facing=True),
    Kind(name="admin", title="Admin panel", user_facing=True),
    Kind(name="api", title="API", aliases=("backend",), user_facing=True),
    Kind(name="worker", title="Worker", aliases=("queue", "cron", "background")),
    Kind(
        name="postgres",
        title="PostgreSQL",
        aliases=("postgresql", "pg", "timescaledb"),
        page_cache=True,
        holds_data=True,
        port=5432,
        exporter="postgres_exporter",
        # Replication lag is exposed by default; 0.11.1 needed custom queries for it.
        oldest="0.17.1",
        target="{}-exporter:9187",
        rules=("postgres", "postgres_connections", "postgres_activity", "postgres_storage"),
        dashboard="postgres",
        down=("PostgresDown",),
        blind="PostgresMetricsMissing",
        images=(
            "postgres",
            "postgresql",
            "postgresql-repmgr",
            "postgis",
            "pgvector",
            "pgvecto-rs",
            "vchord-postgres",
            "timescaledb",
            "timescaledb-ha",
            "paradedb",
            "pgautoupgrade",
        ),
        coolify_types=("postgresql",),
        usual_memory=GIB,
    ),
    Kind(
        name="redis",
        title="Redis",
        aliases=("valkey", "keydb", "dragonfly"),
        holds_data=True,
        port=6379,
        exporter="redis_exporter",
        target="{}-exporter:9121",
        rules=("redis", "redis_memory", "redis_storage"),
        dashboard="redis",
        down=("RedisDown",),
        blind="RedisMetricsMissing",
        images=("redis", "redis-stack", "redis-stack-server", "valkey", "valkey-bundle", "keydb", "dragonfly"),
        coolify_types=("redis", "keydb", "dragonfly"),
    ),
    Kind(
        name="elasticsearch",
        title="Elasticsearch",
        aliases=("elastic", "es", "opensearch"),
        page_cache=True,
        holds_data=True,
        port=9200,
        exporter="elasticsearch_exporter",
        target="{}-exporter:9114",
        rules=("elasticsearch", "elasticsearch_capacity"),
        dashboard="elasticsearch",
        down=("ElasticsearchDown",),
        blind="ElasticsearchMetricsMissing",
        images=("elasticsearch", "opensearch"),
        usual_memory=2 * GIB,
    ),
    Kind(
        name="minio",
        title="MinIO",
        aliases=("s3",),
        page_cache=True,
        holds_data=True,
        port=9000,
        exporter="minio",
        target="{}:9000",
        pages=(Page(path="/minio/v2/metrics/cluster", recorded=("v2-cluster-*",)),),
        # A scrape leaves out what is 0; the list that MinIO itself makes of this page does not.
        alternatives=(Page(path="/minio/metrics/v3", recorded=("v3-[0-9]drive*", "v3-listed")),),
        rules=("minio", "minio_capacity"),
        dashboard="minio",
        down=("MinioDown",),
        blind="MinioMetricsMissing",
        images=("minio",),
        usual_memory=512 * MIB,
        guarded=True,
    ),
    Kind(
        name="rabbitmq",
        title="RabbitMQ",
        aliases=("rabbit", "amqp"),
        holds_data=True,
        port=5672,
        exporter="rabbitmq",
        target="{}:15692",
        pages=(
            Page(recorded=("metrics-*",)),
            Page(
                name="queues",
                path="/metrics/detailed",
                params=(("family", ("queue_coarse_metrics", "queue_consumer_count")),),
                recorded=("detailed-*",),
            ),
        ),
        rules=("rabbitmq", "rabbitmq_queues"),
        dashboard="rabbitmq",
        down=("RabbitmqDown",),
        blind="RabbitmqMetricsMissing",
        images=("rabbitmq",),
        usual_memory=512 * MIB,
    ),
    Kind(
        name="coolify",
        title="Coolify",
        wakes=False,
        # Its API and UI, and the realtime server (Coolify 4.3).
        published=(8000, 6001, 6002),
        exporter="coolify_exporter",
        # The exporter's default port.
        target="{}-exporter:18000",
        about_others=True,
        rules=(
            "coolify",
            "coolify_deployments",
            "coolify_resources",
            "coolify_servers",
            "coolify_backups",
            "coolify_tasks",
        ),
        dashboard="deployments",
        down=("CoolifyUnreachable", "CoolifyTokenRefused", "CoolifyApiDisabled"),
        blind="CoolifySourceFailing",
        images=("coolify", "coolify-realtime"),
        usual_memory=1536 * MIB,
    ),
    Kind(
        name="traefik",
        title="Traefik",
        aliases=("proxy",),
        # The dashboard port of Coolify's Traefik, and the metrics entry point from Coolify's documentation.
        published=(8080, 8082),
        exporter="traefik",
        target="coolify-proxy:8082",
        about_others=True,
        labels=("planned_service", "uuid"),
        rules=("traefik", "traefik_routes"),
        dashboard="traefik",
        down=None,
        blind="TraefikMetricsAbsent",
        images=("traefik",),
    ),
    Kind(
        name="monitoring",
        title="Monitoring",
        aliases=("prometheus", "grafana"),
        wakes=False,
        page_cache=True,
        images=(
            "prometheus",
            "alertmanager",
            "grafana",
            "grafana-oss",
            "grafana-enterprise",
            "cadvisor",
            "node-exporter",
            "blackbox-exporter",
            "postgres-exporter",
            "redis-exporter",
            "elasticsearch-exporter",
            "mysqld-exporter",
            "mongodb-exporter",
            "victoria-metrics",
            "vmagent",
            "vmalert",
            "loki",
            "promtail",
            "alloy",
            "pushgateway",
            "boxwatch",
            "boxwatch-coolify-exporter",
        ),
        usual_memory=2 * GIB,
    ),
    Kind(
        name="other",
        title="Other",
        aliases=("mysql", "mariadb", "mongodb", "mongo", "nginx", "caddy"),
        # Recognised, so that the comment in a discovered topology can say that boxwatch has no rules for them.
        images=(
            "mysql",
            "mariadb",
            "percona",
            "mongo",
            "mongodb",
            "clickhouse",
            "clickhouse-server",
            "cassandra",
            "memcached",
            "nats",
            "kafka",
            "meilisearch",
            "typesense",
            "influxdb",
            "couchdb",
            "neo4j",
            "etcd",
            "nginx",
            "caddy",
            "httpd",
            "haproxy",
            "rustfs",
            "garage",
            "seaweedfs",
        ),
        coolify_types=("mysql", "mariadb", "mongodb", "clickhouse"),
    ),
)
NAMES: Final[tuple[str, ...]] = tuple(kind.name for kind in KINDS)

_BY_NAME: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in KINDS})


_BY_IMAGE: Final[Mapping[str, Kind]] = MappingProxyType(
    {image: kind for kind in reversed(KINDS) for image in kind.images}
)
_BY_COOLIFY_TYPE: Final[Mapping[str, Kind]] = MappingProxyType(
    {name: kind for kind in KINDS for name in kind.coolify_types}
)


def of_image(name: str) -> Kind | None:
    """The kind of an image, by the last part of its name, where `_` is `-`; None if no kind has it."""
    return _BY_IMAGE.get(name.replace("_", "-"))


def of_coolify_type(name: str) -> Kind | None:
    """The kind of a type in Coolify: `standalone-postgresql` or `postgresql`; None if no kind has it."""
    return _BY_COOLIFY_TYPE.get(name.removeprefix("standalone-"))


def of(name: str) -> Kind:
    """The record of a kind, by its name.

    Raises:
        KeyError: the kind does not exist.
    """
    return _BY_NAME[name]


def synonyms() -> dict[str, str]:
    """Synonym of a kind → its name."""
    return {alias: kind.name for kind in KINDS for alias in kind.aliases}
