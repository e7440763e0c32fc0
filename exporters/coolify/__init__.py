"""The Prometheus exporter for Coolify: polls in the background within a rate limit, serves scrapes from memory."""
