"""Configuration of Prometheus, Alertmanager and the blackbox exporter, made from the topology."""
