"""Publishing dashboards to a live Grafana: difference, plan, guarded writes, backup and rollback."""
