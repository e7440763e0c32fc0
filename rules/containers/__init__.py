"""Containers: visibility, memory stalls and CPU throttling, and the Docker engine."""
