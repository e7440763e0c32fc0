"""Public URLs and ports, probed from outside the containers."""
