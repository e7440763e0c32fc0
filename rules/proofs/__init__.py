"""Building blocks of proofs: fixtures, decoys, healthy days, and their rendering as promtool tests."""
