"""Checks on alertmanager.yml."""
