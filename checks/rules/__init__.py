"""Checks on rule files."""
