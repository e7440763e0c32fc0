"""The form in which Grafana stores a dashboard: two dashboards that mean the same compare equal in it."""
