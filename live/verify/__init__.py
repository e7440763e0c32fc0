"""Verification of a running Prometheus: targets, rules and every query of every panel, each with a reason if empty."""
