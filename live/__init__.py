"""Questions to a running Prometheus, Alertmanager and Grafana: what is wrong with the stack, and why."""
