"""Grafana's dashboard JSON: canonical form, repairs, schema v2. Knows none of our dashboards."""
