"""Series that a deployment has in Prometheus, predicted from the topology and the catalogue of metrics."""
