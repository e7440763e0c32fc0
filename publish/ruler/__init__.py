"""Publishing rules to a Mimir-compatible ruler."""
