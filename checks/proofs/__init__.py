"""Proofs of the rules, run by promtool: their results and their coverage."""
