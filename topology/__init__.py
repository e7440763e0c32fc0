"""WHAT IS WATCHED: one topology file, loaded into frozen models that know nothing of Prometheus or Grafana."""
