"""The recorded catalogue of metrics: one JSON file an exporter, written by the recorder, never by hand.

Each file lists the versions and targets of its pages. How the targets came about, where the name does not say it:

- MinIO: the last commit of its public source (2026-02-12), with one drive and with four, and `degraded` with two of the
  four gone; buckets with versions, replication, a remote tier, a quota, events, and webhooks for audit and logs.
- Grafana: 12.4.0 built from its source, with a data source that answers and one that does not, and alerts of its own.
- elasticsearch_exporter: the real exporter against the recorded answers of its own repository, as REPLAYED says.
- Traefik `file-everything`: with router labels; `file-defaults`: without; both with one configuration.
- RabbitMQ: `loaded` with classic, quorum, exclusive and stream queues, with consumers and without; both alarms raised.
  `metrics-…` is /metrics, `detailed-…` the families of /metrics/detailed that are scraped.
- Alertmanager: alone, as the plan runs it, and `clustered`.
"""
