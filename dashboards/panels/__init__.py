"""Panels and what they are made of: field config, colours, scales, thresholds."""
