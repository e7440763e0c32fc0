"""The exposition's collectors, one per subject; each docstring shows its output for the tests' tiny inventory."""
