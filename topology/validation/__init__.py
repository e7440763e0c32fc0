"""Validation of a topology beyond single fields: constraints, overlaps, warnings."""
