"""The recorded catalogue of metrics: one JSON file per exporter, written by the recorder, never manually.

Each file lists the versions and targets of the recorded expositions. Targets whose names do not explain themselves:

- MinIO: the last commit of its public source (2026-02-12), with one drive and with four, and `degraded` with two of the
  four missing; buckets with versioning, replication, a remote tier, a quota, events, and webhooks for audit and logs.
- Grafana: 12.4.0 built from source, with a data source that answers and one that does not, and its own alerts.
- elasticsearch_exporter: the real exporter against the recorded answers in its own repository (see REPLAYED).
- Traefik `file-everything`: with router labels; `file-defaults`: without; both with the same configuration.
- RabbitMQ: `loaded` with classic, quorum, exclusive and stream queues, with consumers and without; both alarms raised.
  `metrics-…` is /metrics, `detailed-…` the families of /metrics/detailed that are scraped.
- Alertmanager: a single instance, as planned, and `clustered`.
"""
