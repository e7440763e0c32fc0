"""The monitored deployment: one file, loaded into frozen models that know nothing of Prometheus or Grafana."""
