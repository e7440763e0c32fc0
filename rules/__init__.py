"""Prometheus recording and alerting rules from the topology, each alert with its proof and its runbook."""
