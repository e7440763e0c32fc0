"""Panels and their parts: field config, colours, scales, thresholds."""
