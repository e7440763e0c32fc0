"""The proofs of the rules, run by promtool: which hold, and what of the rules they exercise."""
