"""Artefacts → where they are used, as plan and apply: a directory, a live Grafana, Prometheus or ruler."""
