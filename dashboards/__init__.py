"""Grafana dashboards from the topology."""
