"""Delivery of artefacts, as plan and apply: to a directory, a live Grafana, Prometheus or a ruler."""
