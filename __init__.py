"""Monitoring as code for a server that Coolify runs, and for the servers it grows into."""
