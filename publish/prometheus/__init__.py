"""Rules into a running Prometheus or vmalert."""
