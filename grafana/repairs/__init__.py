"""Repairs of dashboards that were not saved by a current Grafana, one subject per module."""
