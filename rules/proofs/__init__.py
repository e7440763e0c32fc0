"""What proofs are made of: fixtures, decoys, healthy days, and their rendering as promtool tests."""
