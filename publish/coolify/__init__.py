"""Deploying the monitoring stack as a Docker Compose resource through Coolify's API."""
