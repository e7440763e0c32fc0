"""Canonical form: a dashboard as Grafana stores it, in which equivalent dashboards compare equal."""
