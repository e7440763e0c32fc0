"""Coolify: deployments, resources, servers and backups."""
