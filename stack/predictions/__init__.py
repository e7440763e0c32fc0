"""What the monitoring stack costs, predicted from the topology: series, samples, memory and disk."""
