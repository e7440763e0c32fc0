"""Containers: their visibility, the pressure they are under, and the Docker engine."""
