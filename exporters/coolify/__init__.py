"""The Prometheus exporter for Coolify: asks in the background within a budget, answers scrapes from memory."""
