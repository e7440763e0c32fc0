"""What is wrong with dashboards that were not saved by a current Grafana, and its repair: one subject a module."""
