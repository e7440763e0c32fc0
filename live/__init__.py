"""Questions to a running Prometheus, Alertmanager and Grafana: what is wrong, what has no data, and why."""
