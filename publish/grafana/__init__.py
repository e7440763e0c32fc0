"""Dashboards → a live Grafana: a readable difference, a plan, writes that lose nobody's work, and the way back."""
