"""Replicas: number, health and stability."""
