"""Rules into a Mimir-compatible ruler."""
