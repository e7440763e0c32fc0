"""Publishing rules to a running Prometheus or vmalert."""
