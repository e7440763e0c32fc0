"""Publishing configuration files to a running Alertmanager and blackbox exporter."""
