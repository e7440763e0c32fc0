"""Questions to a running Prometheus: whether every panel has data, why an alert did not fire, when one would have."""
