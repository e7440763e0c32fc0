"""Replicas: how many run, whether they are healthy, and whether they stay up."""
