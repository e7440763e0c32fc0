"""Conversion to Grafana's dashboard schema v2: named elements, and a layout that positions them."""
