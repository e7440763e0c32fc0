"""Publishing configuration and rules to a running Prometheus, or rules to vmalert."""
