"""Checks on dashboards."""
